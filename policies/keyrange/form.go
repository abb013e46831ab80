package keyrange

import (
	"errors"

	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// Form is a permission as people write it: one of the five targets, and what may be
// done there. Texts of a preset may still hold placeholders.
type Form struct {
	Target   string // "prefix", "key", "range", "fromKey" or "everything"
	From, To string // To of a range only; both "" for everything
	Access   Access
	At       strict.Value // the mapping it was read from
}

// targets are the fields of which a permission has exactly one.
func targets() []string { return []string{"prefix", "key", "range", "fromKey", "everything"} }

// Type is the table of one permission.
func Type() strict.Type {
	key := strict.Type{Kind: strict.Text, NonEmpty: true, Check: notEmpty}
	return strict.Type{
		Kind:       strict.Mapping,
		ExactlyOne: targets(),
		Fields: []strict.Field{
			{Name: "prefix", Type: key, Doc: "Every key that begins with this text. End it with / unless neighbours with a longer name are meant too."},
			{Name: "key", Type: key, Doc: "Exactly this key."},
			{Name: "range", Type: strict.Type{Kind: strict.List, Count: 2, Elem: &key}, Doc: "Every key from the first one on, up to the second one, which is not included."},
			{Name: "fromKey", Type: key, Doc: "Every key from this one on."},
			{Name: "everything", Type: strict.Type{Kind: strict.Bool, OnlyTrue: true}, Doc: "Every key there is."},
			{Name: "access", Required: true, Type: strict.Type{Kind: strict.Text, Enum: []string{string(Read), string(Write), string(ReadWrite)}}, Doc: "What may be done with these keys."},
		},
	}
}

func notEmpty(text string) error {
	if text != "" {
		return nil
	}
	return hint.With(errors.New("is empty, which would be every key"), "write {everything: true} if every key is meant")
}

// ReadForm takes a Form out of v, which was read as Type. It reports false when a
// part of it is wrong; the reader has said so already.
func ReadForm(v strict.Value) (Form, bool) {
	form := Form{Access: Access(v.Field("access").Text()), At: v}
	given := 0
	for _, name := range targets() {
		field := v.Field(name)
		if !field.Given() {
			continue
		}
		if !field.Valid() {
			return Form{}, false
		}
		given++
		form.Target, form.From = name, field.Text()
		if texts := field.Texts(); name == "range" && len(texts) == 2 {
			form.From, form.To = texts[0], texts[1]
		} else if name == "range" {
			return Form{}, false
		}
	}
	return form, given == 1 && form.Access != ""
}

// Permission is etcd's form of f. It refuses what etcd would refuse as "invalid auth
// management" (fact 21) or take for something else.
func (f Form) Permission() (Permission, error) {
	switch {
	case f.Target == "everything":
		return Everything(f.Access), nil
	case f.From == "" || f.Target == "range" && f.To == "":
		return Permission{}, notEmpty("")
	case f.Target == "prefix":
		return Prefix(f.From, f.Access), nil
	case f.Target == "key":
		return Key(f.From, f.Access), nil
	case f.Target == "fromKey":
		return FromKey(f.From, f.Access), nil
	case f.Target != "range":
		return Permission{}, errors.New("no keys are named")
	case f.From == f.To:
		return Permission{}, hint.With(errors.New("the range is empty: its end is its beginning, and is not included"), "write {key: ...} if one key is meant")
	case f.From > f.To:
		return Permission{}, hint.With(errors.New("the range is inverted: it ends before it begins"), "put the smaller key first; keys are compared byte by byte")
	case f.To == FromKeyEnd:
		return Permission{}, hint.With(errors.New("the range ends in a NUL, which etcd takes for no end"), "write {fromKey: ...} if no end is meant")
	}
	return Between(f.From, f.To, f.Access), nil
}
