package view

import (
	"strconv"
	"strings"
	"unicode"
)

// Printable is text fit for a terminal: whatever could move the cursor, hide or turn
// round other text is written out as \x1b or \u202e. Names in etcd may hold anything.
// Line breaks stay.
func Printable(text string) string {
	return strings.Join(escaped(strings.Split(text, "\n")), "\n")
}

func escaped(lines []string) []string {
	for i, line := range lines {
		lines[i] = escapeLine(line)
	}
	return lines
}

func escapeLine(line string) string {
	if strings.IndexFunc(line, harmful) < 0 {
		return line
	}
	var b strings.Builder
	for _, r := range line {
		if !harmful(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// harmful also takes bytes that are no UTF-8, which range reads as U+FFFD.
func harmful(r rune) bool {
	return r == unicode.ReplacementChar || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// printableBut is Printable, but for the colours that a Sheet itself puts in.
func printableBut(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "\x1b[")
		b.WriteString(Printable(before))
		if !found {
			return b.String()
		}
		code := colourIn(rest)
		if code == "" {
			b.WriteString(`\x1b[`)
		} else {
			b.WriteString("\x1b[" + code)
		}
		text = rest[len(code):]
	}
}

// colourIn is the colour that text begins with, without the escape; "" for none.
func colourIn(text string) string {
	for _, c := range []Colour{Good, Warn, Bad, Bold, plainColour} {
		if code := strings.TrimPrefix(string(c), "\x1b["); strings.HasPrefix(text, code) {
			return code
		}
	}
	return ""
}
