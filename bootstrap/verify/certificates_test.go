package verify

import (
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/certgen/folder"
	"lockstep/policies"
	"lockstep/policies/hint"
)

const twoComponents = `
apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, members: [{name: etcd1, hosts: [10.0.0.11]}]}
components:
  - {name: flannel, permissions: [{prefix: /net/, access: readwrite}]}
  - {name: reader, permissions: [{prefix: /net/, access: read}]}
`

// pki is a real folder, made by certgen for a policy, for a case to spoil.
type pki struct {
	t      *testing.T
	path   string
	folder *folder.Folder
	policy *policies.Policy
	now    time.Time
}

func newPKI(t *testing.T) *pki {
	t.Helper()
	p := &pki{t: t, path: filepath.Join(t.TempDir(), "pki"), policy: parse(t, twoComponents), now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	f, err := folder.Create(p.path, folder.External{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	p.folder = f
	plan := certgen.Diff(certgen.Desired(p.policy), p.state(), p.now)
	if err := f.Apply(t.Context(), plan, func() time.Time { return p.now }, 4, func(certgen.Step) {}); err != nil {
		t.Fatal(err)
	}
	return p
}

func parse(t *testing.T, text string) *policies.Policy {
	t.Helper()
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *pki) state() certgen.State {
	p.t.Helper()
	s, err := p.folder.Observe()
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

func (p *pki) file(name string) string { return filepath.Join(p.path, filepath.FromSlash(name)) }

func (p *pki) do(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *pki) copy(from, to string) {
	p.t.Helper()
	text, err := os.ReadFile(p.file(from))
	p.do(err)
	p.do(os.MkdirAll(filepath.Dir(p.file(to)), 0o700))
	p.do(os.WriteFile(p.file(to), text, 0o600))
}

// link puts a symbolic link to what lay there, now elsewhere, in its place.
func (p *pki) link(name string) {
	p.t.Helper()
	to := filepath.Join(p.t.TempDir(), "moved")
	p.do(os.Rename(p.file(name), to))
	p.do(os.Symlink(to, p.file(name)))
}

var hexadecimal = regexp.MustCompile(`/[0-9a-f]{20,}\.`)

func TestCertificateChecks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*pki)
		want  []string
	}{
		"sound": {func(*pki) {}, nil},
		"a certificate is gone": {
			func(p *pki) { p.do(os.RemoveAll(p.file("components/flannel"))) },
			[]string{"error certificates/missing: components/flannel/client.crt: missing"}, // and all that lies beside it
		},
		"the key was delivered": {func(p *pki) { p.do(os.Remove(p.file("components/flannel/client.key"))) }, nil},
		"another user's certificate": {
			func(p *pki) {
				p.copy("components/reader/client.crt", "components/flannel/client.crt")
				p.copy("components/reader/client.key", "components/flannel/client.key")
			},
			[]string{
				`critical certificates/identity: components/flannel/client.crt: its certificate has CN "reader", and should have "flannel"`,
			},
		},
		"root's pair and a CA's key under other names": {
			func(p *pki) {
				p.root(time.Hour)
				p.copy("root/client.crt", "components/reader/admin.crt")
				p.copy("root/client.key", "components/reader/deep/er/admin.key")
				p.copy("ca/client.key", "components/reader/notes.txt")
				p.copy("ca/peer.key", "members/etcd1/peer.crt")
				p.copy("components/reader/client.crt", "components/reader/client.crt.old") // in its own place
				p.copy("components/reader/client.key", "components/reader/client.key.old")
				p.do(os.Chmod(p.file("components/reader/deep/er/admin.key"), 0o644))
				p.do(os.Chmod(p.file("members/etcd1/peer.crt"), 0o640))
			},
			[]string{
				`critical certificates/identity: components/reader/admin.crt: holds a certificate of the client CA for user "root", whose place is root/`,
				"critical certificates/identity: components/reader/deep/er/admin.key: holds the key of root/client.crt",
				"critical certificates/identity: components/reader/notes.txt: holds the key of the client CA",
				"critical certificates/identity: members/etcd1/peer.crt: holds the key of the peer CA",
				"critical certificates/key-mode: components/reader/deep/er/admin.key: holds a private key and has mode 0644, and others may use it",
				"critical certificates/key-mode: members/etcd1/peer.crt: holds a private key and has mode 0640, and others may use it",
				`error certificates/defective: members/etcd1/peer.crt: its certificate cannot be read: a PEM block "PRIVATE KEY" is where a certificate belongs`,
				"warning certificates/stray: components/reader/admin.crt: belongs to no member, proxy or component of the policy",
				"warning certificates/stray: components/reader/client.crt.old: belongs to no member, proxy or component of the policy",
				"warning certificates/stray: components/reader/client.key.old: belongs to no member, proxy or component of the policy",
				"warning certificates/stray: components/reader/deep/: belongs to no member, proxy or component of the policy",
				"warning certificates/stray: components/reader/notes.txt: belongs to no member, proxy or component of the policy",
			},
		},
		"a pair that no policy names, of a user that it names": {
			func(p *pki) {
				p.copy("components/reader/client.crt", "components/old/client.crt")
				p.copy("components/reader/client.key", "components/old/client.key")
			},
			[]string{
				`critical certificates/identity: components/old/client.crt: holds a certificate of the client CA for user "reader", whose place is components/reader/`,
				"critical certificates/identity: components/old/client.key: holds the key of components/reader/client.crt",
				"error certificates/unnamed: components/old/client.crt: the policy does not name it any more",
			},
		},
		"a key in other text, and one that is cut off": {
			func(p *pki) {
				key, err := os.ReadFile(p.file("ca/server.key"))
				p.do(err)
				p.do(os.WriteFile(p.file("a.yaml"), []byte("key: |\n  "+strings.ReplaceAll(string(key), "\n", "\n  ")), 0o600))
				p.do(os.WriteFile(p.file("b"), key[:len(key)/2], 0o644))
			},
			[]string{
				"critical certificates/identity: a.yaml: holds the key of the server CA",
				"critical certificates/key-mode: b: holds a private key and has mode 0644, and others may use it",
				"warning certificates/stray: a.yaml: belongs to no member, proxy or component of the policy",
				"warning certificates/stray: b: belongs to no member, proxy or component of the policy",
			},
		},
		"another key": {
			func(p *pki) { p.copy("components/reader/client.key", "components/flannel/client.key") },
			[]string{
				"critical certificates/identity: components/flannel/client.key: holds the key of components/reader/client.crt",
			},
		},
		"70 days later": {
			func(p *pki) { p.now = p.now.Add(70 * 24 * time.Hour) },
			[]string{
				"warning certificates/due: components/flannel/client.crt: ends on 2027-02-22, in 20 days",
				"warning certificates/due: components/reader/client.crt: ends on 2027-02-22, in 20 days",
			},
		},
		"a key that others may read": {
			func(p *pki) { p.do(os.Chmod(p.file("components/flannel/client.key"), 0o644)) },
			[]string{"critical certificates/key-mode: components/flannel/client.key: its mode is 0644"},
		},
		"a component that the policy does not name": {
			func(p *pki) {
				p.policy = parse(p.t, strings.Replace(twoComponents, "  - {name: reader, permissions: [{prefix: /net/, access: read}]}\n", "", 1))
			},
			[]string{"error certificates/unnamed: components/reader/client.crt: the policy does not name it any more"},
		},
		"a stray file": {
			func(p *pki) { p.do(os.WriteFile(p.file("notes.txt"), nil, 0o600)) },
			[]string{"warning certificates/stray: notes.txt: belongs to no member, proxy or component of the policy"},
		},
		"a changed environment": {
			func(p *pki) { p.do(os.WriteFile(p.file("members/etcd1/etcd.env"), []byte("ETCD_NAME=x\n"), 0o644)) },
			[]string{"error certificates/files: members/etcd1/etcd.env: differs from the policy"},
		},
		"revoked": {
			func(p *pki) { p.revoke(certgen.ClientCA, "components/flannel/client") },
			[]string{
				"error certificates/revoked: components/flannel/client.crt: is revoked",
			},
		},
		"revoked by the list of another CA": {
			func(p *pki) {
				p.revoke(certgen.ClientCA, "members/etcd1/server")
				p.revoke(certgen.PeerCA, "components/flannel/client")
			},
			[]string{
				"error certificates/revoked: components/flannel/client.crt: has a serial number that the peer CA's list names, which members read for other members alone: it is not refused where it is used",
				"error certificates/revoked: members/etcd1/server.crt: has a serial number that the client CA's list names, which members read for clients alone: it is not refused where it is used",
			},
		},
		"a retired certificate that the list of another CA names": {
			func(p *pki) {
				leaf := p.state().Pairs["components/reader/client"].Leaf
				p.copy("components/reader/client.crt", certgen.RetiredPath("reader", leaf))
				p.revoke(certgen.PeerCA, "components/reader/client")
				p.do(os.RemoveAll(p.file("components/reader")))
				p.policy = parse(p.t, strings.Replace(twoComponents, "  - {name: reader, permissions: [{prefix: /net/, access: read}]}\n", "", 1))
			},
			[]string{"error certificates/revoked: retired/reader/SERIAL.crt: has a serial number that the peer CA's list names, which members read for other members alone: it is not refused where it is used"},
		},
		"a list whose life is over": {
			func(p *pki) { p.list(certgen.ClientCA, p.now.Add(-366*24*time.Hour)) },
			[]string{"error certificates/crl: client.crl: should have been replaced by 2026-11-23: software other than etcd does not take it any more"},
		},
		"a list whose life is over, and a member without one": {
			func(p *pki) {
				p.list(certgen.PeerCA, p.now.Add(-366*24*time.Hour))
				p.do(os.Remove(p.file("members/etcd1/peer.crl")))
			},
			[]string{
				"error certificates/crl: peer.crl: should have been replaced by 2026-11-23: software other than etcd does not take it any more",
				"error certificates/files: members/etcd1/peer.crl: missing",
			},
		},
		"a key that is a link": {
			func(p *pki) { p.link("components/flannel/client.key") },
			[]string{"error certificates/unread: components/flannel/client.key: is a symbolic link, and none is followed inside the PKI folder"},
		},
		"a certificate that is a link, and a stray link": {
			func(p *pki) {
				p.link("components/flannel/client.crt")
				p.do(os.Symlink("/", p.file("elsewhere")))
			},
			[]string{
				"error certificates/unread: components/flannel/client.crt: is a symbolic link, and none is followed inside the PKI folder",
				"error certificates/unread: elsewhere: is a symbolic link, and none is followed inside the PKI folder",
			},
		},
		"a member's folder that is a link": {
			func(p *pki) { p.link("members/etcd1") },
			[]string{"error certificates/unread: members/etcd1: is a symbolic link, and none is followed inside the PKI folder"},
		},
		"a CA's certificate that is a link": {
			func(p *pki) { p.link("ca/client.crt") },
			[]string{
				"critical certificates/authority: : ca/client.crt cannot be read (ca/client.crt is a symbolic link, and none is followed inside the PKI folder): bring back the right file from a copy",
				"error certificates/unread: ca/client.crt: is a symbolic link, and none is followed inside the PKI folder",
			},
		},
		"a CA's key that others may read": {
			func(p *pki) { p.do(os.Chmod(p.file("ca/server.key"), 0o640)) },
			[]string{"critical certificates/ca-key: ca/server.key: has mode 0640, and others may use it: only 0600 is accepted"},
		},
		"a CA's key of another CA": {
			func(p *pki) { p.copy("ca/client.key", "ca/server.key") },
			[]string{"critical certificates/ca-key: ca/server.key: is not the key of ca/server.crt"},
		},
		"root's key that others may read": {
			func(p *pki) {
				p.root(time.Hour)
				p.do(os.Chmod(p.file("root/client.key"), 0o604))
			},
			[]string{"critical certificates/key-mode: root/client.key: has mode 0604, and others may use it: only 0600 is accepted"},
		},
		"folders that others may write": {
			func(p *pki) {
				for _, dir := range []string{".", "ca", "components", "members/etcd1"} {
					p.do(os.Chmod(p.file(dir), 0o770))
				}
				p.do(os.Mkdir(p.file("retired"), 0o700))
				p.do(os.Mkdir(p.file("notes"), 0o700))
				for _, dir := range []string{"retired", "notes"} {
					p.do(os.Chmod(p.file(dir), 0o702))
				}
			},
			[]string{
				"critical certificates/folder-mode: .: PKI has mode 0770: others could exchange what lies in it",
				"critical certificates/folder-mode: ca, components, members/etcd1: has mode 0770: others could exchange what lies in it",
				"critical certificates/folder-mode: notes: has mode 0702: others could exchange what lies in it",
				"critical certificates/folder-mode: retired: has mode 0702: others could exchange what lies in it",
				"warning certificates/stray: notes/: belongs to no member, proxy or component of the policy",
			},
		},
		"keys that git would take": {
			func(p *pki) { p.do(os.WriteFile(p.file(".gitignore"), []byte("*\n!ca/\n!ca/*.key\n"), 0o644)) },
			[]string{"error certificates/gitignore: .gitignore: git would take ca/client.key and 2 other files with private keys into a repository"},
		},
		"certificates that git would take": {
			func(p *pki) { p.do(os.WriteFile(p.file(".gitignore"), []byte("# public\n*.key\n"), 0o644)) },
			nil,
		},
		"a password that git would take": {
			func(p *pki) {
				p.do(os.WriteFile(p.file(".gitignore"), []byte("*.key\n"), 0o644))
				p.do(p.folder.WriteSecret(certgen.RecoveryFile, []byte("x")))
			},
			[]string{"error certificates/gitignore: .gitignore: git would take recovery into a repository"},
		},
		"no .gitignore": {
			func(p *pki) { p.do(os.Remove(p.file(".gitignore"))) },
			[]string{"error certificates/files: .gitignore: missing"},
		},
		"root's certificate": {func(p *pki) { p.root(time.Hour) }, nil},
		"root's certificate for a long time": {
			func(p *pki) { p.root(400 * 24 * time.Hour) },
			[]string{"error certificates/root: root/client.crt: is valid until 2027-12-29: the holder of its key is root until then, and root's certificate is made for 30 days at most"},
		},
		"root's certificate for the longest time": {func(p *pki) { p.root(certgen.RootLongest) }, nil},
		"root's certificate, expired, and revoked before": {
			func(p *pki) {
				p.root(time.Hour)
				p.revoke(certgen.ClientCA, "root/client")
				p.now = p.now.Add(2 * time.Hour)
			},
			nil,
		},
		"root's certificate, revoked": {
			func(p *pki) {
				p.root(time.Hour)
				p.revoke(certgen.ClientCA, "root/client")
			},
			[]string{"error certificates/revoked: root/client.crt: is revoked"},
		},
		"root's certificate in the other list": {
			func(p *pki) {
				p.root(time.Hour)
				p.revoke(certgen.PeerCA, "root/client")
			},
			[]string{"error certificates/revoked: root/client.crt: has a serial number that the peer CA's list names, which members read for other members alone: it is not refused where it is used"},
		},
		"another user's pair in root/": {
			func(p *pki) {
				p.copy("components/flannel/client.crt", "root/client.crt")
				p.copy("components/flannel/client.key", "root/client.key")
			},
			[]string{`critical certificates/identity: root/client.crt: its certificate has CN "flannel", and should have "root"`},
		},
		"a certificate of no user in root/": {
			func(p *pki) {
				p.copy("canary/client.crt", "root/client.crt")
				p.copy("canary/client.key", "root/client.key")
			},
			[]string{`critical certificates/identity: root/client.crt: its certificate has no CN, and should have "root"`, "error certificates/revoked: root/client.crt: is revoked"},
		},
		"another key in root/, and another CA": {
			func(p *pki) {
				p.root(time.Hour)
				p.copy("canary/client.key", "root/client.key")
				p.copy("ca/peer.crt", "root/ca.crt")
			},
			[]string{
				"error certificates/root: root/ca.crt: differs from the server CA's certificate",
				"error certificates/root: root/client.crt: its key belongs to another certificate",
			},
		},
		"no certificate in root/": {
			func(p *pki) {
				p.root(time.Hour)
				p.do(os.Remove(p.file("root/client.crt")))
			},
			[]string{"error certificates/root: root/client.crt: is missing beside its key"},
		},
		"writes that were cut off": {
			func(p *pki) {
				p.copy("components/flannel/client.key", "components/flannel/client.key.new")
				p.copy("components/flannel/client.crt", "components/flannel/client.crt.new")
				for _, name := range []string{".gitignore.new", "ca/peer.key.new", "canary/client.crt.new", "client.crl.new", "members/etcd1/etcd.env.new", "recovery.new"} {
					p.do(os.WriteFile(p.file(name), []byte("x"), 0o600))
				}
				p.do(os.Mkdir(p.file("components/gone"), 0o700))
			},
			[]string{
				"warning certificates/unfinished: .gitignore: its writing was cut off",
				"warning certificates/unfinished: ca/peer: its writing was cut off",
				"warning certificates/unfinished: canary/client: its writing was cut off",
				"warning certificates/unfinished: client.crl: its writing was cut off",
				"warning certificates/unfinished: components/flannel/client: its writing was cut off",
				"warning certificates/unfinished: components/gone: its removal was cut off",
				"warning certificates/unfinished: members/etcd1/etcd.env: its writing was cut off",
				"warning certificates/unfinished: recovery: its writing was cut off",
			},
		},
		"files that others may write": {
			func(p *pki) {
				p.do(p.folder.WriteSecret(certgen.RecoveryFile, []byte("x")))
				for _, name := range []string{".gitignore", "client.crl", "ca/client.crt", "components/flannel/ca.crt", "members/etcd1/etcd.env", "canary/peer.crt", "recovery", "components/reader/client.key"} {
					p.do(os.Chmod(p.file(name), 0o664))
				}
			},
			[]string{
				"critical certificates/file-mode: .gitignore and 5 more: has mode 0664: others could change it",
				"critical certificates/key-mode: components/reader/client.key: its mode is 0664",
				"critical certificates/key-mode: recovery: has mode 0664, and others may use it: only 0600 is accepted",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPKI(t)
			c.spoil(p)
			state, err := p.folder.Inspect()
			p.do(err)
			_, recovery := os.Stat(p.file(certgen.RecoveryFile))
			e := &Evidence{Policy: p.policy, Now: p.now, Folder: &state, Recovery: recovery == nil}
			e.Offline = true
			got := lines(e, slices.Concat(certificateChecks(), authorityChecks(), folderChecks(), listChecks()))
			for i := range got {
				got[i] = hexadecimal.ReplaceAllString(strings.ReplaceAll(got[i], p.path, "PKI"), "/SERIAL.")
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// root writes root's certificate, valid for ttl.
func (p *pki) root(ttl time.Duration) {
	p.t.Helper()
	plan := certgen.DiffRoot(p.policy, ttl, p.state(), p.now)
	p.do(p.folder.Apply(p.t.Context(), plan, func() time.Time { return p.now }, 1, nil))
}

// revoke writes a list of ca that revokes one certificate, with the same number as the first,
// empty list: openssl's do not always count up.
func (p *pki) revoke(ca certgen.CA, pair string) {
	p.t.Helper()
	p.list(ca, p.now.Add(time.Hour), p.state().Pairs[pair].Leaf)
}

// list writes the list of ca, made at that time, everywhere: it revokes these certificates,
// and names the canary.
func (p *pki) list(ca certgen.CA, made time.Time, revoked ...*x509.Certificate) {
	p.t.Helper()
	text, err := os.ReadFile(p.file(certgen.CAPath(ca) + ".key"))
	p.do(err)
	key, err := authority.ParseKey(text)
	p.do(err)
	var entries []x509.RevocationListEntry
	for _, leaf := range append(revoked, p.state().Pairs[certgen.CanaryPath(ca)].Leaf) {
		entries = append(entries, x509.RevocationListEntry{SerialNumber: leaf.SerialNumber, RevocationTime: made})
	}
	issuer := p.state().Pairs[certgen.CAPath(ca)].Leaf
	list, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: made, NextUpdate: made.Add(365 * 24 * time.Hour), RevokedCertificateEntries: entries,
	}, issuer, key)
	p.do(err)
	for _, name := range []string{certgen.CRLFile(ca), "members/etcd1/" + certgen.CRLFile(ca)} {
		p.do(os.WriteFile(p.file(name), list, 0o644))
	}
}

// A folder whose CAs others could exchange is not even read.
func TestOpenFoldersAreRefused(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"ca":              "ca has mode 0775: others could exchange what lies in it",
		"ca/client.crt":   "ca/client.crt has mode 0775: others could change it",
		"root/client.crt": "root/client.crt has mode 0775: others could change it",
	} {
		p := newPKI(t)
		p.root(time.Hour)
		p.do(os.Chmod(p.file(name), 0o775))
		_, err := p.folder.Observe()
		if err == nil || !strings.HasSuffix(err.Error(), want) || hint.Of(err) != hint.Refused {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Only what our client CA signed makes a user ours.
func TestOwnership(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	other := newPKI(t)
	foreign, err := os.ReadFile(other.file("components/reader/client.crt"))
	p.do(err)
	p.do(os.RemoveAll(p.file("components/reader")))
	p.do(os.MkdirAll(p.file("components/reader"), 0o700))
	p.do(os.WriteFile(p.file("components/reader/client.crt"), foreign, 0o600))
	owned, err := Ownership(p.state())
	p.do(err)
	for user, want := range map[string]bool{"flannel": true, "reader": false, "root": false, "": false} {
		if got := owned(user); got != want {
			t.Errorf("user %q: got %v, want %v", user, got, want)
		}
	}
}
