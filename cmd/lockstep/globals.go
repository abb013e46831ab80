package main

import (
	"time"

	"github.com/spf13/pflag"

	"lockstep/cmd/lockstep/view"
)

// globals is the outside and the flags that every command has.
type globals struct {
	app
	policy  []string // files and folders; - is stdin
	pki     string   // "" is pki beside the policy
	output  format
	yes     bool
	verbose bool
	noColor bool
	timeout time.Duration

	printer *view.Printer // made by answers; nil until then

	out, errs *outlet // stdout and stderr, which remember what could not be written; nil in tests without Run
}

const defaultPolicy = "lockstep.yaml"

func (g *globals) flags(fs *pflag.FlagSet) {
	g.output = format(view.Text)
	fs.StringArrayVarP(&g.policy, "policy", "f", []string{defaultPolicy}, "policy `FILE`, folder of .yaml files, or - for stdin; several are one policy")
	fs.StringVar(&g.pki, "pki", "", "`DIR` of keys and certificates (default: pki beside the policy)")
	fs.VarP(&g.output, "output", "o", "how answers are written: text or json (verify: also junit, sarif)")
	fs.BoolVar(&g.yes, "yes", false, "make changes without asking; needed where there is no terminal")
	fs.BoolVarP(&g.verbose, "verbose", "v", false, "a line on stderr for every step, and every line of a long plan")
	fs.BoolVar(&g.noColor, "no-color", false, "no colour, as NO_COLOR in the environment")
	durationVar(fs, &g.timeout, "timeout", 30*time.Second, "how long etcd may take to answer")
}

// answer writes the command's one answer to stdout.
func (g *globals) answer(a view.Answer) error {
	if g.printer == nil {
		g.printer = view.NewPrinter(g.stdout, view.Format(g.output), g.colour(g.stdoutTerminal))
	}
	return g.printer.Print(a)
}

// answered reports whether the answer is out: stdout then takes nothing else.
func (g *globals) answered() bool { return g.printer != nil && g.printer.Printed() }

// progress tells on stderr how far the command is.
func (g *globals) progress() *view.Progress {
	p := view.NewProgress(g.stderr, g.stderrTerminal, g.now)
	p.Verbose = g.verbose
	return p
}

// colour reports whether a terminal wants colour (no-color.org).
func (g *globals) colour(terminal bool) bool {
	no, _ := g.env("NO_COLOR")
	kind, _ := g.env("TERM")
	return terminal && no == "" && kind != "dumb" && !g.noColor
}

// format is view.Format as a flag.
type format view.Format

func (f *format) String() string { return string(*f) }
func (f *format) Type() string   { return "FORMAT" }

func (f *format) Set(s string) error {
	parsed, err := view.ParseFormat(s)
	if err == nil {
		*f = format(parsed)
	}
	return err
}
