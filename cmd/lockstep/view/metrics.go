package view

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
)

// lastRun is the time of the last run in which etcd was asked and members answered.
const lastRun = "lockstep_last_full_run_timestamp_seconds"

// Metrics is a report in Prometheus' text format, for node_exporter's textfile collector. Names
// and labels of certificates are those of x509-certificate-exporter. before is what the file
// held: where etcd could not be judged now, the time of the last full run stays.
func Metrics(p Proof, entries []certgen.Entry, folder string, before []byte) ([]byte, error) {
	m := metrics{}
	m.gauge("lockstep_in_step", "Whether policy, certificates and etcd agree (1) or not (0).", truth(p.InStep()))
	counts := map[verify.Severity]int{}
	for _, f := range p.Report.Findings {
		counts[f.Severity]++
	}
	for _, s := range verify.Severities() {
		m.gauge("lockstep_findings", "Findings of the last run, by severity.", float64(counts[s]), "severity", s.String())
	}
	m.gauge("lockstep_findings_accepted", "Findings that the policy accepts.", float64(len(p.Report.Accepted)))
	m.gauge("lockstep_checks_passed", "Checks that found nothing.", float64(len(p.Report.Passed)))
	m.gauge("lockstep_checks_not_made", "Checks that could not look.", float64(len(p.Report.Skipped)))
	for _, x := range p.Evidence.Proofs {
		m.gauge("lockstep_component_in_step", "Whether etcd answered the component as the policy says (1); 0 also when it was not proven.", truth(x.Proven()), "component", x.Component, "user", x.User.String())
	}
	for _, e := range entries {
		if e.Cert != nil {
			m.certificate(e, folder, p.Evidence.Now)
		}
	}
	at := float64(p.Evidence.Now.Unix())
	if p.Evidence.Offline || p.Evidence.Outage() {
		at = lastRunIn(before)
	}
	if at > 0 {
		m.gauge(lastRun, "When etcd was last asked and answered, in seconds since 1970.", at)
	}
	return m.text()
}

func truth(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// lastRunIn reads the time of the last full run from a file of metrics; 0 for none.
func lastRunIn(file []byte) float64 {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(file))
	if err != nil || len(families[lastRun].GetMetric()) == 0 {
		return 0
	}
	return families[lastRun].GetMetric()[0].GetGauge().GetValue()
}

// metrics is families of gauges in the order in which they were begun.
type metrics struct {
	families []*dto.MetricFamily
}

func (m *metrics) gauge(name, help string, value float64, labels ...string) {
	i := len(m.families) - 1
	for i >= 0 && m.families[i].GetName() != name {
		i--
	}
	if i < 0 {
		kind := dto.MetricType_GAUGE
		m.families = append(m.families, &dto.MetricFamily{Name: &name, Help: &help, Type: &kind})
		i = len(m.families) - 1
	}
	one := &dto.Metric{Gauge: &dto.Gauge{Value: &value}}
	for j := 0; j+1 < len(labels); j += 2 {
		one.Label = append(one.Label, &dto.LabelPair{Name: &labels[j], Value: &labels[j+1]})
	}
	m.families[i].Metric = append(m.families[i].Metric, one)
}

// certificate adds what x509-certificate-exporter tells of a file.
func (m *metrics) certificate(e certgen.Entry, folder string, now time.Time) {
	path := e.File
	if !filepath.IsAbs(path) {
		path = filepath.Join(folder, filepath.FromSlash(path))
	}
	labels := []string{
		"filename", filepath.Base(path), "filepath", path, "issuer_CN", e.Cert.Issuer.CommonName, "issuer_O", strings.Join(e.Cert.Issuer.Organization, ","),
		"serial_number", e.Cert.SerialNumber.String(), "subject_CN", e.Cert.Subject.CommonName, "subject_O", strings.Join(e.Cert.Subject.Organization, ","),
	}
	m.gauge("x509_cert_not_before", "Indicates the certificate's not before timestamp.", float64(e.Cert.NotBefore.Unix()), labels...)
	m.gauge("x509_cert_not_after", "Indicates the certificate's not after timestamp.", float64(e.Cert.NotAfter.Unix()), labels...)
	m.gauge("x509_cert_expired", "Indicates if the certificate is expired.", truth(!now.Before(e.Cert.NotAfter)), labels...)
}

func (m *metrics) text() ([]byte, error) {
	var out bytes.Buffer
	for _, family := range m.families {
		if _, err := expfmt.MetricFamilyToText(&out, family); err != nil {
			return nil, fmt.Errorf("writing %s: %w", family.GetName(), err)
		}
	}
	return out.Bytes(), nil
}
