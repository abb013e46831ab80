package view

import (
	"bytes"
	"io"
	"strings"
)

// Message is what a person is told. Where it is not the answer it goes to stderr.
type Message interface {
	Text(s *Sheet)
}

// Tell writes m, whole, to out.
func Tell(out io.Writer, m Message, colour bool) error {
	s := &Sheet{out: &bytes.Buffer{}, colour: colour}
	m.Text(s)
	_, err := out.Write(s.out.Bytes())
	return err
}

// Say is a message that is written where it is needed.
type Say func(s *Sheet)

// Text implements Message.
func (say Say) Text(s *Sheet) { say(s) }

// Diff is the unified diff of a file, for the person who is asked; "" says nothing.
type Diff string

// Text implements Message.
func (d Diff) Text(s *Sheet) {
	for line := range strings.Lines(string(d)) { // each begins with a sign of diff's
		s.Line("%s", strings.TrimSuffix(line, "\n"))
	}
}
