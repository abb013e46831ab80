package folder

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
	"lockstep/policies/hint"
)

// later is when rotations are tested: what was made before has another beginning.
func later() time.Time { return start.Add(time.Hour) }

// ports is what a member shows that has copied its folder and was restarted.
func ports(s certgen.State, ca certgen.CA) []certgen.Port {
	p := certgen.Port{Name: "members/etcd1", Place: certgen.PlaceOf("members/etcd1")}
	use := "server"
	if ca == certgen.PeerCA {
		use = "peer"
	}
	p.Shown = s.Pairs["members/etcd1/"+use].Leaf
	if trust, err := certgen.ParseTrustSet(s.Files["members/etcd1/"+string(ca)+"-ca.crt"]); err == nil {
		for _, cert := range trust.All() {
			p.Accepts = append(p.Accepts, cert.RawSubject)
		}
	}
	return []certgen.Port{p}
}

// rotation is what the next run would do.
func rotation(t testing.TB, f *Folder, p *policies.Policy, c certgen.Choice) certgen.Rotation {
	t.Helper()
	s := observe(t, f)
	r := certgen.Rotate(p, c, ports(s, c.CA), s, later())
	if blocked := r.Plan.Blocked(); len(blocked) > 0 {
		t.Fatalf("blocked: %q", blocked)
	}
	return r
}

func rotate(t testing.TB, f *Folder, plan certgen.Plan) {
	t.Helper()
	if err := f.Apply(context.Background(), plan, later, 1, nil); err != nil {
		t.Fatal(err)
	}
}

// TestRotation runs each rotation from its beginning to its end.
func TestRotation(t *testing.T) {
	t.Parallel()
	for _, ca := range certgen.CAs() {
		for _, compromised := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/compromised=%v", ca, compromised), func(t *testing.T) {
				t.Parallel()
				p := edge(t, "a", "b")
				f := settled(t, p)
				before := observe(t, f)
				old := before.Pairs[certgen.CAPath(ca)].Leaf
				for run := 1; ; run++ {
					r := rotation(t, f, p, certgen.Choice{CA: ca, Confirmed: true, Compromised: compromised})
					rotate(t, f, r.Plan)
					if got := observe(t, f).Stage(ca); got != r.Stage {
						t.Fatalf("run %d: stage %q, and %q was planned", run, got, r.Stage)
					}
					steady(t, f, p)
					if r.Finished {
						break
					}
					if run > 4 {
						t.Fatal("it does not end")
					}
				}
				ended(t, f, p, ca, before, old)
			})
		}
	}
}

// steady checks that apply has nothing to do, and that each leaf is trusted by the copies.
func steady(t testing.TB, f *Folder, p *policies.Policy) {
	t.Helper()
	s := observe(t, f)
	if plan := certgen.Diff(certgen.Desired(p), s, later()); !plan.Empty() {
		t.Errorf("still to do: %v %v", plan.Steps, plan.Blocked())
	}
	for _, prof := range certgen.Desired(p).Profiles {
		pair := s.Pairs[prof.Path]
		trust, err := f.Trust(prof.CA)
		switch {
		case err != nil:
			t.Error(err)
		case prof.Kind == certgen.KindCA:
			if _, err := f.authority(prof.CA); err != nil {
				t.Error(err)
			}
		case pair.Key != certgen.KeyMatches || len(certgen.Fatal(certgen.Defects(pair.Leaf, prof, trust.Of(pair.Leaf), later()))) > 0:
			t.Errorf("%s: %+v", prof.Path, pair)
		}
	}
}

// ended checks that the new CA is alone, the old one is in retired/, and the leaves' keys are the
// same.
func ended(t testing.TB, f *Folder, p *policies.Policy, ca certgen.CA, before certgen.State, old *x509.Certificate) {
	t.Helper()
	inStepLater(t, f, p)
	s := observe(t, f)
	if s.Pairs[certgen.CAPath(ca)].Leaf.Equal(old) {
		t.Error("the CA is the old one")
	}
	if former := s.Former(ca); !slices.ContainsFunc(former, old.Equal) {
		t.Error("the old CA is not in retired/")
	}
	for _, prof := range certgen.Desired(p).Profiles {
		was, is := before.Pairs[prof.Path].Leaf, s.Pairs[prof.Path].Leaf
		switch {
		case prof.CA != ca || prof.Kind == certgen.KindCA:
		case is.Equal(was):
			t.Errorf("%s is the old certificate", prof.Path)
		case !bytes.Equal(is.RawSubjectPublicKeyInfo, was.RawSubjectPublicKeyInfo):
			t.Errorf("%s has another key", prof.Path)
		}
	}
}

// inStepLater checks that no rotation is under way and nothing is left to do or half written.
func inStepLater(t testing.TB, f *Folder, p *policies.Policy) {
	t.Helper()
	steady(t, f, p)
	s := observe(t, f)
	if len(s.Stray)+len(s.Unfinished) > 0 {
		t.Errorf("stray %v, unfinished %v", s.Stray, s.Unfinished)
	}
	for _, ca := range certgen.CAs() {
		if stage := s.Stage(ca); stage != certgen.StageNone {
			t.Errorf("%s CA: stage %q", ca, stage)
		}
	}
}

// stages is folders from which each run of a rotation begins.
func stages(t *testing.T, p *policies.Policy, choice certgen.Choice) (dirs []string) {
	t.Helper()
	f := settled(t, p)
	for {
		dirs = append(dirs, clone(t, f.Path()))
		r := rotation(t, f, p, choice)
		rotate(t, f, r.Plan)
		if r.Finished {
			return dirs
		}
	}
}

// TestRotationFaultAtEveryChange fails, or crashes, at every single change of each run of a
// rotation: at no moment is the only key of a CA gone or a leaf trusted by no copy, and the same
// command comes to the same end.
func TestRotationFaultAtEveryChange(t *testing.T) {
	t.Parallel()
	for name, choice := range map[string]certgen.Choice{
		"client":             {CA: certgen.ClientCA, Confirmed: true},
		"server":             {CA: certgen.ServerCA, Confirmed: true},
		"peer":               {CA: certgen.PeerCA},
		"client compromised": {CA: certgen.ClientCA, Compromised: true},
		"peer compromised":   {CA: certgen.PeerCA, Compromised: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := edge(t, "a")
			for run, base := range stages(t, p, choice) {
				for _, crash := range []bool{true, false} {
					if !crash && name != "client" {
						continue // what differs is how Apply clears up
					}
					for at := 1; rotationFaultAt(t, base, p, choice, at, crash); at++ {
						if t.Failed() {
							t.Fatalf("after a fault at change %d of run %d (crash: %v)", at, run+1, crash)
						}
					}
				}
			}
		})
	}
}

// rotationFaultAt reports whether there was a change number at.
func rotationFaultAt(t *testing.T, base string, p *policies.Policy, choice certgen.Choice, at int, crash bool) bool {
	t.Helper()
	dir := clone(t, base)
	first := open(t, dir)
	before := observe(t, first)
	d := &faulty{disk: first.disk, at: at, forever: crash, err: syscall.ENOSPC}
	first.disk = d
	planned := rotation(t, first, p, choice)
	err := first.Apply(context.Background(), planned.Plan, later, 1, nil)
	if d.changes < at {
		if err != nil {
			t.Fatal(err)
		}
		return false
	}
	if err != nil {
		clearError(t, err)
	}
	usable(t, dir, choice.CA, before)

	second := open(t, dir)
	second.disk = &faulty{disk: second.disk, at: -1}
	for {
		again := rotation(t, second, p, choice)
		if again.Finished && len(again.Plan.Steps) > 1 {
			planned.Stage = certgen.StageNone // the ports are ready already, so that it ends with what was left to do
		}
		if len(again.Plan.Steps) == 0 && again.Finished {
			break // it says again that it is finished
		}
		if again.Stage != planned.Stage || again.Begins && observe(t, second).Stage(choice.CA) == planned.Stage {
			break // the next run of the rotation, or another rotation
		}
		rotate(t, second, again.Plan)
	}
	if got := observe(t, second).Stage(choice.CA); got != planned.Stage {
		t.Fatalf("the stage is %q, and not %q", got, planned.Stage)
	}
	steady(t, second, p)
	if left := observe(t, second).Unfinished; len(left) > 0 {
		t.Errorf("unfinished: %q", left)
	}
	return true
}

// usable checks a folder in which a run was cut off: a CA signs, no certificate was lost, and
// apply is not blocked.
func usable(t *testing.T, dir string, ca certgen.CA, before certgen.State) {
	t.Helper()
	f := open(t, dir)
	a, err := f.authority(ca)
	if err != nil {
		t.Errorf("no CA signs: %v", err)
		return
	}
	trust, err := f.Trust(ca)
	if err != nil || !trust.Holds(a.Certificate()) && !slices.ContainsFunc(observe(t, f).Former(ca), a.Certificate().Equal) {
		t.Errorf("what signs is not trusted: %v", err)
	}
	s, err := f.Inspect()
	if err != nil || len(s.Faults) > 0 {
		t.Errorf("%v %v", err, s.Faults)
	}
	kept := map[string]bool{}
	for _, pair := range s.Pairs {
		if pair.Leaf != nil {
			kept[string(pair.Leaf.Raw)] = true
		}
	}
	for _, r := range s.Retired {
		kept[string(r.Leaf.Raw)] = true
	}
	for _, path := range slices.Sorted(maps.Keys(before.Pairs)) {
		if leaf := before.Pairs[path].Leaf; leaf != nil && !kept[string(leaf.Raw)] && !strings.HasPrefix(path, "canary/") {
			t.Errorf("%s.crt is lost", path)
		}
	}
}

// TestRotateEncrypted: the key of the next CA is encrypted like the others, and without the
// passphrase nothing is signed.
func TestRotateEncrypted(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	f := settled(t, p)
	secret := []byte("open")
	if err := f.EncryptCAs(context.Background(), nil, secret, func(certgen.Place) {}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		f = open(t, f.Path())
		if err := f.Decrypt(secret); err != nil {
			t.Fatal(err)
		}
		rotate(t, f, rotation(t, f, p, certgen.Choice{CA: certgen.ClientCA}).Plan)
		if at := f.AtRest(); len(at.Plain) > 0 {
			t.Errorf("plain keys: %v", at.Plain)
		}
	}
	key, err := authority.DecryptKey([]byte(snapshot(t, f.Path())["ca/client.key"].Content), secret)
	if err != nil || !authority.Matches(observe(t, f).Pairs["ca/client"].Leaf, key) {
		t.Error("the new CA's key is not encrypted with the passphrase:", err)
	}
}

// TestRotateAMountedSecret: what lies in a mount is not rotated there.
func TestRotateAMountedSecret(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	f := settled(t, p)
	mountSecret(t, f)
	err := f.Apply(context.Background(), rotation(t, f, p, certgen.Choice{CA: certgen.ClientCA}).Plan, later, 1, nil)
	if err == nil || !strings.Contains(err.Error(), "ca/client.crt is part of a mounted Secret") {
		t.Error(err)
	}
}

// TestMoveWithoutItsKey: a move that was cut off does not go on while the next CA's key is away.
func TestMoveWithoutItsKey(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	f := settled(t, p)
	rotate(t, f, rotation(t, f, p, certgen.Choice{CA: certgen.ClientCA}).Plan)
	before := snapshot(t, f.Path())
	if err := errors.Join(f.disk.Link("ca/client.crt", "ca/client.previous.crt"), f.disk.Rename("ca/client.next.key", "away.key")); err != nil {
		t.Fatal(err)
	}
	finish := certgen.Diff(certgen.Desired(p), observe(t, f), later())
	err := f.Apply(context.Background(), finish, later, 1, nil)
	if hint.Of(err) != hint.Refused || !strings.Contains(err.Error(), "ca/client.next.key is not here") {
		t.Error(err)
	}
	after := snapshot(t, f.Path())
	if after["ca/client.key"] != before["ca/client.key"] || after["ca/client.crt"] != before["ca/client.crt"] {
		t.Error("the CA was changed")
	}
	if err := f.disk.Rename("away.key", "ca/client.next.key"); err != nil {
		t.Fatal(err)
	}
	rotate(t, f, certgen.Diff(certgen.Desired(p), observe(t, f), later()))
	rotate(t, f, certgen.Diff(certgen.Desired(p), observe(t, f), later()))
	steady(t, f, p)
	if got := observe(t, f).Stage(certgen.ClientCA); got != certgen.StagePrevious {
		t.Errorf("stage %q", got)
	}
}
