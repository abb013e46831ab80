package policies_test

import (
	"fmt"
	"strings"
	"testing"

	"lockstep/policies"
)

// growing is policies of n permissions or components in the shapes whose cost once grew with
// the square of n.
var growing = map[string]func(n int) string{
	"keys": func(n int) string {
		return one(n, func(i int) string { return fmt.Sprintf("{key: k%d, access: read}", i) })
	},
	"ranges": func(n int) string {
		return one(n, func(i int) string { return fmt.Sprintf("{range: [a, b%06d], access: readwrite}", i) })
	},
	"nested prefixes": func(n int) string {
		return one(n, func(i int) string { return fmt.Sprintf("{prefix: p/%d, access: write}", i) })
	},
	"components": func(n int) string {
		return many(n, func(i int) string { return fmt.Sprintf("{prefix: /c%d/, access: readwrite}", i) })
	},
	"shared by all": func(n int) string {
		return many(n, func(i int) string {
			return fmt.Sprintf("{prefix: /shared/, access: readwrite}, {prefix: /x%d, access: write}", i)
		})
	},
	"prefixes above keys": func(n int) string {
		return many(n, func(i int) string { return fmt.Sprintf("{prefix: /c, access: read}, {key: /c/%d, access: read}", i) })
	},
}

const newPolicy = "apiVersion: lockstep/v1\nkind: Policy\ncluster: {name: x, endpoints: [\"https://127.0.0.1:1\"]}\ncomponents:\n"

func one(n int, permission func(i int) string) string {
	var b strings.Builder
	b.WriteString(newPolicy + "  - name: a\n    permissions:\n")
	for i := range n {
		b.WriteString("      - " + permission(i) + "\n")
	}
	return b.String()
}

func many(n int, permissions func(i int) string) string {
	var b strings.Builder
	b.WriteString(newPolicy)
	for i := range n {
		fmt.Fprintf(&b, "  - {name: c%d, permissions: [%s]}\n", i, permissions(i))
	}
	return b.String()
}

func BenchmarkParse(b *testing.B) {
	for name, text := range growing {
		for _, n := range []int{400, 4000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				file := policies.File{Name: "x", Text: []byte(text(n))}
				for b.Loop() {
					if _, err := policies.Parse(file); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
