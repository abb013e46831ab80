package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// byHand begins the part of docs/benchmarks.md that people write: it is kept.
const byHand = "## Reading the figures\n"

// report is everything that was measured.
type report struct {
	machine  machine
	versions []string
	sizes    []int
	rounds   int
	rows     []row
}

// column is one figure of a table.
type column struct {
	title, figure, format string
}

// tables is the report's tables as Markdown, which is the table on the terminal as well.
func (r *report) tables() string {
	own := func(x row) bool { return !x.kind.plain }
	var s strings.Builder
	s.WriteString("### Bootstrap\n\n")
	s.WriteString(r.table(own, []column{
		{"floor", "floor", "%.2f s"}, {"without its proof", "bootstrap", "%.2f s"}, {"ratio", "bootstrap ratio", "%.2f"},
		{"changes alone", "changes", "%.2f s"}, {"ratio", "changes ratio", "%.2f"},
		{"with proof", "bootstrap and proof", "%.2f s"}, {"ratio", "proof ratio", "%.2f"}, {"peak memory", "bootstrap MiB", "%.0f MiB"},
	}))
	s.WriteString("\nWhere its time goes, and the floor's certificates:\n\n")
	s.WriteString(r.table(own, []column{
		{"look and plan", "look and plan", "%.2f s"}, {"certificates", "certificates", "%.2f s"}, {"floor's", "floor certificates", "%.2f s"},
		{"roles and users", "roles and users", "%.2f s"}, {"floor's, auth on", "floor calls", "%.2f s"},
		{"look before auth", "look before auth", "%.2f s"}, {"auth on", "auth on", "%.2f s"}, {"proof", "proof", "%.2f s"},
	}))
	s.WriteString("\n### With a seed\n\n")
	s.WriteString(r.table(own, []column{
		{"bootstrap --seed", "seed written", "%.2f s"}, {"restore.sh of all", "seed restored", "%.2f s"}, {"both", "seed", "%.2f s"}, {"CPU", "seed CPU", "%.2f s"},
		{"floor of the API / both", "floor to seed", "%.1f"}, {"API / both", "API to seed", "%.1f"}, {"shell / both", "shell to seed", "%.1f"},
		{"proof", "seed proof", "%.2f s"}, {"peak memory", "seed MiB", "%.0f MiB"},
	}))
	s.WriteString("\n### The shell way\n\n")
	s.WriteString(r.table(func(x row) bool { return x.size <= shellSize }, []column{
		{"shell", "shell", "%.2f s"}, {"lockstep without its proof", "bootstrap", "%.2f s"}, {"shell / lockstep", "shell ratio", "%.1f"},
		{"floor", "floor", "%.2f s"}, {"shell / floor", "shell to floor", "%.1f"},
	}))
	s.WriteString("\n### Verify\n\n")
	s.WriteString(r.table(own, []column{
		{"floor", "verify floor", "%.2f s"}, {"verify", "verify", "%.2f s"}, {"ratio", "verify ratio", "%.2f"}, {"peak memory", "verify MiB", "%.0f MiB"},
	}))
	s.WriteString("\n### An empty plan, and one added component\n\n")
	s.WriteString(r.table(own, []column{
		{"plan", "plan", "%.2f s"}, {"peak memory", "plan MiB", "%.0f MiB"}, {"add", "add", "%.2f s"}, {"calls of add", "add calls", "%.0f"}, {"peak memory", "add MiB", "%.0f MiB"},
	}))
	s.WriteString("\n### Certificates\n\n")
	s.WriteString(r.table(own, []column{
		{"floor", "renew floor", "%.2f s"}, {"certs renew --all", "renew", "%.2f s"}, {"ratio", "renew ratio", "%.2f"}, {"peak memory", "renew MiB", "%.0f MiB"},
		{"certs list, CPU", "list CPU", "%.2f s"},
	}))
	return s.String() + "\n" + r.asked() + "\n### Aims\n\n" + r.aims()
}

// table has a line for each row that belongs in it.
func (r *report) table(belongs func(row) bool, columns []column) string {
	var s strings.Builder
	s.WriteString("| cluster | components | rounds |")
	for _, c := range columns {
		s.WriteString(" " + c.title + " |")
	}
	s.WriteString("\n| --- | ---: | ---: |" + strings.Repeat(" ---: |", len(columns)) + "\n")
	for _, x := range r.rows {
		if !belongs(x) {
			continue
		}
		fmt.Fprintf(&s, "| %s | %d | %d |", x.kind.name, x.size, len(x.rounds))
		for _, c := range columns {
			text := "-"
			if v, ok := x.figure(c.figure); ok {
				text = fmt.Sprintf(c.format, v)
			}
			s.WriteString(" " + text + " |")
		}
		s.WriteString("\n")
	}
	return s.String()
}

// asked lists which calls were made, on three members.
func (r *report) asked() string {
	var s strings.Builder
	for _, x := range r.rows {
		if x.kind.members == 3 && len(x.calls) > 0 {
			fmt.Fprintf(&s, "- %d components: add: %s. Verify: %s.\n", x.size, x.calls[len(x.calls)-1], x.asked)
		}
	}
	return s.String()
}

// aims says for each aim whether it was met, from the figures alone.
func (r *report) aims() string {
	var s strings.Builder
	say := func(met bool, format string, args ...any) {
		word := "missed"
		if met {
			word = "met"
		}
		fmt.Fprintf(&s, "- %s: %s\n", word, fmt.Sprintf(format, args...))
	}
	for _, x := range r.rows {
		where := fmt.Sprintf("%d components, %s", x.size, x.kind.name)
		if v, ok := x.figure("bootstrap ratio"); ok {
			say(v <= 1.10, "bootstrap without its proof at most 1.10 times the floor: %.2f (%s)", v, where)
		}
		if v, ok := x.figure("shell ratio"); ok {
			say(v >= 20, "at least 20 times faster than the shell way: %.1f (%s)", v, where)
		}
		if v, ok := x.figure("floor to seed"); ok && x.size >= 3000 {
			say(v >= 15, "a seed at least 15 times faster than the floor of the API: %.1f (%s)", v, where)
		}
		if v, ok := x.figure("shell to seed"); ok {
			say(v >= 20, "a seed at least 20 times faster than the shell way: %.1f (%s)", v, where)
		}
		if v, ok := x.figure("verify ratio"); ok {
			say(v <= 1.3, "verify at most 1.3 times its floor: %.2f (%s)", v, where)
		}
		if v, ok := x.figure("renew ratio"); ok && x.size >= 1000 {
			say(v <= 1.3, "certs renew --all at most 1.3 times its floor: %.2f (%s)", v, where)
		}
		if v, ok := x.figure("list CPU"); ok && x.size >= 3000 {
			say(v <= 0.5, "certs list within 0.5 s of CPU: %.2f s (%s)", v, where)
		}
		if most := x.peak(); x.size > apiSize {
			say(most < 512, "peak memory under 512 MiB: %.0f MiB (%s)", most, where)
		} else if x.size >= 3000 {
			say(most < 150, "peak memory under 150 MiB: %.0f MiB (%s)", most, where)
		}
	}
	if small, large, ok := r.growth(); ok {
		say(large <= 4*small, "a seed of 10,000 components within 4 times one of 3,000: %.1f", large/small)
	}
	if constant, ok := r.constant(); ok {
		say(constant, "adding one component costs the same calls at every size")
	}
	return s.String()
}

// growth is what a seed costs at 3,000 and at 10,000 components, where both were measured.
func (r *report) growth() (small, large float64, ok bool) {
	for _, x := range r.rows {
		switch v, _ := x.figure("seed"); x.size {
		case 3000:
			small = v
		case 10000:
			large = v
		}
	}
	return small, large, small > 0 && large > 0
}

// peak is the most memory that any command took.
func (r row) peak() float64 {
	most := 0.0
	for _, s := range r.rounds {
		for name, figure := range s {
			if strings.HasSuffix(name, " MiB") {
				most = max(most, figure)
			}
		}
	}
	return most
}

// constant reports whether every add on three members made the same calls; ok is
// whether there are two sizes to compare.
func (r *report) constant() (constant, ok bool) {
	var first calls
	sizes := map[int]bool{}
	constant = true
	for _, x := range r.rows {
		if x.kind.members != 3 {
			continue
		}
		for _, made := range x.calls {
			if first == nil {
				first = made
			}
			sizes[x.size] = true
			constant = constant && made.String() == first.String()
		}
	}
	return constant, len(sizes) > 1
}

// write replaces the file but for the part that people wrote.
func (r *report) write(file string) error {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	kept := ""
	if i := strings.Index(string(text), byHand); i >= 0 {
		kept = "\n" + string(text[i:])
	}
	return os.WriteFile(file, []byte(r.head()+r.tables()+kept), 0o644)
}

func (r *report) head() string {
	var sizes []string
	for _, n := range r.sizes {
		sizes = append(sizes, fmt.Sprint(n))
	}
	m := r.machine
	return fmt.Sprintf(`# Benchmarks

Written by `+"`make bench`"+` but for the last section. Every figure is the median of its rounds; ratios
are the medians of the rounds' own ratios, so that both sides ran within the same minutes.

- Command: `+"`make bench SIZES=\"%s\" ROUNDS=%d`"+`
- Machine: %d cores (%s), %s memory, %s, %s, files on %s; load average %s when it began
- Versions: %s

Each component reads and writes a prefix of its own and reads a shared one: five calls that change
etcd, and four files. The etcd processes (lockstep-etcd) run on the same machine and take part in
its cores. Clusters with TLS are started from the folders that lockstep wrote, which exist before the clock starts, with
their CAs; plain http is for the floor and the shell way alone, since lockstep refuses it.

- **Floor**: a Go program of its own that makes the least calls in the best order by bare clientv3, 128
  together, auth on at the end, and keys, certificates and the same four files by bare crypto/x509,
  each file and folder forced to disk once. It checks nothing, reads nothing, and cannot be repeated.
- **Shell**: cfssl and cfssljson, and etcdctl, one process per step (e2e/bench/shell.sh).
- **With a seed**: lockstep bootstrap --seed on the same folders, and restore.sh of every member one after the other, on this
  machine; the members start afterwards, and the proof follows. Above %d components this is the only way that is measured.
- **Verify's floor**: as each component the same connection and Txns as lockstep verify made,
  and as root the same reads, by bare clientv3; nothing is compared.
- **The floor of certs renew**: for every certificate of a component or member the same two files by bare
  crypto/x509, for the same key: the new certificate, and the old one in retired/, each file and folder forced to
  disk once. It works in a copy of the PKI folder, in turns with lockstep, %d times a round.
- Bootstrap without its proof ends when auth is on and root has got in through every member. **Changes
  alone** leaves out its two looks as well: at the members and at etcd before anything is changed, and,
  before auth is on, every component's certificate shown to every member.

`, strings.Join(sizes, " "), r.rounds, m.cores, m.cpu, m.memory, m.kernel, m.system, m.files, m.load, strings.Join(r.versions, ", "), apiSize, renewals)
}
