package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
	"lockstep/policies/disk"
	"lockstep/policies/hint"
)

// faulty fails at the n-th change: once, or, as after a crash, from then on. A failing
// write leaves half of its content behind.
type faulty struct {
	disk    disk.Disk
	mu      sync.Mutex
	changes int
	at      int
	forever bool
	err     error
	log     []string
}

func (d *faulty) fault(what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.changes++
	d.log = append(d.log, what)
	if d.changes == d.at || d.forever && d.changes > d.at {
		return &fs.PathError{Op: "fault", Path: what, Err: d.err}
	}
	return nil
}

func (d *faulty) Mkdir(name string) error {
	return cond(d.fault("mkdir "+name), func() error { return d.disk.Mkdir(name) })
}
func (d *faulty) Link(from, to string) error {
	return cond(d.fault("link "+from+" "+to), func() error { return d.disk.Link(from, to) })
}
func (d *faulty) Rename(from, to string) error {
	return cond(d.fault("rename "+from+" "+to), func() error { return d.disk.Rename(from, to) })
}
func (d *faulty) Remove(name string) error {
	return cond(d.fault("remove "+name), func() error { return d.disk.Remove(name) })
}
func (d *faulty) Chmod(name string, perm fs.FileMode) error {
	return cond(d.fault("chmod "+name), func() error { return d.disk.Chmod(name, perm) })
}

// SyncDir and Sync reach no disk: that one would survive the test anyway, and it is
// TestForcedToDisk that checks where they are called.
func (d *faulty) SyncDir(name string) error { return d.fault("syncdir " + name) }

func (d *faulty) Create(name string, perm fs.FileMode) (disk.File, error) {
	if err := d.fault("create " + name); err != nil {
		return nil, err
	}
	f, err := d.disk.Create(name, perm)
	if err != nil {
		return nil, err
	}
	return &faultyFile{File: f, d: d, name: name}, nil
}

func cond(err error, do func() error) error {
	if err != nil {
		return err
	}
	return do()
}

type faultyFile struct {
	disk.File
	d    *faulty
	name string
}

func (f *faultyFile) Write(b []byte) (int, error) {
	if err := f.d.fault("write " + f.name); err != nil {
		n, _ := f.File.Write(b[:len(b)/2])
		return n, err
	}
	return f.File.Write(b)
}

func (f *faultyFile) Sync() error { return f.d.fault("sync " + f.name) }

// tiny is a policy without members: there are fewer files to write a thousand times.
func tiny(t testing.TB, components ...string) *policies.Policy {
	t.Helper()
	p := edge(t, components...)
	p.Cluster.Members, p.Cluster.Endpoints = nil, []string{"https://10.0.0.11:2379"}
	return p
}

// scenarios are folders, and what is wanted of them next.
func scenarios(t *testing.T) map[string]struct {
	base string
	p    *policies.Policy
} {
	t.Helper()
	type scenario = struct {
		base string
		p    *policies.Policy
	}
	fresh := create(t)
	two := settled(t, tiny(t, "a", "gone"))
	lax := clone(t, two.Path())
	if err := os.Chmod(filepath.Join(lax, "components/a/client.key"), 0o644); err != nil {
		t.Fatal(err)
	}
	garbage := clone(t, two.Path())
	if err := os.WriteFile(filepath.Join(garbage, "components/a/client.crt"), []byte("garbage"), 0o644); err != nil {
		t.Fatal(err)
	}
	moved := tiny(t, "a", "new")
	moved.Components[0].User = moved.Components[1].User // another CN: reissue
	moved.Components[1].User = edge(t, "a").Components[0].User
	due := tiny(t, "a", "gone") // everything is, and a new certificate lasts longer
	due.Certificates.RenewAt = policies.Due{Left: 15 * time.Hour}
	due.Certificates.Lifetimes.Component *= 2
	several := tiny(t, "a")
	several.Components[0].Instances = []string{"n1", "n2"}
	instances := settled(t, several)
	return map[string]scenario{
		"renew":            {two.Path(), due},
		"to instances":     {two.Path(), several},
		"from instances":   {instances.Path(), tiny(t, "a")},
		"fresh":            {fresh.Path(), edge(t, "a")},
		"reissue, retire":  {two.Path(), moved},
		"restrict, retire": {lax, tiny(t, "a")},
		"garbage":          {garbage, tiny(t, "a")},
	}
}

// wanted is a plan with what is to be removed.
func wanted(t testing.TB, f *Folder, p *policies.Policy) certgen.Plan {
	t.Helper()
	plan := diff(t, f, p)
	plan.Steps = append(plan.Steps, plan.Removals()...)
	return plan
}

// TestFaultAtEveryChange fails, or crashes, at every single change of the folder,
// checks that nothing is half there, and that the next run comes to the same end.
func TestFaultAtEveryChange(t *testing.T) {
	t.Parallel()
	for name, s := range scenarios(t) {
		for _, crash := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/crash=%v", name, crash), func(t *testing.T) {
				t.Parallel()
				for at := 1; ; at++ {
					if !faultAt(t, s.base, s.p, at, crash) {
						if at < 10 {
							t.Errorf("only %d changes were made", at-1)
						}
						return
					}
					if t.Failed() {
						t.Fatalf("after a fault at change %d", at)
					}
				}
			})
		}
	}
}

// faultAt reports whether there was a change number at.
func faultAt(t *testing.T, base string, p *policies.Policy, at int, crash bool) bool {
	t.Helper()
	dir := clone(t, base)
	before := snapshot(t, dir)
	first := open(t, dir)
	d := &faulty{disk: first.disk, at: at, forever: crash, err: syscall.ENOSPC}
	first.disk = d
	plan := wanted(t, first, p)
	reported := map[string]bool{}
	err := first.Apply(context.Background(), plan, clock, 1, func(s certgen.Step) { reported[s.String()] = true })
	after := snapshot(t, dir)
	whole(t, before, after)
	if d.changes < at {
		if err != nil {
			t.Fatal(err)
		}
		return false
	}
	if err != nil {
		clearError(t, err)
	} else if crash {
		t.Errorf("a crash at %s went unnoticed", d.log[at-1])
	}

	second := open(t, dir)
	second.disk = &faulty{disk: second.disk, at: -1}
	rest := wanted(t, second, p)
	for _, s := range rest.Steps {
		if reported[s.String()] {
			t.Errorf("%q was reported as done, and is planned again", s)
		}
	}
	apply(t, second, rest)
	inStep(t, second, p)
	end := snapshot(t, dir)
	whole(t, after, end)
	for _, prof := range certgen.Desired(p).Profiles {
		next, staged := after[prof.Path+".crt.new"]
		_, stagedKey := after[prof.Path+".key.new"]
		if stagedKey && !staged {
			t.Errorf("%s: the certificate was renamed before its key", prof.Path)
		}
		if staged && !stagedKey && matches(t, next, after[prof.Path+".key"]) && end[prof.Path+".crt"] != next {
			t.Errorf("%s was half renamed, and not finished but replaced", prof.Path)
		}
		crt, key := after[prof.Path+".crt"], after[prof.Path+".key"]
		if reported[certgen.Step{Action: certgen.Issue, Profile: prof}.String()] && (end[prof.Path+".crt"] != crt || end[prof.Path+".key"] != key) {
			t.Errorf("%s was replaced", prof.Path)
		}
	}
	return true
}

func matches(t *testing.T, crt, key entry) bool {
	t.Helper()
	cert, err := certgen.ParseCertificate([]byte(crt.Content))
	if err != nil {
		return false // cut off while it was staged
	}
	private, err := authority.ParseKey([]byte(key.Content))
	return err == nil && authority.Matches(cert, private)
}

// clearError checks that an error says where it happened and what to do.
func clearError(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(hint.Text(err), "disk that holds the PKI folder is full") {
		t.Errorf("unclear error: %v\nhint: %s", err, hint.Text(err))
	}
	if strings.Contains(err.Error(), "PRIVATE KEY") {
		t.Error("a key is in an error")
	}
}

// TestReadOnly: a folder that may not be changed is as it was, and the error says why.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	for err, advice := range map[error]string{
		syscall.EROFS:  "mounted read-only",
		syscall.EACCES: "may not be changed by this user",
		syscall.ENOSPC: "is full",
		syscall.EDQUOT: "is full",
	} {
		base := settled(t, edge(t, "a"))
		before := snapshot(t, base.Path())
		base.disk = &faulty{disk: base.disk, at: 1, forever: true, err: err}
		got := base.Apply(context.Background(), diff(t, base, edge(t, "a", "b")), clock, 4, nil)
		if !errors.Is(got, err) || !strings.Contains(hint.Text(got), advice) {
			t.Errorf("%v: %v, hint %q", err, got, hint.Text(got))
		}
		if after := snapshot(t, base.Path()); len(after) != len(before) {
			t.Errorf("%v: the folder was changed", err)
		}
	}
}

// TestForcedToDisk holds the order on which recovery stands: a file is forced to disk
// before it is renamed, a pair's folder before its key is, and everything before done.
func TestForcedToDisk(t *testing.T) {
	t.Parallel()
	for name, s := range scenarios(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := open(t, clone(t, s.base))
			d := &faulty{disk: f.disk, at: -1}
			f.disk = d
			plan := wanted(t, f, s.p)
			err := f.Apply(context.Background(), plan, clock, 1, func(s certgen.Step) { d.log = append(d.log, "done "+s.Path()) })
			if err != nil {
				t.Fatal(err)
			}
			forced(t, d.log)
		})
	}
}

func forced(t *testing.T, log []string) {
	t.Helper()
	synced := map[string]bool{}   // staged files whose content is on the disk
	unlisted := map[string]bool{} // folders with a new entry that is not on the disk
	placed := []string{}
	for _, line := range log {
		op, rest, _ := strings.Cut(line, " ")
		from, to, _ := strings.Cut(rest, " ")
		switch op {
		case "create", "write":
			synced[from] = false
			unlisted[path.Dir(from)] = true
		case "sync":
			synced[from] = true
		case "syncdir":
			unlisted[from] = false
		case "rename", "link":
			if strings.HasSuffix(from, certgen.NewSuffix) && !synced[from] {
				t.Errorf("%s: the content is not on the disk", line)
			}
			if strings.HasSuffix(to, ".key") && unlisted[path.Dir(to)] && !slices.Contains(placed, path.Dir(to)) {
				t.Errorf("%s: the staged pair is not on the disk", line)
			}
			placed = append(placed, path.Dir(to))
			unlisted[path.Dir(to)] = true
		case "done":
			if unlisted[path.Dir(from)] {
				t.Errorf("%s: the folder is not on the disk", line)
			}
		}
	}
}

// TestHalfRenamed finishes a pair whose certificate was still staged: it is what was
// being issued, and is not issued again.
func TestHalfRenamed(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	for _, pair := range []string{"components/a/client", "ca/server", "members/etcd1/peer"} {
		f := settled(t, p)
		before := snapshot(t, f.Path())
		if err := f.root.Rename(pair+".crt", pair+".crt.new"); err != nil {
			t.Fatal(err)
		}
		if pair != "ca/server" { // what it replaces may still be there
			if err := f.root.WriteFile(pair+".crt", []byte(before["members/etcd1/server.crt"].Content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.Identity(pair); err != nil {
			t.Errorf("%s cannot be used before it is finished: %v", pair, err)
		}
		plan := diff(t, f, p)
		if len(plan.Steps) != 1 || plan.Steps[0].String() != "finish "+pair {
			t.Errorf("planned %v", plan.Steps)
		}
		apply(t, f, plan)
		inStep(t, f, p)
		after := snapshot(t, f.Path())
		if after[pair+".crt"] != before[pair+".crt"] || after[pair+".key"] != before[pair+".key"] {
			t.Errorf("%s is another one now", pair)
		}
	}
}

// TestClearsLeftOvers: what was staged, and never begun to be renamed, goes, also when
// no plan wants it any more.
func TestClearsLeftOvers(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	f := settled(t, p)
	before := snapshot(t, f.Path())
	other := snapshot(t, settled(t, edge(t, "a")).Path())
	for from, to := range map[string]string{
		"components/a/client": "components/x/client", "components/a/etcdctl": "components/x/etcdctl", // a new component
		"members/etcd1/server": "members/etcd1/server", // a replacement
	} {
		if err := f.mkdirs(path.Dir(to)); err != nil {
			t.Fatal(err)
		}
		for _, ext := range []string{".crt", ".key", ".env"} {
			if e, ok := other[from+ext]; ok {
				if err := f.root.WriteFile(to+ext+certgen.NewSuffix, []byte(e.Content[:len(e.Content)/2]), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if err := f.root.WriteFile(certgen.RecoveryFile+certgen.NewSuffix, []byte("half a passw"), 0o600); err != nil {
		t.Fatal(err)
	}
	plan := diff(t, f, p)
	var got []string
	for _, s := range plan.Steps {
		got = append(got, s.String())
	}
	if want := []string{"finish components/x/client", "finish components/x/etcdctl.env", "finish members/etcd1/server", "finish recovery"}; !slices.Equal(got, want) {
		t.Errorf("planned %q, want %q", got, want)
	}
	apply(t, f, plan)
	inStep(t, f, p)
	if after := snapshot(t, f.Path()); !maps.Equal(before, after) {
		t.Error("the folder is not as it was")
	}
}
