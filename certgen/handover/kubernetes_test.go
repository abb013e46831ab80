package handover_test

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"lockstep/certgen/handover"
)

// kubernetes is the manifests with the entries of the Secret decoded.
func kubernetes(t *testing.T, name string, at handover.Place) string {
	t.Helper()
	entry := regexp.MustCompile(`(?m)^(  [a-zA-Z.-]+: )([A-Za-z0-9+/=]+)$`)
	return entry.ReplaceAllStringFunc(text(handover.Kubernetes(words(t, name), at)), func(line string) string {
		key, value, _ := strings.Cut(line, ": ")
		decoded, err := base64.StdEncoding.DecodeString(value)
		if err != nil || !bytes.HasSuffix(decoded, []byte("\n")) {
			return line
		}
		return key + ": <" + strings.TrimSpace(string(decoded)) + ">"
	})
}

func TestKubernetes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"calico-node": `== "" 0600
# Component calico-node, user "calico-node" of etcd, written by lockstep certs export. It holds a private key.
# kubectl apply --server-side -f: a plain apply copies the key into an annotation.
apiVersion: v1
kind: Secret
metadata:
  name: "calico-node-etcd-secrets"
  namespace: "kube-system"
  labels:
    app.kubernetes.io/managed-by: lockstep
type: Opaque
data:
  etcd-ca: <server CA>
  etcd-cert: <client certificate>
  etcd-key: <client key>
---
# Its configuration, where its files lie in /calico-secrets.
apiVersion: v1
kind: ConfigMap
metadata:
  name: "calico-node-etcd-config"
  namespace: "kube-system"
  labels:
    app.kubernetes.io/managed-by: lockstep
data:
  DATASTORE_TYPE: "etcdv3"
  ETCD_CA_CERT_FILE: "/calico-secrets/etcd-ca"
  ETCD_CERT_FILE: "/calico-secrets/etcd-cert"
  ETCD_ENDPOINTS: "https://10.0.0.11:2379,https://10.0.0.12:2379"
  ETCD_KEY_FILE: "/calico-secrets/etcd-key"
note: In the manifest of calico-node, name the Secret calico-node-etcd-secrets, whose files it finds in /calico-secrets, and the ConfigMap calico-node-etcd-config (github.com/projectcalico/calico, manifests/calico-etcd.yaml).
`,
		"kube-apiserver": `== "" 0600
# Component kube-apiserver, user "kube-apiserver" of etcd, written by lockstep certs export. It holds a private key.
# kubectl apply --server-side -f: a plain apply copies the key into an annotation.
apiVersion: v1
kind: Secret
metadata:
  name: "kube-apiserver-etcd"
  labels:
    app.kubernetes.io/managed-by: lockstep
type: kubernetes.io/tls
data:
  ca.crt: <server CA>
  tls.crt: <client certificate>
  tls.key: <client key>
---
# Its configuration, where its files lie in /etc/etcd/kube-apiserver.
apiVersion: v1
kind: ConfigMap
metadata:
  name: "kube-apiserver-etcd-config"
  labels:
    app.kubernetes.io/managed-by: lockstep
data:
  flags: |
    --etcd-servers=https://10.0.0.11:2379,https://10.0.0.12:2379
    --etcd-prefix=/registry
    --etcd-cafile=/etc/etcd/kube-apiserver/ca.crt
    --etcd-certfile=/etc/etcd/kube-apiserver/tls.crt
    --etcd-keyfile=/etc/etcd/kube-apiserver/tls.key
    --etcd-compaction-interval=0
`,
		"odd": `== "" 0600
# Component odd, user "odd" of etcd, written by lockstep certs export. It holds a private key.
# kubectl apply --server-side -f: a plain apply copies the key into an annotation.
apiVersion: v1
kind: Secret
metadata:
  name: "odd-odd"
  labels:
    app.kubernetes.io/managed-by: lockstep
type: Opaque
data:
  a: <server CA>
  b: <client certificate>
  c: <client key>
---
# Its configuration, where its files lie in /odd.
apiVersion: v1
kind: ConfigMap
metadata:
  name: "odd-odd-config"
  labels:
    app.kubernetes.io/managed-by: lockstep
data:
  config: "users:\n  - odd für https://10.0.0.11:2379\n  - odd für https://10.0.0.12:2379\n"
note: In the manifest of odd, name the Secret odd-odd, whose files it finds in /odd, and the ConfigMap odd-odd-config (the test).
`,
		"billing_eu": `error: "billing_eu-etcd" is not a name for a Secret
hint: Give it another name with --secret: small letters, digits, hyphens and dots.
`,
		"proxies/proxy1": `== "" 0600
# The folder proxies/proxy1, written by lockstep certs export. It holds a private key.
# kubectl apply --server-side -f: a plain apply copies the key into an annotation.
apiVersion: v1
kind: Secret
metadata:
  name: "proxies-proxy1"
  labels:
    app.kubernetes.io/managed-by: lockstep
type: Opaque
data:
  server.crt: <server certificate>
  server.key: <server key>
  client.crt: <client certificate>
  client.key: <client key>
  client-ca.crt: <client CA>
  server-ca.crt: <server CA>
  client.crl: <list>
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			same(t, kubernetes(t, name, handover.Place{}), want)
		})
	}
}

func TestKubernetesTakesOtherNames(t *testing.T) {
	t.Parallel()
	got := kubernetes(t, "billing_eu", handover.Place{Secret: "123", Namespace: "shop"})
	for _, want := range []string{
		"# Component billing_eu, user \"Billing: EU\" of etcd,",
		"  name: \"123\"\n  namespace: \"shop\"\n",
		"  name: \"123-config\"\n",
		"  ETCDCTL_CERT: \"/etc/etcd/billing_eu/tls.crt\"\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
	for place, want := range map[handover.Place]string{
		{Secret: "-a"}:                     `error: "-a" is not a name for a Secret`,
		{Secret: "a\nkind: Pod"}:           `error: "a\nkind: Pod" is not a name for a Secret`,
		{Secret: strings.Repeat("a", 254)}: `is not a name for a Secret`,
		{Namespace: "kube.system"}:         `error: "kube.system" is not a namespace`,
		{Namespace: "Shop"}:                `error: "Shop" is not a namespace`,
	} {
		if got := kubernetes(t, "cni", place); !strings.Contains(got, want) || strings.Contains(got, "== ") {
			t.Errorf("%+v: got %s, want %s", place, got, want)
		}
	}
}
