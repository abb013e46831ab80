package view

import (
	"encoding/xml"
	"fmt"
	"strings"

	"lockstep/bootstrap/verify"
)

// junitSuite is a report in the form that build servers read (the attributes that Jenkins and
// GitLab agree on): a test case for each check, and one for each identity that was proven.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Time     string      `xml:"timestamp,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
	Out     string        `xml:"system-out,omitempty"` // findings that do not count
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit is the answer for build servers.
func (p Proof) JUnit() ([]byte, error) {
	s := junitSuite{Name: "lockstep verify " + p.Evidence.Policy.Cluster.Name, Time: p.Evidence.Now.UTC().Format("2006-01-02T15:04:05")}
	found := map[string][]verify.Finding{}
	var codes []string
	for _, f := range p.Report.Findings {
		if found[f.Code] == nil {
			codes = append(codes, f.Code)
		}
		found[f.Code] = append(found[f.Code], f)
	}
	for _, code := range append(codes, p.Report.Passed...) {
		s.add(p.junitCheck(code, found[code]))
	}
	for _, k := range p.Report.Skipped {
		c := junitCheckNamed(k.Code)
		c.Skipped = &junitMessage{Message: Printable(k.Reason), Text: Printable("remedy: " + k.Remedy)}
		s.add(c)
	}
	for _, x := range p.Evidence.Proofs {
		c := junitCase{Class: "proof", Name: x.Component}
		if d := componentDocument(x); !x.Proven() && d.NotProven != "" {
			c.Skipped = &junitMessage{Message: Printable(d.NotProven)}
		}
		s.add(c)
	}
	out, err := xml.MarshalIndent(s, "", "  ")
	return append([]byte(xml.Header), append(asciiXML(out), '\n')...), err
}

// asciiXML writes every character beyond ASCII as a reference: text from outside must not
// change what a terminal shows.
func asciiXML(document []byte) []byte {
	var out []byte
	for _, r := range string(document) {
		if r > '~' {
			out = fmt.Appendf(out, "&#x%x;", r)
			continue
		}
		out = append(out, byte(r))
	}
	return out
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if c.Failure != nil {
		s.Failures++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
}

func junitCheckNamed(code string) junitCase {
	area, name, _ := strings.Cut(code, "/")
	return junitCase{Class: area, Name: name}
}

// junitCheck is one check with what it found. Its failure is the gravest finding that counts.
func (p Proof) junitCheck(code string, findings []verify.Finding) junitCase {
	c := junitCheckNamed(code)
	var failed, noted []string
	from := verify.Error
	if p.FailOn != nil {
		from = *p.FailOn
	}
	for _, f := range findings {
		text := Printable(strings.TrimPrefix(fmt.Sprintf("%s: %s (remedy: %s)", f.About(), f.Text, f.Remedy), ": "))
		if f.Severity > from {
			noted = append(noted, f.Severity.String()+": "+text)
			continue
		}
		if c.Failure == nil {
			c.Failure = &junitMessage{Message: Printable(strings.TrimPrefix(f.About()+": "+f.Text, ": ")), Type: f.Severity.String()}
		}
		failed = append(failed, text)
	}
	if c.Failure != nil {
		c.Failure.Text = strings.Join(failed, "\n")
	}
	c.Out = strings.Join(noted, "\n")
	return c
}
