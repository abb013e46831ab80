package presets

import (
	"fmt"
	"testing"
)

func TestKubernetes(t *testing.T) {
	t.Parallel()
	preset, problems := read(t, `
permissions: []
kubernetes:
  secret: "{name}-tls"
  namespace: shop
  keys: {ca: ca.pem, cert: cert.pem, key: key.pem}
  folder: /run/etcd
  source: the test
`)
	if problems != nil {
		t.Fatal(problems)
	}
	want := Kubernetes{Secret: "billing-tls", Namespace: "shop", CA: "ca.pem", Cert: "cert.pem", Key: "key.pem", Folder: "/run/etcd", Source: "the test"}
	if got := preset.Kubernetes.For("billing"); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := (Preset{}).Kubernetes.For("billing"); got != (Kubernetes{}) {
		t.Errorf("without the field: %+v", got)
	}
}

// What ends up in a manifest has no room for anything else.
func TestKubernetesRefuses(t *testing.T) {
	t.Parallel()
	const whole = `secret: a, keys: {ca: a, cert: b, key: c}, folder: /etc, source: the test`
	for fields, want := range map[string]string{
		whole: "[]",
		`secret: "{who}", keys: {ca: a, cert: b, key: c}, folder: /etc, source: s`:       "[kubernetes.secret: {who} stands for nothing]",
		`secret: a, keys: {ca: a, cert: b, key: c}, folder: etc, source: s`:              "[kubernetes.folder: \"etc\" is not an absolute path of letters, digits, dots, hyphens and underscores]",
		`secret: a, keys: {ca: a, cert: b, key: c}, folder: "/a: b", source: s`:          "[kubernetes.folder: \"/a: b\" is not an absolute path of letters, digits, dots, hyphens and underscores]",
		`secret: a, keys: {ca: a, cert: b, key: c}, folder: /../a, source: s`:            "[kubernetes.folder: \"/../a\" is not an absolute path of letters, digits, dots, hyphens and underscores]",
		`secret: a, keys: {ca: "a: b", cert: b, key: c}, folder: /etc, source: the test`: "[kubernetes.keys.ca: \"a: b\" is not a key of a Secret: letters, digits, dots, hyphens and underscores]",
		`secret: a, keys: {ca: a, cert: b}, folder: /etc, source: the test`:              "[kubernetes.keys.key: is missing]",
		`secret: a, keys: {ca: a, cert: b, key: c}, folder: /etc`:                        "[kubernetes.source: is missing]",
		whole + `, kind: Pod`: "[kubernetes.kind: unknown field]",
	} {
		_, problems := read(t, "permissions: []\nkubernetes: {"+fields+"}\n")
		got := []string{}
		for _, p := range problems {
			got = append(got, p.Path+": "+p.Message)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s:\ngot  %v\nwant %v", fields, got, want)
		}
	}
}

func TestEveryBuiltinSecretSaysWhereItComesFrom(t *testing.T) {
	t.Parallel()
	found := 0
	for _, p := range List() {
		k := p.Kubernetes
		if k == (Kubernetes{}) {
			continue
		}
		found++
		if k.Secret == "" || k.CA == "" || k.Cert == "" || k.Key == "" || k.Folder == "" || k.Source == "" {
			t.Errorf("%s: %+v: nothing but the namespace may be missing", p.Name, k)
		}
	}
	if found < 7 {
		t.Errorf("%d presets say which Secret their software expects", found)
	}
}
