package strict

import "slices"

// Value is a piece of a file that was read, or was looked for and is not there. The
// zero Value is absent. Position and Path are set in every Value that comes out of a
// Decoder; those of an absent field are its mapping's position and its own path.
type Value struct {
	Position
	Path string

	state  state
	kind   Kind
	sound  bool
	text   string
	flag   bool
	items  []Value
	fields []Entry
	meant  []string // fields that an unknown name was probably meant to be
	merged bool     // a merge key was refused, so any field may have been meant
}

type state int

const (
	absent  state = iota
	invalid       // given, and a problem is reported
	valid
)

// Entry is one line of a mapping.
type Entry struct {
	Key   Value // valid text
	Value Value
}

// Given reports whether v is in the file, right or wrong.
func (v Value) Given() bool { return v.state != absent }

// Valid reports whether v is in the file and obeys its type. Fields and items of a
// valid value may still be invalid on their own.
func (v Value) Valid() bool { return v.state == valid }

// Sound reports whether v is valid and so is everything below it.
func (v Value) Sound() bool { return v.Valid() && v.sound }

// Text is what a valid Text or Prose says, else "".
func (v Value) Text() string { return v.text }

// Bool is what a valid Bool says, else false.
func (v Value) Bool() bool { return v.flag }

// Items is the items of a valid List, valid or not, in order.
func (v Value) Items() []Value { return v.items }

// Entries is the lines of a valid Mapping or Map whose names are right, in order.
func (v Value) Entries() []Entry { return v.fields }

// Field is the value of one field of a Mapping or Map.
func (v Value) Field(name string) Value {
	for _, e := range v.fields {
		if e.Key.text == name {
			return e.Value
		}
	}
	return Value{Position: v.Position, Path: join(v.Path, name)}
}

// Meant reports whether v, a Mapping, has the field, or something refused that was
// probably meant to be it: no need to complain once more that it is missing.
func (v Value) Meant(name string) bool {
	return v.merged || slices.Contains(v.meant, name) || v.Field(name).Given()
}

// Plain is a valid value as encoding/json would decode it, without what is not valid.
func (v Value) Plain() any {
	switch {
	case !v.Valid():
		return nil
	case v.kind == Bool:
		return v.flag
	case v.kind == List:
		out := []any{}
		for _, item := range v.items {
			out = append(out, item.Plain())
		}
		return out
	case v.kind == Mapping, v.kind == Map:
		out := map[string]any{}
		for _, e := range v.fields {
			out[e.Key.text] = e.Value.Plain()
		}
		return out
	}
	return v.text
}

// Or is the text of v if it is valid, else fallback.
func (v Value) Or(fallback string) string {
	if v.Valid() {
		return v.text
	}
	return fallback
}

// Texts is the texts of the valid items of a List.
func (v Value) Texts() []string {
	var out []string
	for _, item := range v.items {
		if item.Valid() {
			out = append(out, item.text)
		}
	}
	return out
}
