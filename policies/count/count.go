// Package count writes what a sentence counts or lists: a number with its noun, in the
// singular where it is one, and names in quotation marks. It is a leaf that every other package may import.
package count

import (
	"strconv"
	"strings"
)

// Of is "1 step", "3 steps", "2 proxies". Noun is an English noun in the singular whose
// plural is regular.
func Of(n int, noun string) string {
	switch {
	case n == 1:
	case strings.HasSuffix(noun, "y"):
		noun = strings.TrimSuffix(noun, "y") + "ies"
	default:
		noun += "s"
	}
	return strconv.Itoa(n) + " " + noun
}

// Quoted is names for a sentence: "a", "b". They may come from outside and hold anything,
// so each is quoted by %q.
func Quoted(names []string) string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = strconv.Quote(name)
	}
	return strings.Join(out, ", ")
}
