package handover_test

import (
	"archive/tar"
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/certgen/handover"
	"lockstep/policies"
	"lockstep/policies/hint"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

const edge = `apiVersion: lockstep/v1
kind: Policy
cluster:
  name: edge
  members:
    - {name: etcd1, hosts: [10.0.0.11]}
    - {name: etcd2, hosts: [10.0.0.12]}
  proxies:
    - {name: proxy1, hosts: [10.0.0.21]}
presets:
  odd:
    permissions: []
    config: |
      users:
        - {name} für {endpoint}
    kubernetes:
      secret: odd-{name}
      keys: {ca: a, cert: b, key: c}
      folder: /odd
      source: the test
components:
  - {name: calico-node, preset: calico/node}
  - {name: cni, preset: calico/cni}
  - {name: calicoctl, preset: calico/calicoctl}
  - {name: felix, preset: calico/felix}
  - {name: kube-apiserver, preset: kubernetes/kube-apiserver}
  - {name: cilium, preset: cilium}
  - {name: coredns, preset: coredns}
  - {name: billing_eu, user: "Billing: EU", permissions: []}
  - {name: odd, preset: odd}
  - {name: ca, permissions: []}
  - {name: theirs, permissions: [], certificate: {file: /elsewhere/theirs.crt}}
`

func parse(t *testing.T, text string) *policies.Policy {
	t.Helper()
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// words is the identity with a word in place of each file's content.
func words(t *testing.T, name string) handover.Identity {
	t.Helper()
	id, err := handover.Find(parse(t, edge), name)
	if err != nil {
		t.Fatal(err)
	}
	add := func(name, content string, mode fs.FileMode) {
		id.Files = append(id.Files, handover.File{Name: name, Mode: mode, Modified: now, Content: []byte(content)})
	}
	for _, p := range id.Profiles {
		stem := path.Base(p.Path)
		add(stem+".crt", stem+" certificate\n", 0o644)
		add(stem+".key", stem+" key\n", 0o600)
	}
	if id.IsComponent() {
		add("ca.crt", "server CA\n", 0o644)
		return id
	}
	add("client-ca.crt", "client CA\n", 0o644)
	add("server-ca.crt", "server CA\n", 0o644)
	add("client.crl", "list\n", 0o644)
	if strings.HasPrefix(name, "members/") {
		add("peer-ca.crt", "peer CA\n", 0o644)
	}
	return id
}

// text is an export in one text: each file with its mode, then the notes.
func text(e handover.Export, err error) string {
	var b strings.Builder
	if err != nil {
		fmt.Fprintf(&b, "error: %v\nhint: %s\n", err, hint.Text(err))
	}
	for _, f := range e.Files {
		fmt.Fprintf(&b, "== %q %04o\n%s", f.Name, f.Mode, f.Content)
	}
	for _, note := range e.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	return b.String()
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	p := parse(t, edge)
	for name, want := range map[string]string{
		"cni":              "components/cni: [components/cni/client]",
		"members/etcd1":    "members/etcd1: [members/etcd1/server members/etcd1/peer]",
		"proxies/proxy1":   "proxies/proxy1: [proxies/proxy1/server proxies/proxy1/client]",
		"etcd1":            `the policy has no component, member or proxy "etcd1"`,
		"members/etcd9":    `the policy has no component, member or proxy "members/etcd9"`,
		"members":          `the policy has no component, member or proxy "members"`,
		"ca/client":        `the policy has no component, member or proxy "ca/client"`,
		"components/cni":   `the policy has no component, member or proxy "components/cni"`,
		"../pki/ca/client": `the policy has no component, member or proxy "../pki/ca/client"`,
		"":                 `the policy has no component, member or proxy ""`,
	} {
		id, err := handover.Find(p, name)
		got := fmt.Sprint(err)
		if err == nil {
			var paths []string
			for _, profile := range id.Profiles {
				paths = append(paths, profile.Path)
			}
			got = fmt.Sprintf("%s: %v", id.Dir, paths)
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}

func TestPEM(t *testing.T) {
	t.Parallel()
	same(t, text(handover.PEM(words(t, "cni"))), `== "" 0600
client key
client certificate
server CA
`)
	same(t, text(handover.PEM(words(t, "members/etcd1"))), `error: format pem holds one certificate, and members/etcd1 has 2
hint: Use --format tar or tls-setup.
`)
	id := words(t, "cni")
	id.Files = id.Files[:2]
	same(t, text(handover.PEM(id)), `== "" 0600
client key
client certificate
note: The CA of the members' certificates is not part of it: the policy names endpoints, whose certificates lockstep does not make.
`)
}

func TestTLSSetup(t *testing.T) {
	t.Parallel()
	same(t, text(handover.TLSSetup(words(t, "members/etcd1"))), `== "etcd1.pem" 0644
server certificate
== "etcd1-key.pem" 0600
server key
== "peer-etcd1.pem" 0644
peer certificate
== "peer-etcd1-key.pem" 0600
peer key
== "ca.pem" 0644
server CA
== "client-ca.pem" 0644
client CA
== "peer-ca.pem" 0644
peer CA
note: ca.pem is the server CA: what clients trust (--cacert, ETCD_CA_CERT_FILE).
note: client-ca.pem is the client CA: give it to --trusted-ca-file, with --client-cert-auth.
note: peer-ca.pem is the peer CA: give it to --peer-trusted-ca-file, with --peer-client-cert-auth.
note: This layout has no revocation lists: take client.crl from members/etcd1 of the PKI folder.
`)
	same(t, text(handover.TLSSetup(words(t, "proxies/proxy1"))), `== "proxy1.pem" 0644
server certificate
== "proxy1-key.pem" 0600
server key
== "client-proxy1.pem" 0644
client certificate
== "client-proxy1-key.pem" 0600
client key
== "ca.pem" 0644
server CA
== "client-ca.pem" 0644
client CA
note: ca.pem is the server CA: what clients trust (--cacert, ETCD_CA_CERT_FILE).
note: client-ca.pem is the client CA: give it to --trusted-ca-file, with --client-cert-auth.
note: This layout has no revocation lists: take client.crl from proxies/proxy1 of the PKI folder.
`)
	same(t, text(handover.TLSSetup(words(t, "cni"))), `== "cni.pem" 0644
client certificate
== "cni-key.pem" 0600
client key
== "ca.pem" 0644
server CA
note: ca.pem is the server CA: what clients trust (--cacert, ETCD_CA_CERT_FILE).
`)
	same(t, text(handover.TLSSetup(words(t, "ca"))), `error: handing over ca as tls-setup: ca.pem would be both its own file and a CA's
hint: Use another format, or give the component another name.
`)
}

func TestCalico(t *testing.T) {
	t.Parallel()
	same(t, text(handover.Calico(words(t, "calicoctl"))), `== "" 0600
apiVersion: projectcalico.org/v3
kind: CalicoAPIConfig
metadata:
spec:
  datastoreType: etcdv3
  etcdEndpoints: "https://10.0.0.11:2379,https://10.0.0.12:2379"
  etcdCACert: |
    server CA
  etcdCert: |
    client certificate
  etcdKey: |
    client key
`)
	same(t, text(handover.Calico(words(t, "cni"))), `== "etcd-ca" 0644
server CA
== "etcd-cert" 0644
client certificate
== "etcd-key" 0600
client key
== "cni.json" 0644
{
  "etcd_endpoints": "https://10.0.0.11:2379,https://10.0.0.12:2379",
  "etcd_ca_cert_file": "/etc/cni/net.d/calico-tls/etcd-ca",
  "etcd_cert_file": "/etc/cni/net.d/calico-tls/etcd-cert",
  "etcd_key_file": "/etc/cni/net.d/calico-tls/etcd-key"
}
note: Copy the folder to /etc/cni/net.d/calico-tls: the paths in it begin there.
note: cni.json has the fields that belong into the plugin's entry of /etc/cni/net.d/10-calico.conflist.
`)
	same(t, text(handover.Calico(words(t, "felix"))), `== "ca.crt" 0644
server CA
== "tls.crt" 0644
client certificate
== "tls.key" 0600
client key
== "calico.env" 0644
FELIX_DATASTORETYPE=etcdv3
FELIX_ETCDENDPOINTS=https://10.0.0.11:2379,https://10.0.0.12:2379
FELIX_ETCDCAFILE=/etc/etcd/felix/ca.crt
FELIX_ETCDCERTFILE=/etc/etcd/felix/tls.crt
FELIX_ETCDKEYFILE=/etc/etcd/felix/tls.key
note: Copy the folder to /etc/etcd/felix: the paths in it begin there.
`)
	for _, name := range []string{"coredns", "members/etcd1"} {
		same(t, text(handover.Calico(words(t, name))), `error: format calico is for components with a preset of Calico's, and `+name+` has none
hint: lockstep presets lists them; --format tar, pem and tls-setup are for every component.
`)
	}
}

func TestTarHasTheFolderAndIsOwnedByRoot(t *testing.T) {
	t.Parallel()
	export, err := handover.Tar(words(t, "cni"))
	if err != nil || export.Folder || len(export.Files) != 1 || !export.Files[0].Secret() {
		t.Fatalf("%v, %v", export, err)
	}
	var got strings.Builder
	for r := tar.NewReader(bytes.NewReader(export.Files[0].Content)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		content, _ := io.ReadAll(r)
		fmt.Fprintf(&got, "%s %04o %d:%d %q %s %q\n", h.Name, h.Mode, h.Uid, h.Gid, h.Uname+h.Gname, h.ModTime.UTC().Format(time.RFC3339), content)
	}
	same(t, got.String(), `cni/ 0700 0:0 "" 2026-05-01T12:00:00Z ""
cni/client.crt 0644 0:0 "" 2026-05-01T12:00:00Z "client certificate\n"
cni/client.key 0600 0:0 "" 2026-05-01T12:00:00Z "client key\n"
cni/ca.crt 0644 0:0 "" 2026-05-01T12:00:00Z "server CA\n"
`)
}

// issued is name's folder with real certificates, and the CAs that issued them.
func issued(t *testing.T, p *policies.Policy, name string) (handover.Identity, evidence) {
	t.Helper()
	id, err := handover.Find(p, name)
	if err != nil {
		t.Fatal(err)
	}
	cas := map[certgen.CA]*authority.Authority{}
	for _, profile := range certgen.Desired(p).Profiles {
		if profile.Kind == certgen.KindCA {
			if cas[profile.CA], _, err = authority.Create(profile, now); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, profile := range id.Profiles {
		pair, err := authority.Mint(t.Context(), cas[profile.CA], profile, now)
		if err != nil {
			t.Fatal(err)
		}
		key, err := authority.EncodeKey(pair.PrivateKey.(crypto.Signer))
		if err != nil {
			t.Fatal(err)
		}
		stem := path.Base(profile.Path)
		id.Files = append(id.Files, handover.File{Name: stem + ".crt", Mode: 0o644, Content: certgen.EncodeCertificate(pair.Leaf)},
			handover.File{Name: stem + ".key", Mode: 0o600, Content: key})
	}
	id.Files = append(id.Files, handover.File{Name: "ca.crt", Mode: 0o644, Content: certgen.EncodeCertificate(cas[certgen.ServerCA].Certificate())})
	return id, evidence{cas: cas}
}

// evidence is CAs, and the serial numbers that they have revoked.
type evidence struct {
	cas     map[certgen.CA]*authority.Authority
	revoked []*big.Int
}

func (e evidence) Trust(ca certgen.CA) (certgen.TrustSet, error) {
	return certgen.TrustSet{Current: e.cas[ca].Certificate()}, nil
}

func (e evidence) Revoked(ca certgen.CA, serial *big.Int) (bool, error) {
	return slices.ContainsFunc(e.revoked, func(n *big.Int) bool { return n.Cmp(serial) == 0 }), nil
}
