package strict

import (
	"fmt"
	"regexp"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// What a plain scalar is to some reader of YAML 1.1 or 1.2, though it may be text to
// another. Wider than either specification: text can be quoted.
var (
	booleans  = regexp.MustCompile(`^(?i:y|n|yes|no|on|off|true|false)$`)
	nothings  = regexp.MustCompile(`^(?i:null|~|)$`)
	numbers   = regexp.MustCompile(`^[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9_]+)?|\.[0-9_][0-9_.]*(?:[eE][-+]?[0-9_]+)?|\.(?i:inf))$|^\.(?i:nan)$`)
	sixties   = regexp.MustCompile(`^[-+]?[0-9][0-9_]*(?::[0-9]{1,2})+(?:\.[0-9_]*)?$`)
	dates     = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?$`)
	indicator = regexp.MustCompile(`^(?:=|<<)$`)
)

// notText says what a scalar is instead of text, "" for text.
func notText(node *yaml.Node) string {
	if node.Style&^yaml.FlowStyle != 0 {
		return "" // quoted, literal or folded
	}
	switch s := node.Value; {
	case nothings.MatchString(s):
		return "nothing"
	case booleans.MatchString(s):
		return "the boolean " + s
	case numbers.MatchString(s):
		return "the number " + s
	case sixties.MatchString(s):
		return fmt.Sprintf("%s, which YAML 1.1 reads as a number to base 60", s)
	case dates.MatchString(s):
		return "the date " + s
	case indicator.MatchString(s):
		return "the indicator " + s
	case node.ShortTag() != "!!str":
		return "a value of type " + node.ShortTag()
	}
	return ""
}

// found names what is there instead of what was wanted.
func found(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "fields"
	case yaml.SequenceNode:
		return "a list"
	}
	if kind := notText(node); kind != "" {
		return kind
	}
	return fmt.Sprintf("the text %q", abbreviate(node.Value))
}

func abbreviate(s string) string {
	const most = 40
	for i := range s {
		if i > most {
			return s[:i] + "..."
		}
	}
	return s
}

// unprintable finds the first character that a reviewer could not see. Prose may
// have more than one line.
func unprintable(s string, prose bool) (rune, bool) {
	for _, r := range s {
		if prose && r == '\n' {
			continue
		}
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs) || r == unicode.ReplacementChar {
			return r, true
		}
	}
	return 0, false
}

func nameRune(r rune) string {
	switch r {
	case '\n', '\r':
		return "a line break"
	case '\t':
		return "a tab"
	case 0:
		return "a NUL"
	case unicode.ReplacementChar:
		return "the replacement character U+FFFD"
	}
	return fmt.Sprintf("the invisible character %U", r)
}
