package policies_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

const head = "apiVersion: lockstep/v1\nkind: Policy\n"

const small = head + `cluster: {name: edge, endpoints: ["https://10.0.0.11:2379"]}
components:
  - {name: a, permissions: [{prefix: /a/, access: read}, {key: k, access: readwrite}]}
  - {name: b, permissions: []}
`

func parse(t *testing.T, texts ...string) *policies.Policy {
	t.Helper()
	var files []policies.File
	for i, text := range texts {
		files = append(files, policies.File{Name: fmt.Sprintf("f%d", i), Text: []byte(text)})
	}
	p, err := policies.Parse(files...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTenFaultsInOneFileAreTenProblems(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/invalid/ten-faults.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = policies.Parse(policies.File{Name: "lockstep.yaml", Text: text})
	var problems strict.Problems
	if !errors.As(err, &problems) || len(problems) != 10 {
		t.Fatalf("%d problems, want 10:\n%v", len(problems), err)
	}
	for i, p := range problems {
		if want := 10 + i; p.Line != want {
			t.Errorf("problem %d is in line %d, want %d: %v", i, p.Line, want, p)
		}
	}
}

// Files that git would take for binary ones, and those too large to keep.
func TestRawFiles(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"NUL", small + "#\x00\n", "f:7:2: a NUL byte: this is not a text file"},
		{"Latin 1", small + "# \xe4\n", "f:7:3: not valid UTF-8\n  hint: save the file as UTF-8"},
		{"UTF-16", "\xff\xfea\x00", "f:1:1: not valid UTF-8\n  hint: save the file as UTF-8"},
		{"50 MB", strings.Repeat("#\n", 25_000_000), "f:1:1: the file has 50000000 bytes, the limit is 4194304\n  hint: split it into several files"},
		{"100,000 deep", small + "x: " + strings.Repeat("{a: ", 100_000), "f:7:40004: no valid YAML: exceeded max depth of 10000\n  hint: the mistake is here or before it"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := policies.Parse(policies.File{Name: "f", Text: []byte(test.text)})
			if err == nil || err.Error() != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestNoFileIsNoPolicy(t *testing.T) {
	t.Parallel()
	if p, err := policies.Parse(); err == nil || p != nil {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestDigestIsTheMeaning(t *testing.T) {
	t.Parallel()
	base := parse(t, small)
	if len(base.Digest.String()) != 64 {
		t.Errorf("digest %s", base.Digest)
	}
	same := map[string][]string{
		"comments and style": {"# x\n" + strings.Replace(small, "[]", "[  ]", 1)},
		"defaults spelt out": {strings.Replace(small, "name: a,", "name: a, user: a, role: a, identity: certificate, administrator: false, certificate: {lifetime: 2160h},", 1)},
		"default due":        {strings.Replace(small, "components:", "certificates: {renewAt: 33%}\ncomponents:", 1)},
		"other order":        {head + "components:\n  - {permissions: [], name: b}\n  - {permissions: [{key: k, access: readwrite}, {access: read, prefix: /a/}], name: a}\ncluster: {endpoints: [\"https://10.0.0.11:2379\"], name: edge}\n"},
		"two files":          {head + "components:\n  - {name: b, permissions: []}\n", strings.Replace(small, "  - {name: b, permissions: []}\n", "", 1)},
		"by preset":          {strings.Replace(small, "permissions: []}", "preset: none}\npresets: {none: {permissions: []}}", 1)},
	}
	for name, texts := range same {
		if got := parse(t, texts...); got.Digest != base.Digest {
			t.Errorf("%s: another digest", name)
		}
	}
	for _, change := range [][2]string{
		{"name: edge", "name: edges"}, {"10.0.0.11", "10.0.0.12"}, {"name: b", "name: c"}, {"access: read}", "access: write}"},
		{"prefix: /a/", "key: /a/"}, {"key: k", "key: l"}, {"name: b,", "name: b, role: x,"}, {"name: b,", "name: b, user: x, role: b,"},
		{"name: b,", "name: b, certificate: {lifetime: 1d},"}, {"name: b,", "name: b, certificate: {key: ed25519},"},
		{"name: b, permissions: []", "name: b, administrator: true"},
		{"components:", "certificates: {key: ed25519}\ncomponents:"}, {"components:", "certificates: {subject: {locality: [x]}}\ncomponents:"},
		{"components:", "certificates: {lifetimes: {ca: 1y}}\ncomponents:"}, {"components:", "certificates: {renewAt: 30d}\ncomponents:"},
		{"2379\"]}", "2379\"], proxies: [{name: p, hosts: [h]}]}"},
	} {
		if !strings.Contains(small, change[0]) {
			t.Fatalf("no %q in the policy", change[0])
		}
		if got := parse(t, strings.Replace(small, change[0], change[1], 1)); got.Digest == base.Digest {
			t.Errorf("%s to %s: the same digest", change[0], change[1])
		}
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	p := parse(t, head+"cluster: {name: edge, members: [{name: m1, hosts: [h1]}, {name: m2, hosts: [\"fd00::1\"]}]}\ncomponents: [{name: a, permissions: []}]\n")
	if got, want := p.ClientURLs(), []string{"https://h1:2379", "https://[fd00::1]:2379"}; !slices.Equal(got, want) {
		t.Errorf("client URLs %q", got)
	}
	if c, ok := p.Component("a"); !ok || c.Name != "a" {
		t.Errorf("component %+v, %t", c, ok)
	}
	if c, ok := p.Component("b"); ok || c.Name != "" {
		t.Errorf("component %+v, %t", c, ok)
	}
	if m, ok := p.Member("m2"); !ok || m.PeerURL != "https://[fd00::1]:2380" {
		t.Errorf("member %+v, %t", m, ok)
	}
	if _, ok := p.Member("m3"); ok {
		t.Error("member m3")
	}
	if got := parse(t, small).ClientURLs(); !slices.Equal(got, []string{"https://10.0.0.11:2379"}) {
		t.Errorf("endpoints %q", got)
	}
}

func TestLifetimes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"1h": time.Hour, "90d": 90 * 24 * time.Hour, "1y": 365 * 24 * time.Hour, "30y": 30 * 365 * 24 * time.Hour, "262800h": 30 * 365 * 24 * time.Hour} {
		if got, err := policies.ParseLifetime(text); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "h", "0h", "00h", "1", "1m", "1H", "-1h", "+1h", "1.5h", "1h30m", " 1h", "31y", "10951d", "262801h", "999999y", "9999999999999999999h", "1h\n"} {
		if got, err := policies.ParseLifetime(text); err == nil {
			t.Errorf("%q: %v, want an error", text, got)
		}
	}
	for d, want := range map[time.Duration]string{time.Hour: "1h", 25 * time.Hour: "25h", 48 * time.Hour: "2d", 365 * 24 * time.Hour: "1y", 366 * 24 * time.Hour: "366d", 90 * time.Second: "1m30s"} {
		if got := policies.FormatLifetime(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "A", "0", "a.b_c-d", strings.Repeat("a", 64), "rooted", "Root1", "console", "com10", "lockstep",
		"system:master", "ops@example.org", "spiffe://edge/ns/etcd", "a b", "a/b", "..", ".a", "a.", "-a", "con", "NUL.txt", "a$b", "a'b"} {
		u, err := policies.ParseUserName(name)
		r, err2 := policies.ParseRoleName(name)
		if err != nil || err2 != nil || u.String() != name || r.String() != name || u.IsZero() || r.IsZero() {
			t.Errorf("%q: %v, %v, %v, %v", name, u, r, err, err2)
		}
	}
	for _, name := range []string{"", "root", "ROOT", " a", "a ", "a\x00", "a\n", "a\x7f", "ä", "r\u043e\u043et", "a\u202eb", "a~bridge", "~", "lockstep-x", "Lockstep-x", strings.Repeat("a", 65)} {
		u, err := policies.ParseUserName(name)
		r, err2 := policies.ParseRoleName(name)
		if err == nil || err2 == nil || !u.IsZero() || !r.IsZero() {
			t.Errorf("%q: %v, %v, %v, %v", name, u, r, err, err2)
		}
	}
	for _, name := range []string{"", "root", "A", "a/b", "..", ".a", "a.", "-a", "a-", "a b", "a\x00", "ä", "a~bridge", "lockstep-x", "con", "nul.txt", "lpt1", strings.Repeat("a", 65), "a:b", "a$b"} {
		if policies.CheckName(name) == nil {
			t.Errorf("%q: it may name a folder", name)
		}
	}
	for user, want := range map[string]string{
		"app": "app", "system:master": "system-master", "ops@example.org": "ops-example.org", "spiffe://edge/ns/x": "spiffe---edge-ns-x", "A b": "a-b",
		"con": "user-con", "..": "user", "::": "user", "root:x": "root-x", strings.Repeat("a:", 32): strings.TrimRight(strings.Repeat("a-", 32), "-"),
	} {
		if got := policies.SafeName(user); got != want || policies.CheckName(got) != nil {
			t.Errorf("a component for %q: %q, want %q", user, got, want)
		}
	}
	if !(policies.UserName{}).IsZero() || policies.Root().String() != "root" || policies.RootRole().String() != "root" {
		t.Error("the zero user is a user, or root is not root")
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one := write("one.yaml", "1")
	folder := filepath.Dir(write("folder/b.yaml", "b"))
	write("folder/a.yml", "a")
	write("folder/c.txt", "c")
	write("folder/.hidden.yaml", "h")
	write("folder/sub.yaml/d.yaml", "d")
	empty := filepath.Dir(write("empty/readme.txt", ""))
	large := write("large.yaml", "")
	if err := os.Truncate(large, 50_000_000); err != nil {
		t.Fatal(err)
	}
	limit := write("limit.yaml", strings.Repeat("#", strict.MaxBytes))

	got, err := policies.Read([]string{one, folder, "-", limit}, strings.NewReader("in"))
	if err != nil {
		t.Fatal(err)
	}
	if len(got[len(got)-1].Text) != strict.MaxBytes {
		t.Errorf("the file at the limit has %d bytes", len(got[len(got)-1].Text))
	}
	want := []policies.File{{Name: one, Text: []byte("1")}, {Name: filepath.Join(folder, "a.yml"), Text: []byte("a")}, {Name: filepath.Join(folder, "b.yaml"), Text: []byte("b")}, {Name: "stdin", Text: []byte("in")}}
	if diff := cmp.Diff(want, got[:len(got)-1]); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	missing := filepath.Join(dir, "missing.yaml")
	refused := []struct {
		paths        []string
		stdin        string
		want, advice string
	}{
		{[]string{missing}, "", "reading the policy: stat " + missing + ": no such file or directory", "lockstep init writes a first policy; -f names another file"},
		{[]string{large}, "", "reading the policy: " + large + ": the file is larger than 4 MiB", "split it into several files; a policy of 3,000 components has less than one MiB"},
		{[]string{"-"}, strings.Repeat("#", strict.MaxBytes+1), "reading the policy: stdin: the file is larger than 4 MiB", "split it into several files; a policy of 3,000 components has less than one MiB"},
		{[]string{empty}, "", "reading the policy: " + empty + " holds no *.yaml or *.yml", "lockstep init -f " + filepath.Join(empty, "lockstep.yaml") + " writes a first policy there"},
		{[]string{one, dir + "/./one.yaml"}, "", "reading the policy: " + dir + "/./one.yaml is named twice", "name each file once"},
	}
	for _, test := range refused {
		_, err := policies.Read(test.paths, strings.NewReader(test.stdin))
		if err == nil || err.Error() != test.want || hint.Text(err) != test.advice {
			t.Errorf("%q:\ngot  %v (%s)\nwant %s (%s)", test.paths, err, hint.Text(err), test.want, test.advice)
		}
	}
}

// Reading a policy of the size that people will have costs little.
func BenchmarkParse3000(b *testing.B) {
	var text strings.Builder
	text.WriteString(head + "cluster: {name: edge, endpoints: [\"https://10.0.0.11:2379\"]}\npresets: {tenant: {permissions: [{prefix: \"/t/{name}/\", access: readwrite}, {prefix: /shared/, access: readwrite}]}}\ncomponents:\n")
	for i := range 3000 {
		fmt.Fprintf(&text, "  - {name: t%d, preset: tenant}\n", i)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policies.Parse(policies.File{Name: "f", Text: []byte(text.String())}); err != nil {
			b.Fatal(err)
		}
	}
}
