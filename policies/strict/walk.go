package strict

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"lockstep/policies/hint"
)

const repeat = "write it out; for repetition declare a preset under presets"

// value reads node as a t. What does not fit is reported and invalid.
func (d *Decoder) value(path string, node *yaml.Node, t Type) (v Value) {
	v = Value{Position: d.at(node.Line, node.Column), Path: path, kind: t.Kind, state: invalid}
	before := len(d.problems)
	defer func() { v.sound = len(d.problems) == before }()
	if !d.plain(v, node) {
		return v
	}
	switch t.Kind {
	case Text, Prose:
		if t.Several > 0 && node.Kind == yaml.SequenceNode {
			d.several(&v, node, t)
			break
		}
		d.text(&v, node, t)
	case Bool:
		d.boolean(&v, node, t)
	case List:
		d.list(&v, node, t)
	case Mapping, Map:
		d.mapping(&v, node, t)
	}
	return v
}

// plain refuses what makes one piece of a file depend on another, and tags, which
// make a value look like something it is not.
func (d *Decoder) plain(v Value, node *yaml.Node) bool {
	switch {
	case node.Kind == yaml.AliasNode:
		d.Fail(v, repeat, "anchors and aliases are not used here")
	case node.Anchor != "":
		d.Fail(v, repeat, "anchors and aliases are not used here")
	case node.Style&yaml.TaggedStyle != 0:
		d.Fail(v, "write the plain value", "tags are not used here")
	default:
		return true
	}
	return false
}

func (d *Decoder) text(v *Value, node *yaml.Node, t Type) {
	if node.Kind != yaml.ScalarNode {
		d.Fail(*v, t.example("%s"), "want text, found %s", found(node))
		return
	}
	if kind := notText(node); kind != "" {
		d.Fail(*v, quoteHint(node.Value, t), "want text, found %s", kind)
		return
	}
	if r, bad := unprintable(node.Value, t.Kind == Prose); bad {
		d.Fail(*v, "text is one line of visible characters", "the text holds %s", nameRune(r))
		return
	}
	if message, advice := t.judge(node.Value); message != "" {
		d.Fail(*v, advice, "%s", message)
		return
	}
	v.text, v.state = node.Value, valid
}

// quoteHint advises to quote, unless quoted it would be wrong as well.
func quoteHint(text string, t Type) string {
	if text == "" || text == "~" || strings.EqualFold(text, "null") {
		return "write a text, or leave the field out"
	}
	if message, advice := t.judge(text); message != "" {
		return advice
	}
	return fmt.Sprintf("quote it: %q", text)
}

// judge says what is wrong with text as a t, and what to do; "" for nothing.
func (t Type) judge(text string) (message, advice string) {
	switch {
	case len(t.Enum) == 1 && text != t.Enum[0]:
		return fmt.Sprintf("want %q, found %q", t.Enum[0], text), ""
	case t.Enum != nil && !slices.Contains(t.Enum, text):
		return fmt.Sprintf("%q is not one of %s", text, strings.Join(t.Enum, ", ")), Suggest(text, t.Enum, "")
	case t.Check != nil:
		if err := t.Check(text); err != nil {
			return err.Error(), hint.Text(err)
		}
	case t.NonEmpty && text == "":
		return "is empty", ""
	case t.Pattern != "":
		if ok, err := regexp.MatchString(t.Pattern, text); err != nil || !ok {
			return fmt.Sprintf("%q is not %s", text, t.Says), ""
		}
	}
	return "", ""
}

// example is the hint that shows what to write, in the form of a list or as it is.
func (t Type) example(form string) string {
	if t.Example == "" {
		return ""
	}
	return "write for example " + fmt.Sprintf(form, t.Example)
}

func (d *Decoder) boolean(v *Value, node *yaml.Node, t Type) {
	if node.Kind != yaml.ScalarNode || node.Style != 0 || node.Value != "true" && node.Value != "false" {
		d.Fail(*v, truth(node), "want true or false, found %s", found(node))
		return
	}
	if t.OnlyTrue && node.Value != "true" {
		d.Fail(*v, "leave the field out", "can only be true")
		return
	}
	v.flag, v.state = node.Value == "true", valid
}

// truth advises on a word that means true or false in another notation.
func truth(node *yaml.Node) string {
	switch strings.ToLower(node.Value) {
	case "true", "yes", "y", "on":
		return "write true, without quotes"
	case "false", "no", "n", "off":
		return "write false, without quotes"
	}
	return ""
}

func (d *Decoder) list(v *Value, node *yaml.Node, t Type) {
	if node.Kind != yaml.SequenceNode {
		advice := ""
		switch {
		case node.Kind == yaml.MappingNode && t.Elem.Kind == Mapping:
			advice = "put it into brackets: [{...}], or begin its first line with a hyphen"
		case node.Kind != yaml.ScalarNode:
		case t.Elem.Kind == Text && notText(node) == "":
			advice = fmt.Sprintf("put it into brackets: [%s]", node.Value)
		case nothings.MatchString(node.Value) && !t.NonEmpty:
			advice = "write [] for none, or leave the field out"
		default:
			advice = t.Elem.example("[%s]")
		}
		d.Fail(*v, advice, "want a list, found %s", found(node))
		return
	}
	if t.NonEmpty && len(node.Content) == 0 {
		d.Fail(*v, "", "the list is empty")
		return
	}
	if t.Count > 0 && len(node.Content) != t.Count {
		d.Fail(*v, "", "want %d items, found %d", t.Count, len(node.Content))
		return
	}
	v.state = valid
	for i, item := range node.Content {
		v.items = append(v.items, d.value(v.Path+"["+strconv.Itoa(i)+"]", item, *t.Elem))
	}
}

// several reads a list that stands where one text could.
func (d *Decoder) several(v *Value, node *yaml.Node, t Type) {
	one := t
	one.Several = 0
	v.kind = List
	d.list(v, node, Type{Kind: List, Elem: &one, NonEmpty: true})
	if len(v.items) > t.Several {
		v.state = invalid
		d.Fail(*v, "", "want at most %d items, found %d", t.Several, len(v.items))
	}
}

func (d *Decoder) mapping(v *Value, node *yaml.Node, t Type) {
	if node.Kind != yaml.MappingNode {
		d.Fail(*v, t.example("%s"), "want fields, found %s", found(node))
		return
	}
	if t.NonEmpty && len(node.Content) == 0 {
		d.Fail(*v, "", "has no fields")
		return
	}
	v.state = valid
	first := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, ok := d.key(v.Path, node.Content[i], t)
		if !ok {
			v.merged = v.merged || node.Content[i].Value == "<<"
			continue
		}
		if line, twice := first[key.text]; twice {
			d.Fail(key, "", "given twice, first in line %d", line)
			continue
		}
		first[key.text] = key.Line
		elem, ok := d.elem(key, t)
		if !ok {
			v.meant = append(v.meant, nearest(key.text, t.names()))
			continue
		}
		v.fields = append(v.fields, Entry{Key: key, Value: d.value(key.Path, node.Content[i+1], elem)})
	}
	d.complete(*v, t, first)
}

// key reads the name of one entry.
func (d *Decoder) key(path string, node *yaml.Node, t Type) (Value, bool) {
	name := Value{Position: d.at(node.Line, node.Column), Path: join(path, node.Value)}
	if node.Kind == yaml.ScalarNode && node.Style == 0 && node.Value == "<<" {
		d.Fail(name, repeat, "merge keys are not used here")
		return name, false
	}
	if node.Kind != yaml.ScalarNode {
		name.Path = path
	}
	if !d.plain(name, node) {
		return name, false
	}
	want := Type{Kind: Text}
	if t.Kind == Map && t.Key != nil {
		want = *t.Key
	}
	d.text(&name, node, want)
	return name, name.Valid()
}

// elem is the type of the value behind key.
func (d *Decoder) elem(key Value, t Type) (Type, bool) {
	if t.Kind == Map {
		return *t.Elem, true
	}
	f, ok := t.field(key.text)
	if !ok {
		d.Fail(key, Suggest(key.text, t.names(), "known here: "), "unknown field")
	}
	return f.Type, ok
}

// complete reports fields that are missing or exclude each other.
func (d *Decoder) complete(v Value, t Type, given map[string]int) {
	for _, f := range t.Fields {
		if _, ok := given[f.Name]; f.Required && !ok && !v.Meant(f.Name) {
			d.Fail(v.Field(f.Name), "", "is missing")
		}
	}
	meant := slices.ContainsFunc(t.ExactlyOne, v.Meant)
	if count := countGiven(t.ExactlyOne, given); len(t.ExactlyOne) > 0 && count != 1 && (count > 1 || !meant) {
		d.Fail(v, "", "want exactly one of %s, found %s", strings.Join(t.ExactlyOne, ", "), number(count))
	}
	if count := countGiven(t.AtMostOne, given); count > 1 {
		d.Fail(v, "", "want only one of %s, found %s", strings.Join(t.AtMostOne, ", "), number(count))
	}
}

func countGiven(names []string, given map[string]int) (n int) {
	for _, name := range names {
		if _, ok := given[name]; ok {
			n++
		}
	}
	return n
}

func number(n int) string {
	if n == 0 {
		return "none"
	}
	return strconv.Itoa(n)
}
