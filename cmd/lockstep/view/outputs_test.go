package view

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/xml"
	"errors"
	"io"
	"math/big"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies"
)

// proofOf is a report with a finding of each severity, an accepted one, a check that was not
// made, and text from outside.
func proofOf(t *testing.T) Proof {
	t.Helper()
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(`apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, endpoints: ["https://10.0.0.11:2379"]}
certificates: {ca: {cert: ca.pem}}
components: [{name: app, permissions: [{prefix: "/<a>&/", access: readwrite}]}, {name: web, permissions: []}]
`)})
	if err != nil {
		t.Fatal(err)
	}
	user, err := policies.ParseUserName("app")
	if err != nil {
		t.Fatal(err)
	}
	finding := func(s verify.Severity, code, subject, text string) verify.Finding {
		return verify.Finding{Severity: s, Code: code, Subject: verify.Subject{Name: subject}, Text: text, Remedy: "mend <it>"}
	}
	evil := "<b>\x1b[31m\u202e&\"'"
	return Proof{
		Kind:     "Verify",
		Evidence: &verify.Evidence{Policy: p, Now: time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC), Proofs: []verify.Proof{{Component: "app", User: user, Role: "app", Allowed: 2, Refused: 3}, {Component: "web", NotLive: "its key is not here"}}},
		Report: verify.Report{
			Findings: []verify.Finding{
				finding(verify.Critical, "users/unmanaged-root", evil, "is "+evil), finding(verify.Error, "users/missing", "web", "etcd has none"),
				finding(verify.Error, "users/missing", "x", "etcd has none"), finding(verify.Warning, "certificates/stray", "notes.txt", "belongs to nothing"),
				finding(verify.Info, "certificates/stray", "old.txt", "was ours"),
			},
			Accepted: []verify.AcceptedFinding{{Finding: finding(verify.Warning, "members/learner", "etcd3", "is a learner"), Until: time.Date(2027, 6, 30, 0, 0, 0, 0, time.UTC), Reason: "grows"}},
			Passed:   []string{"auth/off"},
			Skipped:  []verify.Skip{{Code: "members/root", Reason: "no " + evil, Remedy: "bring it"}},
		},
	}
}

// wellFormed reads a document to its end.
func wellFormed(t *testing.T, document []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(document))
	d.Entity = xml.HTMLEntity
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
	}
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	document, err := proofOf(t).JUnit()
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, document)
	const want = `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="lockstep verify edge" tests="7" failures="2" skipped="2" timestamp="2026-11-27T12:00:00">
  <testcase classname="users" name="unmanaged-root">
    <failure message="&lt;b&gt;\x1b[31m\u202e&amp;&#34;&#39;: is &lt;b&gt;\x1b[31m\u202e&amp;&#34;&#39;" type="critical">&lt;b&gt;\x1b[31m\u202e&amp;&#34;&#39;: is &lt;b&gt;\x1b[31m\u202e&amp;&#34;&#39; (remedy: mend &lt;it&gt;)</failure>
  </testcase>
  <testcase classname="users" name="missing">
    <failure message="web: etcd has none" type="error">web: etcd has none (remedy: mend &lt;it&gt;)&#xA;x: etcd has none (remedy: mend &lt;it&gt;)</failure>
  </testcase>
  <testcase classname="certificates" name="stray">
    <system-out>warning: notes.txt: belongs to nothing (remedy: mend &lt;it&gt;)&#xA;info: old.txt: was ours (remedy: mend &lt;it&gt;)</system-out>
  </testcase>
  <testcase classname="auth" name="off"></testcase>
  <testcase classname="members" name="root">
    <skipped message="no &lt;b&gt;\x1b[31m\u202e&amp;&#34;&#39;">remedy: bring it</skipped>
  </testcase>
  <testcase classname="proof" name="app"></testcase>
  <testcase classname="proof" name="web">
    <skipped message="its key is not here"></skipped>
  </testcase>
</testsuite>
`
	if diff := cmp.Diff(want, string(document)); diff != "" {
		t.Error(diff)
	}
	for from, want := range map[verify.Severity]string{verify.Critical: `failures="1"`, verify.Error: `failures="2"`, verify.Info: `failures="3"`} {
		p := proofOf(t)
		p.FailOn = &from
		document, err = p.JUnit()
		if err != nil || !strings.Contains(string(document), want) {
			t.Errorf("from %s: %v %s", from, err, document)
		}
	}
}

// The page shows text from outside as text, and needs nothing from elsewhere.
func TestReportPage(t *testing.T) {
	t.Parallel()
	leaf := &x509.Certificate{SerialNumber: big.NewInt(7), NotAfter: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
	page, err := Report(proofOf(t), []certgen.Entry{{Name: "app", Cert: leaf, Ends: leaf.NotAfter, Health: certgen.HealthSound}, {Name: "web", Health: certgen.HealthAbsent}})
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, regexp.MustCompile(`(<meta[^>]*)>`).ReplaceAll(page, []byte("$1/>"))) // HTML has elements without an end
	for _, want := range []string{
		`<h1>edge: <span class="bad">not in step</span></h1>`, `&lt;b&gt;\x1b[31m\u202e`, `<td class="warning">warning</td>`, `<td class="info">info</td>`, "accepted until 2027-06-30",
		`<code>prefix &#34;/&lt;a&gt;&amp;/&#34;</code></td><td>app</td><td>app</td>`, "2 of 2", "its key is not here", "34 days", `style="width: 9%"`,
	} {
		if !strings.Contains(string(page), want) {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	for _, never := range []string{"<b>", "<script", "http:", "https:", "<img", "url("} {
		if strings.Contains(string(page), never) {
			t.Errorf("%s in the page", never)
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	leaf := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: `a"b`, Organization: []string{"edge"}}, Issuer: pkix.Name{CommonName: "edge client CA"},
		NotBefore: time.Unix(1000, 0), NotAfter: time.Unix(2000, 0)}
	p := proofOf(t)
	text, err := Metrics(p, []certgen.Entry{{Name: "app", File: "components/app/client.crt", Cert: leaf}, {Name: "web"}}, "pki", nil)
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	if _, err := parser.TextToMetricFamilies(bytes.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"lockstep_in_step 0\n", `lockstep_findings{severity="critical"} 1` + "\n", `lockstep_findings{severity="error"} 2` + "\n", `lockstep_findings{severity="warning"} 1` + "\n", `lockstep_findings{severity="info"} 1` + "\n",
		"lockstep_findings_accepted 1\n", "lockstep_checks_passed 1\n", "lockstep_checks_not_made 1\n", `lockstep_component_in_step{component="app",user="app"} 1` + "\n",
		`lockstep_component_in_step{component="web",user=""} 0` + "\n", "lockstep_last_full_run_timestamp_seconds 1.7957808e+09\n",
		`x509_cert_not_after{filename="client.crt",filepath="pki/components/app/client.crt",issuer_CN="edge client CA",issuer_O="",serial_number="7",subject_CN="a\"b",subject_O="edge"} 2000` + "\n",
		`subject_O="edge"} 1000` + "\n", "x509_cert_expired{",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	p.Evidence.Offline = true
	if again, err := Metrics(p, nil, "pki", text); err != nil || !strings.Contains(string(again), "lockstep_last_full_run_timestamp_seconds 1.7957808e+09\n") {
		t.Errorf("%v\n%s", err, again)
	}
	if again, err := Metrics(p, nil, "pki", []byte("{")); err != nil || strings.Contains(string(again), "lockstep_last_full_run") {
		t.Errorf("%v\n%s", err, again)
	}
}

// The gravest comes first, then a line for each component, and the verdict is the last line.
func TestProofTextBeginsWithTheGravest(t *testing.T) {
	t.Parallel()
	s := &Sheet{out: &bytes.Buffer{}}
	proofOf(t).Text(s)
	var begins []string
	for line := range strings.Lines(s.out.String()) {
		if word, _, _ := strings.Cut(strings.TrimSpace(line), " "); !strings.HasPrefix(line, "  ") {
			begins = append(begins, word)
		}
	}
	want := []string{"critical", "error", "error", "warning", "info", "accepted", "not", "", "COMPONENT", "app", "web", "", "not"}
	if diff := cmp.Diff(want, begins); diff != "" {
		t.Errorf("%s\n%s", diff, s.out)
	}
}
