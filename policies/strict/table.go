package strict

// Kind is what a value looks like in YAML. The zero Kind is no value.
type Kind int

const (
	Text    Kind = iota + 1 // one line of text
	Prose                   // text that may run over several lines
	Bool                    // true or false
	List                    // items of one type
	Mapping                 // the fields of a table
	Map                     // names of the writer's choice, values of one type
)

// Type is the table of one kind of value. Everything but Check and Example is data that also
// goes into the JSON Schema.
type Type struct {
	Kind Kind

	Enum    []string           // of Text: the only values; nil for any
	Pattern string             // of Text: a regular expression, for the schema, and for the reader where Check is nil
	Says    string             // of Text: what Pattern asks for ("an integer and h, d or y")
	Check   func(string) error // of Text: what a pattern cannot say; its error is the message, hint.Text(err) the hint

	Several int // of Text: a list of up to so many of them may stand for the one; 0 for one text alone

	Example string // what to write where a value of another kind stands, as a hint shows it; "" for none

	Elem     *Type // of List and Map: each item
	Key      *Type // of Map: its names; nil for any text
	NonEmpty bool  // of Text, Prose, List and Map; where a Text has a Check, that one has to look as well
	Count    int   // of List: exactly so many items; 0 for any number

	OnlyTrue bool // of Bool: false cannot be said, the field is left out instead

	Fields     []Field  // of Mapping, in the order of the documentation
	ExactlyOne []string // of Mapping: exactly one of these fields is given
	AtMostOne  []string // of Mapping: no two of these fields are given
}

// Field is one row of a Mapping.
type Field struct {
	Name     string
	Required bool
	Type     Type
	Doc      string // one sentence for the schema and editors
}

// names is the fields' names, in order.
func (t Type) names() []string {
	out := make([]string, len(t.Fields))
	for i, f := range t.Fields {
		out[i] = f.Name
	}
	return out
}

func (t Type) field(name string) (Field, bool) {
	for _, f := range t.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}
