package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Format is how answers are written.
type Format string

const (
	Text Format = "text"
	JSON Format = "json"

	JUnit Format = "junit" // of verify alone
	SARIF Format = "sarif" // of verify alone
)

// OfVerify is the name of a format that verify alone answers in.
func (f Format) OfVerify() (name string, only bool) {
	switch f {
	case JUnit:
		return "JUnit", true
	case SARIF:
		return "SARIF", true
	}
	return "", false
}

// ParseFormat reads the value of --output.
func ParseFormat(s string) (Format, error) {
	switch f := Format(s); f {
	case Text, JSON, JUnit, SARIF:
		return f, nil
	}
	return "", fmt.Errorf("unknown output format %q, want text or json", s)
}

// Answer is a finished value that a command ends with. Text writes it for people,
// Document returns it for programs (a type of json.go that begins with a Header).
type Answer interface {
	Message
	Document() any
}

// Printer writes answers. The zero Printer is of no use; make one with NewPrinter.
type Printer struct {
	out     io.Writer
	format  Format
	colour  bool
	printed bool
}

// NewPrinter writes to out. Colour is for terminals only, and only when the user did
// not set NO_COLOR: the caller knows both.
func NewPrinter(out io.Writer, format Format, colour bool) *Printer {
	return &Printer{out: out, format: format, colour: colour && format == Text}
}

// Format is what the printer writes.
func (p *Printer) Format() Format { return p.format }

// Printed reports whether an answer was written. A JSON answer is the only document
// on its writer, so an error after it goes elsewhere.
func (p *Printer) Printed() bool { return p.printed }

// Print writes a, whole or (when the writer fails) with an error.
func (p *Printer) Print(a Answer) (err error) {
	switch p.format {
	case JUnit:
		suite, ok := a.(interface{ JUnit() ([]byte, error) })
		if !ok {
			return errors.New("only verify answers in JUnit's form")
		}
		document, err := suite.JUnit()
		if err != nil {
			return fmt.Errorf("encoding the answer: %w", err)
		}
		p.printed = true
		if _, err := p.out.Write(document); err != nil {
			return fmt.Errorf("writing the answer: %w", err)
		}
		return nil
	case SARIF:
		log, ok := a.(interface{ SARIF() any })
		if !ok {
			return errors.New("only verify answers in SARIF's form")
		}
		err = p.encode(log.SARIF())
	case JSON:
		err = p.encode(a.Document())
	default:
		p.printed = true
		err = Tell(p.out, a, p.colour)
	}
	if err != nil {
		return fmt.Errorf("writing the answer: %w", err)
	}
	return nil
}

// encode writes one JSON document.
func (p *Printer) encode(document any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document); err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	p.printed = true
	_, err := p.out.Write(printableJSON(b.Bytes()))
	return err
}
