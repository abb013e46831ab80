package view

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// Printable is text as one line that is fit for a terminal: whatever could move the
// cursor, begin a line, hide or turn round other text is written out as \x1b, \n or
// \u202e. Names in etcd and names of files may hold anything.
func Printable(text string) string {
	if strings.IndexFunc(text, harmful) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
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

// printableJSON is the same document with the characters escaped that encoding/json
// leaves as they are and a terminal acts on: C1 controls, DEL and bidi overrides. They
// stand in strings only, so the values stay what they are.
func printableJSON(document []byte) []byte {
	var b bytes.Buffer
	for _, r := range string(document) {
		switch {
		case r == '\n' || !harmful(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.Bytes()
}
