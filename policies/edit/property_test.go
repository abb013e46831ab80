package edit_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies"
	"lockstep/policies/edit"
)

// Random policies in random style: adding and removing gives the same bytes, and
// removing any entry keeps all words of the others and none of its own.
func TestEditsTouchNothingElse(t *testing.T) {
	t.Parallel()
	const cases = 1000
	for seed := range uint64(cases) {
		a := &author{Rand: rand.New(rand.NewPCG(seed, 1))}
		text, names := a.policy()
		before := parse(t, seed, file(text))
		added, err := edit.Add(file(text), grafana())
		if err != nil {
			t.Fatalf("seed %d: adding: %v\n%s", seed, err, text)
		}
		if with := parse(t, seed, added); len(with.Components) != len(names)+1 || with.Components[len(names)].Name != "grafana" || !cmp.Equal(shape(before), shape(with)[:len(names)]) {
			t.Fatalf("seed %d: not grafana and nothing else:\n%s", seed, edit.Diff(file(text), added))
		}
		back, err := edit.Remove(added, "grafana")
		if err != nil {
			t.Fatalf("seed %d: removing what was added: %v\n%s", seed, err, added.Text)
		}
		want := text
		if len(names) == 0 && !strings.Contains(text, "components:") {
			want = string(back.Text) // the field itself stays
		}
		if string(back.Text) != want {
			t.Fatalf("seed %d: added and removed again:\n%s", seed, edit.Diff(file(text), back))
		}
		if len(names) > 0 {
			removeOne(t, seed, text, names, names[a.IntN(len(names))])
		}
	}
}

func removeOne(t *testing.T, seed uint64, text string, names []string, name string) {
	t.Helper()
	out, err := edit.Remove(file(text), name)
	if err != nil {
		t.Fatalf("seed %d: removing %s: %v\n%s", seed, name, err, text)
	}
	var left []string
	for _, c := range parse(t, seed, out).Components {
		left = append(left, c.Name)
	}
	if want := slices.DeleteFunc(slices.Clone(names), func(n string) bool { return n == name }); !slices.Equal(left, want) {
		t.Fatalf("seed %d: without %s: %q", seed, name, left)
	}
	now := words(string(out.Text))
	for _, word := range words(text) {
		owner, _, _ := strings.Cut(word, "-")
		if slices.Contains(now, word) == (owner == name) {
			t.Fatalf("seed %d: removing %s, %s:\n%s", seed, name, word, edit.Diff(file(text), out))
		}
	}
	if strings.Contains(text, "\r\n") && strings.Count(string(out.Text), "\r\n") != strings.Count(string(out.Text), "\n") {
		t.Fatalf("seed %d: other line ends:\n%q", seed, out.Text)
	}
}

// parse reads the file as lockstep does, beside a file with the rest of the policy.
func parse(t *testing.T, seed uint64, f policies.File) *policies.Policy {
	t.Helper()
	p, err := policies.Parse(policies.File{Name: "rest", Text: []byte(head + "cluster: {name: c, endpoints: [\"https://h:1\"]}\ncomponents: []\n")}, f)
	if err != nil {
		t.Fatalf("seed %d: %v\n%s", seed, err, f.Text)
	}
	return p
}

// shape is the components without their places.
func shape(p *policies.Policy) []string {
	out := []string{}
	for _, c := range p.Components {
		out = append(out, fmt.Sprintf("%s %s %s %q", c.Name, c.User, c.Role, c.Permissions))
	}
	return out
}

// words are the marks in a text: "<owner>-mark<number>". Every comment and every
// permission has one.
func words(text string) []string {
	return regexp.MustCompile(`[a-z0-9]+-mark[0-9]+`).FindAllString(text, -1)
}

// author writes policies in all the ways that people do.
type author struct {
	*rand.Rand
	b     strings.Builder
	eol   string
	marks int
}

func (a *author) mark(owner string) string {
	a.marks++
	return fmt.Sprintf("%s-mark%d", owner, a.marks)
}
func (a *author) chance(n int) bool    { return a.IntN(n) == 0 }
func (a *author) line(parts ...string) { a.b.WriteString(strings.Join(parts, "") + a.eol) }

func (a *author) blanks() {
	for a.chance(3) {
		a.line(strings.Repeat(" ", a.IntN(2)*a.IntN(4)))
	}
}

func (a *author) tail(owner string) string {
	if !a.chance(3) {
		return ""
	}
	return strings.Repeat(" ", 1+a.IntN(3)) + "# " + a.mark(owner)
}

func (a *author) pick(texts ...string) string { return texts[a.IntN(len(texts))] }

func (a *author) policy() (text string, names []string) {
	a.eol = a.pick("\n", "\n", "\n", "\r\n")
	if a.chance(3) {
		a.line("# ", a.mark("file"))
	}
	if a.chance(4) {
		a.line("---")
	}
	a.line("apiVersion: lockstep/v1")
	a.line("kind: Policy # ", a.mark("file"))
	a.blanks()
	for i := range a.IntN(5) {
		names = append(names, fmt.Sprintf("c%d", i))
	}
	switch style := a.IntN(3); {
	case len(names) == 0:
		if a.chance(2) {
			a.line("components: []", a.tail("file"))
		}
	case style == 0:
		a.flowList(names)
	default:
		a.blockList(names, style == 1)
	}
	a.blanks()
	if a.chance(3) {
		a.line("# ", a.mark("file"))
	}
	if a.chance(2) {
		a.line("certificates: {key: rsa-2048} # ", a.mark("file"))
	}
	a.blanks()
	if a.chance(5) {
		a.line("...")
	}
	text = a.b.String()
	if a.chance(5) {
		text = strings.TrimRight(text, "\r\n")
	}
	return text, names
}

func (a *author) flow(name string) string {
	prefix := a.pick("plain é", "'it''s, [x'", `"a\"},b #"`, "don't", "a#b", "/registry/", `"😀"`, "'#'", "a:b")
	pad := a.pick("", " ")
	return fmt.Sprintf("{%sname: %s, permissions: [{prefix: %s, access: read}, {key: %s, \"access\":'write'}]%s}", pad, name, prefix, a.mark(name), pad)
}

func (a *author) flowList(names []string) {
	many := a.chance(2)
	between := a.pick(" ", "  ")
	a.b.WriteString("components: [")
	if many {
		between = a.eol + "    "
		a.b.WriteString(between)
	}
	for i, name := range names {
		a.b.WriteString(a.flow(name))
		if i < len(names)-1 {
			a.b.WriteString("," + between)
		} else if a.chance(4) {
			a.b.WriteString(",")
		}
	}
	if many {
		a.b.WriteString(a.eol + "  ")
	}
	a.line("]", a.tail("file"))
}

func (a *author) blockList(names []string, mixed bool) {
	pad := a.pick("", "  ", "    ")
	apart := a.chance(2)
	a.line("components:", a.tail("file"))
	for i, name := range names {
		if apart && i > 0 {
			a.line()
		} else if !apart {
			a.blanks()
		}
		if a.chance(3) {
			a.line(pad, "# ", a.mark("section"))
			a.line()
		}
		if pad != "" && a.chance(4) {
			a.line("# ", a.mark("section"))
		}
		if a.chance(3) {
			a.line(pad, "# ", a.mark(name))
		}
		if mixed && a.chance(2) {
			a.line(pad, "- ", a.flow(name), a.tail(name))
		} else {
			a.block(name, pad)
		}
	}
}

func (a *author) block(name, pad string) {
	gap := strings.Repeat(" ", 1+a.IntN(3))
	in := pad + " " + gap
	if a.chance(6) {
		a.line(pad, "-", a.tail(name))
		a.line(in, "name: ", name)
	} else {
		a.line(pad, "-", gap, "name: ", name, a.tail(name))
	}
	if a.chance(3) {
		a.line(in, "# ", a.mark(name))
	}
	a.line(in, "permissions:", a.tail(name))
	nested := in + a.pick("", "  ")
	for range 1 + a.IntN(3) {
		switch a.IntN(4) {
		case 0:
			a.line(nested, "- prefix: |-")
			a.line(nested, "    # ", a.mark(name))
			a.line(nested, "  access: read")
		case 1:
			a.line(nested, "- access: read")
			a.line(nested, "  prefix: folded")
			a.line(nested, "    over ", a.mark(name))
		default:
			a.line(nested, "- {prefix: /", a.mark(name), "/, access: read}", a.tail(name))
		}
	}
	if a.chance(3) {
		a.line(in, "# ", a.mark(name))
	}
}
