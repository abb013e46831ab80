package handover

import (
	"encoding/json"
	"fmt"
	"strings"

	"lockstep/policies/hint"
	"lockstep/policies/presets"
)

// Calico is what a component with one of Calico's presets is given: calicoctl one
// calicoctl.cfg that holds everything, the others a folder with etcd-ca, etcd-cert and
// etcd-key and, beside them, CNI's fields in JSON or the variables of the other programs.
func Calico(id Identity) (Export, error) {
	program, calico := strings.CutPrefix(id.Preset.Name, "calico/")
	if !calico {
		return Export{}, hint.With(fmt.Errorf("format calico is for components with a preset of Calico's, and %s has none", id.Name),
			"lockstep presets lists them; --format tar, pem and tls-setup are for every component.")
	}
	if strings.HasPrefix(program, "calicoctl") {
		return single([]byte(id.calicoctl()), id.certificateNotes()...), nil
	}
	form := id.form()
	e := Export{Folder: true, Notes: id.notes()}
	e.add(form.CA, 0o644, id.file("ca.crt"))
	e.add(form.Cert, 0o644, id.file("client.crt"))
	e.add(form.Key, 0o600, id.file("client.key"))
	e.Notes = append(e.Notes, fmt.Sprintf("Copy the folder to %s: the paths in it begin there.", form.Folder))
	if program == "cni" {
		fields, err := id.cniFields(form)
		e.add("cni.json", 0o644, fields)
		e.Notes = append(e.Notes, "cni.json has the fields that belong into the plugin's entry of /etc/cni/net.d/10-calico.conflist.")
		return e, err
	}
	text, left := id.configured(form)
	e.add("calico.env", 0o644, []byte(text))
	e.Notes = append(e.Notes, left...)
	return e, nil
}

// calicoctl is a calicoctl.cfg with certificate and key in it.
// https://docs.tigera.io/calico/latest/operations/calicoctl/configure/etcd
func (id Identity) calicoctl() string {
	var b strings.Builder
	b.WriteString("apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\nmetadata:\nspec:\n  datastoreType: etcdv3\n")
	fmt.Fprintf(&b, "  etcdEndpoints: %s\n", scalar(strings.Join(id.Endpoints, ",")))
	for _, e := range []entry{{"etcdCACert", string(id.file("ca.crt"))}, {"etcdCert", string(id.file("client.crt"))}, {"etcdKey", string(id.file("client.key"))}} {
		if e.value != "" {
			fmt.Fprintf(&b, "  %s: %s\n", e.key, scalar(e.value))
		}
	}
	return b.String()
}

// cniFields is the fields of Calico's CNI plugin that say where etcd is and who it is there.
func (id Identity) cniFields(form presets.Kubernetes) ([]byte, error) {
	fields := struct {
		Endpoints string `json:"etcd_endpoints"`
		CA        string `json:"etcd_ca_cert_file,omitempty"`
		Cert      string `json:"etcd_cert_file"`
		Key       string `json:"etcd_key_file"`
	}{Endpoints: strings.Join(id.Endpoints, ","), Cert: form.Folder + "/" + form.Cert, Key: form.Folder + "/" + form.Key}
	if id.file("ca.crt") != nil {
		fields.CA = form.Folder + "/" + form.CA
	}
	text, err := json.MarshalIndent(fields, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing CNI's fields of %s: %w", id.Name, err)
	}
	return append(text, '\n'), nil
}
