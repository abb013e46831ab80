package handover_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/handover"
	"lockstep/policies/hint"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	p := parse(t, edge)
	other, _ := issued(t, p, "felix")
	without := func(name string) func(*handover.Identity) {
		return func(id *handover.Identity) {
			id.Files = slices.DeleteFunc(id.Files, func(f handover.File) bool { return f.Name == name })
		}
	}
	with := func(name string, content []byte) func(*handover.Identity) {
		return func(id *handover.Identity) {
			without(name)(id)
			id.Files = append(id.Files, handover.File{Name: name, Content: content})
		}
	}
	content := func(id handover.Identity, name string) []byte {
		return id.Files[slices.IndexFunc(id.Files, func(f handover.File) bool { return f.Name == name })].Content
	}
	for _, test := range []struct {
		identity string
		change   func(*handover.Identity)
		at       time.Duration
		want     string
		exit     hint.Exit
	}{
		{"cni", func(*handover.Identity) {}, 0, "<nil>", hint.Done},
		{"members/etcd1", func(*handover.Identity) {}, 0, "<nil>", hint.Done},
		{"members/etcd1", without("peer.key"), 0, "members/etcd1/peer.key is not in the PKI folder: the key of members/etcd1 was delivered, and lockstep keeps no copy", hint.Failed},
		{"cni", without("client.crt"), 0, "components/cni/client.crt is not in the PKI folder: cni has no certificate yet", hint.Failed},
		{"cni", with("client.crt", []byte("no PEM")), 0, "reading components/cni/client.crt: this is not PEM", hint.Failed},
		{"cni", with("client.key", []byte("no PEM")), 0, "reading components/cni/client.key: this is not PEM", hint.Failed},
		{"cni", with("client.key", content(other, "client.key")), 0, "components/cni/client.key belongs to another certificate than components/cni/client.crt", hint.Failed},
		{"cni", func(id *handover.Identity) { id.Files = other.Files }, 0, `components/cni/client.crt is not signed by the client CA`, hint.Refused},
		{"cni", func(*handover.Identity) {}, 91 * 24 * time.Hour, "components/cni/client.crt expired on 2026-07-30 12:00 UTC: it is not handed over", hint.Refused},
	} {
		id, cas := issued(t, p, test.identity)
		test.change(&id)
		err := id.Check(cas, now.Add(test.at))
		if got := fmt.Sprint(err); !strings.HasPrefix(got, test.want) || hint.Of(err) != test.exit {
			t.Errorf("%s: got %s (exit %d), want %s (exit %d)", test.identity, got, hint.Of(err), test.want, test.exit)
		}
	}
	id, cas := issued(t, p, "cni")
	cert, err := certgen.ParseCertificate(content(id, "client.crt"))
	if err != nil {
		t.Fatal(err)
	}
	cas.revoked = append(cas.revoked, cert.SerialNumber)
	if err := id.Check(cas, now); hint.Of(err) != hint.Refused || err.Error() != "components/cni/client.crt is revoked: it is not handed over" {
		t.Errorf("revoked: %v", err)
	}
	id, err = handover.Find(p, "theirs")
	if err != nil {
		t.Fatal(err)
	}
	if err := id.Check(nil, now); err == nil || err.Error() != "the certificate of theirs is external (/elsewhere/theirs.crt): its key is not in the PKI folder" {
		t.Errorf("theirs: %v", err)
	}
}

func TestPKCS12(t *testing.T) {
	t.Parallel()
	p := parse(t, edge)
	id, _ := issued(t, p, "cni")
	export, err := handover.PKCS12(id, "secret")
	if err != nil || len(export.Files) != 1 || !export.Files[0].Secret() {
		t.Fatalf("%v, %v", export, err)
	}
	file := export.Files[0].Content
	renewed, _ := issued(t, p, "cni")
	rotated := id
	rotated.Files = append(slices.Clone(id.Files[:2]), handover.File{Name: "ca.crt", Content: slices.Concat(id.Files[2].Content, renewed.Files[2].Content)})
	two, err := handover.PKCS12(rotated, "secret")
	if err != nil {
		t.Fatal(err)
	}
	bare := id
	bare.Files = id.Files[:2]
	member, _ := issued(t, p, "members/etcd1")
	for _, test := range []struct {
		name     string
		id       handover.Identity
		content  []byte
		password string
		want     bool
	}{
		{"the same", id, file, "secret", true},
		{"another password", id, file, "Secret", false},
		{"another certificate", renewed, file, "secret", false},
		{"two server CAs", rotated, two.Files[0].Content, "secret", true},
		{"one server CA of two", id, two.Files[0].Content, "secret", false},
		{"no CA", bare, file, "secret", false},
		{"cut off", id, file[:len(file)-1], "secret", false},
		{"empty", id, nil, "secret", false},
		{"a member", member, file, "secret", false},
	} {
		if got := handover.SamePKCS12(test.id, test.content, test.password); got != test.want {
			t.Errorf("%s: got %v", test.name, got)
		}
	}
	same(t, text(handover.PKCS12(member, "secret")), "error: format pkcs12 holds one certificate, and members/etcd1 has 2\nhint: Use --format tar or tls-setup.\n")
}
