package strict

import "encoding/json"

// Schema is the JSON Schema (draft 7, which editors know best) of t, indented, with
// a line break at the end. It describes the shape; what a Check tests beyond its
// Pattern is known to the reader only.
func Schema(id, title string, t Type) []byte {
	s := t.schema()
	s.Schema, s.ID, s.Title = "http://json-schema.org/draft-07/schema#", id, title
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil // a tree of strings and booleans always encodes
	}
	return append(text, '\n')
}

// schema holds the few words of JSON Schema that tables need, in the order of printing.
type schema struct {
	Schema      string `json:"$schema,omitempty"`
	ID          string `json:"$id,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	Type        string `json:"type,omitempty"`
	Enum        []any  `json:"enum,omitempty"`
	Pattern     string `json:"pattern,omitempty"`
	MinLength   int    `json:"minLength,omitempty"`

	Items    *schema `json:"items,omitempty"`
	MinItems int     `json:"minItems,omitempty"`
	MaxItems int     `json:"maxItems,omitempty"`

	Properties           map[string]*schema `json:"properties,omitempty"`
	PropertyNames        *schema            `json:"propertyNames,omitempty"`
	AdditionalProperties any                `json:"additionalProperties,omitempty"` // false or a schema
	MinProperties        int                `json:"minProperties,omitempty"`
	Required             []string           `json:"required,omitempty"`
	OneOf                []*schema          `json:"oneOf,omitempty"`
	Not                  *schema            `json:"not,omitempty"`
	AnyOf                []*schema          `json:"anyOf,omitempty"`
}

func (t Type) schema() *schema {
	s := &schema{}
	switch t.Kind {
	case Text, Prose:
		s.Type, s.Pattern = "string", t.Pattern
		for _, one := range t.Enum {
			s.Enum = append(s.Enum, one)
		}
		if t.NonEmpty {
			s.MinLength = 1
		}
		if t.Several > 0 {
			return &schema{AnyOf: []*schema{s, {Type: "array", Items: s, MinItems: 1, MaxItems: t.Several}}}
		}
	case Bool:
		s.Type = "boolean"
		if t.OnlyTrue {
			s.Enum = []any{true}
		}
	case List:
		s.Type, s.Items = "array", t.Elem.schema()
		if t.NonEmpty {
			s.MinItems = 1
		}
		if t.Count > 0 {
			s.MinItems, s.MaxItems = t.Count, t.Count
		}
	case Map:
		s.Type, s.AdditionalProperties = "object", t.Elem.schema()
		if t.Key != nil {
			s.PropertyNames = t.Key.schema()
		}
		if t.NonEmpty {
			s.MinProperties = 1
		}
	case Mapping:
		t.objectSchema(s)
	}
	return s
}

func (t Type) objectSchema(s *schema) {
	s.Type, s.AdditionalProperties, s.Properties = "object", false, map[string]*schema{}
	for _, f := range t.Fields {
		field := f.Type.schema()
		field.Description = f.Doc
		s.Properties[f.Name] = field
		if f.Required {
			s.Required = append(s.Required, f.Name)
		}
	}
	if t.NonEmpty {
		s.MinProperties = 1
	}
	for _, name := range t.ExactlyOne {
		s.OneOf = append(s.OneOf, &schema{Required: []string{name}})
	}
	if pairs := pairs(t.AtMostOne); len(pairs) > 0 {
		s.Not = &schema{AnyOf: pairs}
	}
}

func pairs(names []string) (out []*schema) {
	for i, a := range names {
		for _, b := range names[i+1:] {
			out = append(out, &schema{Required: []string{a, b}})
		}
	}
	return out
}
