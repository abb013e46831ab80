package strict

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// checkText refuses what editors show and YAML readers take differently. Each fault
// is reported where it first occurs; a file with one of them is not parsed.
func (d *Decoder) checkText(text []byte) bool {
	if len(text) > MaxBytes {
		d.Fail(Value{Position: d.at(1, 1)}, "split it into several files", "the file has %d bytes, the limit is %d", len(text), MaxBytes)
		return false
	}
	ok := true
	seen := map[string]bool{}
	report := func(line, column int, advice, message string) {
		if !seen[message] {
			seen[message] = true
			d.Fail(Value{Position: d.at(line, column)}, advice, "%s", message)
		}
		ok = false
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		checkLine(bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), number, report)
	}
	return ok
}

func checkLine(line []byte, number int, report func(line, column int, advice, message string)) {
	column := 0
	indenting := len(bytes.TrimSpace(line)) > 0
	for len(line) > 0 {
		r, size := utf8.DecodeRune(line)
		column++
		switch {
		case r == utf8.RuneError && size == 1:
			report(number, column, "save the file as UTF-8", "not valid UTF-8")
			return
		case r == '\t' && indenting:
			report(number, column, "indent with spaces", "a tab as indentation, which YAML does not allow")
		case r == '\ufeff':
			report(number, column, "save the file as UTF-8 without BOM", "a byte order mark (U+FEFF)")
		case r == '\r':
			report(number, column, "end lines with LF or CRLF", "a carriage return without a line feed")
		case r == '\u0085', r == '\u2028', r == '\u2029':
			report(number, column, "end lines with LF or CRLF", fmt.Sprintf("the line separator %U", r))
		case r == 0:
			report(number, column, "", "a NUL byte: this is not a text file")
			return
		case r != '\t' && unicode.IsControl(r):
			report(number, column, "", fmt.Sprintf("the control character %U", r))
		case unicode.Is(unicode.Bidi_Control, r):
			report(number, column, "it makes text look different from what it is", fmt.Sprintf("the invisible character %U", r))
		}
		if r != ' ' && r != '\t' {
			indenting = false
		}
		line = line[size:]
	}
}
