package edit

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lockstep/policies/presets"
)

// style is how an entry is written.
type style struct {
	flow   bool
	pad    string // between a brace and what it holds: "" or " "
	nested string // before the dash of a list below a field of a block
}

// field is one field of an entry: a value, or with isList the items of a list.
type field struct {
	name, value string
	isList      bool
	items       []string
}

func (c Component) fields(s style) []field {
	out := []field{{name: "name", value: quote(c.Name)}}
	for _, f := range []field{{name: "user", value: c.User}, {name: "role", value: c.Role}, {name: "identity", value: c.Identity}, {name: "preset", value: c.Preset}} {
		if f.value != "" {
			out = append(out, field{name: f.name, value: quote(f.value)})
		}
	}
	if len(c.With) > 0 {
		var pairs []string
		for _, key := range slices.Sorted(maps.Keys(c.With)) {
			pairs = append(pairs, quote(key)+": "+quote(c.With[key]))
		}
		out = append(out, field{name: "with", value: s.braces(pairs)})
	}
	if c.Administrator {
		out = append(out, field{name: "administrator", value: "true"})
	}
	if c.Permissions != nil {
		f := field{name: "permissions", isList: true}
		for _, p := range c.Permissions {
			f.items = append(f.items, s.permission(p))
		}
		out = append(out, f)
	}
	if c.Certificate != "" {
		out = append(out, field{name: "certificate", value: s.braces([]string{"file: " + quote(c.Certificate)})})
	}
	return out
}

func (s style) permission(p presets.Permission) string {
	value := quote(p.First)
	switch p.Form {
	case presets.Everything:
		value = "true"
	case presets.Range:
		value = "[" + quote(p.First) + ", " + quote(p.Last) + "]"
	}
	return s.braces([]string{quote(string(p.Form)) + ": " + value, "access: " + quote(string(p.Access))})
}

func (s style) braces(pairs []string) string {
	return "{" + s.pad + strings.Join(pairs, ", ") + s.pad + "}"
}

// lines is the entry without its dash, one line in flow style.
func (c Component) lines(s style) []string {
	var out []string
	for _, f := range c.fields(s) {
		switch {
		case !f.isList:
			out = append(out, f.name+": "+f.value)
		case s.flow || len(f.items) == 0:
			out = append(out, f.name+": ["+strings.Join(f.items, ", ")+"]")
		default:
			out = append(out, f.name+":")
			for _, item := range f.items {
				out = append(out, s.nested+"- "+item)
			}
		}
	}
	if s.flow {
		return []string{s.braces(out)}
	}
	return out
}

// indent puts dash, "  - " say, before the first line and as much space before the others.
func indent(lines []string, dash string) []string {
	var out []string
	for i, line := range lines {
		if i == 0 {
			out = append(out, dash+line)
		} else {
			out = append(out, strings.Repeat(" ", len(dash))+line)
		}
	}
	return out
}

var (
	bare    = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9/._@+-]*$`)
	notBare = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|true|false|null)$`) // no text to some reader
)

// quote is text as every YAML reader reads it, bare where that is beyond doubt. The
// escapes of Go's quotes are also YAML's; bytes that are no UTF-8 have no way to be
// written, and Component.check finds that out.
func quote(text string) string {
	if bare.MatchString(text) && !notBare.MatchString(text) {
		return text
	}
	return strconv.Quote(text)
}
