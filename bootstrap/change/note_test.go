package change

import (
	"testing"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/certgen/pkitest"
)

// The note is written after a confirmed change alone, and never over one that tells of a restore
// of which the plan did not say.
func TestNote(t *testing.T) {
	t.Parallel()
	policy := pkitest.Edge(t, "a", "b")
	older, newer := verify.Seen{ClusterID: 0xabc, Revision: 1, Time: noon}, verify.Seen{ClusterID: 0xabc, Revision: 9, Time: noon}
	for name, c := range map[string]struct {
		noted                  *verify.Seen
		changed, planned, deaf bool
		moved                  uint64 // by how much the change has moved authRevision
		want                   uint64 // authRevision that is noted afterwards; 0 for no note
		warned                 bool
	}{
		"nothing was changed":            {},
		"the first change":               {changed: true, want: 3},
		"a later one":                    {noted: &older, changed: true, want: 3},
		"restored, and the plan said so": {noted: &newer, changed: true, planned: true, want: 3},
		"restored, and it did not":       {noted: &newer, changed: true, want: 9},
		"restored, and moved since":      {noted: &newer, changed: true, moved: 2, want: 11},
		"moved, and not restored":        {noted: &older, changed: true, moved: 2, want: 3},
		"restored, nothing was changed":  {noted: &newer, planned: true, want: 9},
		"etcd does not answer":           {noted: &older, changed: true, deaf: true, want: 1, warned: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			observed := settled(policy)
			observed.Revision = 3
			change, e, told := changing(t, policy, observed)
			e.deaf = c.deaf
			if c.noted != nil {
				plan := certgen.Plan{Steps: []certgen.Step{c.noted.Step()}}
				if err := change.World.Folder.Apply(t.Context(), plan, clock, 1, func(certgen.Step) {}); err != nil {
					t.Fatal(err)
				}
				if err := change.ReadFolder(); err != nil {
					t.Fatal(err)
				}
			}
			change.Changed = c.changed
			p := &Plan{ClusterID: e.cluster}
			if c.planned {
				change.PlanRestored(p, observed)
				if p.Restored == nil || p.Empty() || p.Steps() != 1 {
					t.Fatalf("the plan says %v, %d steps", p.Restored, p.Steps())
				}
			}
			if err := change.Note(t.Context(), observed.Revision-c.moved); err != nil {
				t.Fatal(err)
			}
			if err := change.ReadFolder(); err != nil {
				t.Fatal(err)
			}
			if got, found := verify.LastSeen(change.Folder); found != (c.want != 0) || got.Revision != c.want {
				t.Errorf("noted %+v (%v), want %d", got, found, c.want)
			}
			if warned := len(told.text) > 0; warned != c.warned {
				t.Errorf("told %q", told.text)
			}
		})
	}
}

// A saved plan is another one once etcd was restored, and one that is only that is not empty.
func TestAPlanThatOnlyNotesARestore(t *testing.T) {
	t.Parallel()
	plain, restored := &Plan{}, &Plan{Restored: &verify.Restored{Before: verify.Seen{Revision: 9}, Now: verify.Seen{Revision: 3}}}
	if !plain.Empty() || restored.Empty() || restored.InStep() || plain.Fingerprint() == restored.Fingerprint() {
		t.Errorf("empty %v and %v, in step %v", plain.Empty(), restored.Empty(), restored.InStep())
	}
}
