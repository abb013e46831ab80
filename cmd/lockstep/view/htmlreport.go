package view

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/roles"
)

//go:embed report.css
var reportStyle string

// Report is the answer of verify as one page that can be forwarded: the verdict, the findings,
// who reads and writes what, and when certificates end. It needs no other file and runs no
// program in the browser.
func Report(p Proof, entries []certgen.Entry) ([]byte, error) {
	var out bytes.Buffer
	if err := reportOf(p, entries).write(&out); err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	return printableLines(out.String()), nil
}

// printableLines is text in which nothing but an end of line moves or hides other text.
func printableLines(text string) []byte {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = Printable(line)
	}
	return []byte(strings.Join(lines, "\n"))
}

// reportValues is what the page shows.
type reportValues struct {
	Cluster, Made, Verdict string
	InStep                 bool
	Numbers                []string
	Findings               []findingView
	Skipped                []verify.Skip
	Components             []componentView
	Source                 string // whose users and roles the table shows
	Spaces                 []spaceView
	Superusers             string
	Ends                   []endView
}

type findingView struct{ Severity, Code, Subject, Text, Remedy, Accepted string }

type componentView struct {
	Name, User, Role, Allowed, Refused, Until, Why string
	Proven                                         bool
}

type spaceView struct{ Keys, Read, Write string }

// endView is one certificate on the line of time, whose length is a year.
type endView struct {
	Name, State, Ends, Left string
	Share                   int // percent of the year; at least 1
	Bad                     bool
}

func reportOf(p Proof, entries []certgen.Entry) reportValues {
	v := reportValues{Cluster: p.Evidence.Policy.Cluster.Name, Made: p.Evidence.Now.UTC().Format("2006-01-02 15:04 MST"), InStep: p.InStep(), Skipped: p.Report.Skipped, Verdict: "not in step"}
	if v.InStep {
		v.Verdict = "in step"
	}
	v.Numbers = []string{
		fmt.Sprintf("%d components", len(p.Evidence.Proofs)), fmt.Sprintf("%d members", len(p.Evidence.Members)),
		fmt.Sprintf("%d checks passed", len(p.Report.Passed)), fmt.Sprintf("%d not made", len(p.Report.Skipped)),
	}
	for _, f := range p.Report.Findings {
		v.Findings = append(v.Findings, findingView{f.Severity.String(), f.Code, f.About(), f.Text, f.Remedy, ""})
	}
	for _, a := range p.Report.Accepted {
		v.Findings = append(v.Findings, findingView{"accepted", a.Code, a.Subject.Name, a.Text, a.Reason, a.Until.Format(time.DateOnly)})
	}
	for _, x := range p.Evidence.Proofs {
		d := componentDocument(x)
		v.Components = append(v.Components, componentView{Name: d.Name, User: d.User, Role: d.Role, Proven: d.Proven, Why: d.NotProven, Until: until(x),
			Allowed: fmt.Sprintf("%d of %d", d.Allowed.Proven, d.Allowed.Asked), Refused: fmt.Sprintf("%d of %d", d.Refused.Proven, d.Refused.Asked)})
	}
	v.matrix(p)
	v.ends(entries, p.Evidence.Now)
	return v
}

// matrix is who reads and writes what: by etcd where it was read.
func (v *reportValues) matrix(p Proof) {
	state, source := roles.Desired(p.Evidence.Policy), "the policy"
	if p.Evidence.Auth != nil {
		state, source = *p.Evidence.Auth, "etcd"
	}
	v.Source, v.Superusers = source, strings.Join(state.Superusers(), ", ")
	for _, space := range state.Matrix() {
		v.Spaces = append(v.Spaces, spaceView{space.Range.Target(), usersText(space.Read), usersText(space.Write)})
	}
}

// mostEnds is how many certificates the line of time shows: those that end first.
const mostEnds = 50

func (v *reportValues) ends(entries []certgen.Entry, now time.Time) {
	for _, e := range slices.Clone(entries) {
		if e.Health == certgen.HealthRetired || len(v.Ends) == mostEnds {
			continue
		}
		end := endView{Name: e.Name, State: string(e.Health), Share: 1, Bad: e.Health.Attention(), Ends: "-", Left: "-"}
		if !e.Ends.IsZero() {
			left := e.Ends.Sub(now)
			end.Ends, end.Left = e.Ends.UTC().Format(time.DateOnly), "ended"
			if left > 0 {
				end.Left = verify.Days(left)
				end.Share = max(1, min(100, int(left*100/(365*24*time.Hour))))
			}
		}
		v.Ends = append(v.Ends, end)
	}
}
