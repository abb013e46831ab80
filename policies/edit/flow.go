package edit

import (
	"strings"

	"lockstep/policies/strict"
)

// span is a piece of the text, [from, to).
type span struct{ from, to int }

// elements finds the elements of the flow list [...] of components.
func (d *document) elements() (elements []span, shut int, err error) { return d.elementsOf(d.list) }

// elementsOf finds the elements of the flow list [...] and the offset of its closing
// bracket. It must agree with the reader on how many there are and where each begins.
// A comment between brackets belongs to a neighbour that only a person can tell.
func (d *document) elementsOf(list strict.Value) (elements []span, shut int, err error) {
	s := scanner{text: string(d.Text)}
	elements, shut, comment := s.list(d.offset(list.Position) + 1)
	items := list.Items()
	switch {
	case comment:
		return nil, 0, unsure{list.Position, "a comment between the brackets of this list"}
	case shut < 0 || len(elements) != len(items):
		return nil, 0, unsure{list.Position, "the elements of this list are hard to tell apart"}
	}
	for i, item := range items {
		if d.offset(item.Position) != elements[i].from {
			return nil, 0, unsure{item.Position, "the elements of this list are hard to tell apart"}
		}
	}
	return elements, shut, nil
}

// scanner looks for the commas, brackets and quotes of flow style.
type scanner struct {
	text  string
	plain bool // within a plain scalar, where quotes are letters
}

// list scans from behind the opening bracket or brace. shut is -1 if it does not close.
func (s *scanner) list(at int) (elements []span, shut int, comment bool) {
	depth, current := 0, span{from: -1}
	finish := func() {
		if current.from >= 0 {
			elements = append(elements, current)
		}
		current = span{from: -1}
	}
	for i := at; i < len(s.text); i++ {
		c := s.text[i]
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			continue
		case c == '#' && (!s.plain || strings.IndexByte(" \t\n", s.text[i-1]) >= 0):
			return nil, -1, true
		case depth == 0 && c == ',':
			s.plain = false
			finish()
			continue
		case depth == 0 && (c == ']' || c == '}'):
			finish()
			return elements, i, false
		}
		if current.from < 0 {
			current.from = i
		}
		depth += s.step(c, i)
		if !s.plain && (c == '"' || c == '\'') {
			if i = s.quoted(i); i < 0 {
				return nil, -1, false
			}
		}
		current.to = i + 1
	}
	return nil, -1, false
}

// step takes one byte and returns by how much it changes the depth.
func (s *scanner) step(c byte, at int) int {
	switch c {
	case '[', '{':
		s.plain = false
		return 1
	case ']', '}':
		s.plain = false
		return -1
	case ',':
		s.plain = false
	case ':', '?':
		if at+1 == len(s.text) || strings.IndexByte(" \t\r\n,[]{}", s.text[at+1]) >= 0 {
			s.plain = false
		}
	case '"', '\'':
	default:
		s.plain = true
	}
	return 0
}

// quoted is the offset of the quote that closes the one at at, or -1.
func (s *scanner) quoted(at int) int {
	quote := s.text[at]
	for i := at + 1; i < len(s.text); i++ {
		switch {
		case quote == '"' && s.text[i] == '\\':
			i++
		case s.text[i] != quote:
		case quote == '\'' && strings.HasPrefix(s.text[i+1:], "'"):
			i++
		default:
			return i
		}
	}
	return -1
}
