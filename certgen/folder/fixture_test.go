package folder

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
)

var start = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return start }

func edge(t testing.TB, components ...string) *policies.Policy {
	t.Helper()
	p := &policies.Policy{
		Cluster: policies.Cluster{
			Name:    "edge",
			Members: []policies.Member{{Name: "etcd1", Hosts: []string{"10.0.0.11"}, ClientURL: "https://10.0.0.11:2379", PeerURL: "https://10.0.0.11:2380"}},
			Install: ".", Data: "data",
		},
		Certificates: policies.Certificates{Lifetimes: policies.Lifetimes{CA: 1000 * time.Hour, Member: 100 * time.Hour, Component: 10 * time.Hour}},
	}
	for _, name := range components {
		u, err := policies.ParseUserName(name)
		if err != nil {
			t.Fatal(err)
		}
		p.Components = append(p.Components, policies.Component{Name: strings.ToLower(name), User: u})
	}
	return p
}

func create(t testing.TB) *Folder {
	t.Helper()
	f, err := Create(filepath.Join(t.TempDir(), "pki"), External{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func open(t testing.TB, dir string) *Folder {
	t.Helper()
	f, err := Open(dir, External{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func observe(t testing.TB, f *Folder) certgen.State {
	t.Helper()
	s, err := f.Observe()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func diff(t testing.TB, f *Folder, p *policies.Policy) certgen.Plan {
	t.Helper()
	plan := certgen.Diff(certgen.Desired(p), observe(t, f), clock())
	if len(plan.Blocked()) > 0 {
		t.Fatalf("blocked: %q", plan.Blocked())
	}
	return plan
}

func apply(t testing.TB, f *Folder, plan certgen.Plan) {
	t.Helper()
	if err := f.Apply(context.Background(), plan, clock, 4, nil); err != nil {
		t.Fatal(err)
	}
}

// settled makes a folder in which all is as p wants it.
func settled(t testing.TB, p *policies.Policy) *Folder {
	t.Helper()
	f := create(t)
	apply(t, f, diff(t, f, p))
	inStep(t, f, p)
	return f
}

// inStep checks that nothing is left to do, half written, or defective.
func inStep(t testing.TB, f *Folder, p *policies.Policy) {
	t.Helper()
	s := observe(t, f)
	plan := certgen.Diff(certgen.Desired(p), s, clock())
	if !plan.Empty() {
		t.Errorf("still to do: %v %v", plan.Steps, plan.Blocked())
	}
	if len(s.Stray)+len(s.Unfinished) > 0 {
		t.Errorf("stray %v, unfinished %v", s.Stray, s.Unfinished)
	}
	serials := map[string]string{}
	for _, prof := range certgen.Desired(p).Profiles {
		pair := s.Pairs[prof.Path]
		if pair.Leaf == nil || pair.KeyMode != 0o600 {
			t.Errorf("%s: %+v", prof.Path, pair)
			continue
		}
		if found := certgen.Defects(pair.Leaf, prof, s.Pairs[certgen.CAPath(prof.CA)].Leaf, clock()); len(found) > 0 {
			t.Errorf("%s: %v", prof.Path, found)
		}
		if _, err := f.Identity(prof.Path); err != nil {
			t.Error(err)
		}
		serials[pair.Leaf.SerialNumber.String()] += prof.Path + " "
	}
	for _, r := range s.Retired {
		serials[r.Leaf.SerialNumber.String()] += "retired " + r.Identity + " "
	}
	for n, whose := range serials {
		if len(strings.Fields(strings.ReplaceAll(whose, "retired ", ""))) != 1 {
			t.Errorf("serial %s is used by %s", n, whose)
		}
	}
}

// entry is what a test compares of a file.
type entry struct {
	Mode    fs.FileMode
	Content string
}

func snapshot(t testing.TB, dir string) map[string]entry {
	t.Helper()
	all := map[string]entry{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		all[filepath.ToSlash(rel)] = entry{info.Mode(), string(content)}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// clone copies a folder, modes included.
func clone(t testing.TB, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "pki")
	for name, e := range snapshot(t, from) {
		target := filepath.Join(to, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, []byte(e.Content), e.Mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(target, e.Mode); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

// whole checks that every file under a final name is whole, whatever happened, and
// that what was there before is either still there or in retired/.
func whole(t testing.TB, before, after map[string]entry) {
	t.Helper()
	kept := map[string]bool{}
	for name, e := range after {
		if strings.HasPrefix(name, certgen.RetiredDir+"/") || path.Ext(name) == ".crt" {
			kept[e.Content] = true
		}
		if before[name].Content == e.Content || strings.Contains(name, unreadable) {
			continue
		}
		content := []byte(e.Content)
		var err error
		switch path.Ext(name) {
		case ".key":
			_, err = authority.ParseKey(content)
			if e.Mode.Perm() != 0o600 && before[name] != e {
				t.Errorf("%s has mode %v", name, e.Mode)
			}
		case ".crt":
			_, err = certgen.ParseCertificate(content)
		case ".crl":
			if certgen.Locate(name).Purpose == certgen.ForCRL && len(content) < 150 {
				t.Errorf("%s has %d bytes", name, len(content))
			}
		case ".env", ".gitignore":
			if !bytes.HasSuffix(content, []byte("\n")) {
				t.Errorf("%s is cut off", name)
			}
		case certgen.NewSuffix:
		default:
			t.Errorf("unexpected file %s", name)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, e := range before {
		if path.Ext(name) == ".crt" && strings.HasSuffix(e.Content, "\n") && !kept[e.Content] && certgen.Locate(name).Purpose == certgen.ForCertificate {
			t.Errorf("%s was neither kept nor retired", name)
		}
		if strings.HasPrefix(name, "ca/") && certgen.Locate(name).Purpose != certgen.ForStray && !certgen.Locate(name).Staged && after[name] != e {
			t.Errorf("%s was changed", name)
		}
	}
}
