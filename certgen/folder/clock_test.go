package folder

import (
	"context"
	"strings"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/policies"
)

const oneDay = 24 * time.Hour

// planAt is what the plan for p would do on the folder as it is when the clock shows when.
func planAt(t *testing.T, f *Folder, p *policies.Policy, when time.Time) certgen.Plan {
	t.Helper()
	return certgen.Diff(certgen.Desired(p), observe(t, f), when)
}

// A clock that stands before the CAs' beginning changes nothing: it is the clock that is
// wrong, and nothing is made anew because of it.
func TestAClockBeforeTheCAs(t *testing.T) {
	t.Parallel()
	p := edge(t, "a", "b")
	f := settled(t, p)
	begin := observe(t, f).Pairs["ca/client"].Leaf.NotBefore
	for _, when := range []time.Time{begin.Add(-time.Second), start.Add(-oneDay), time.Unix(0, 0)} {
		plan := planAt(t, f, p, when)
		if len(plan.Steps) > 0 {
			t.Errorf("at %v: %v", when, plan.Steps)
		}
		if blocked := strings.Join(plan.Blocked(), "\n"); strings.Count(blocked, "is not valid before 2026-05-01 11:55 UTC") != len(certgen.CAs()) {
			t.Errorf("at %v: %s", when, blocked)
		}
	}
	if plan := planAt(t, f, p, begin); !plan.Empty() {
		t.Errorf("in the first second: %v %v", plan.Steps, plan.Blocked())
	}
}

// A clock that was fast when a certificate was made: its certificate is made anew
// when the clock is right, and the other one is kept in retired/.
func TestACertificateOfAFastClock(t *testing.T) {
	t.Parallel()
	f := settled(t, edge(t, "a"))
	p := edge(t, "a", "b")
	fast := func() time.Time { return start.Add(5 * time.Hour) }
	if err := f.Apply(context.Background(), planAt(t, f, p, fast()), fast, 1, nil); err != nil {
		t.Fatal(err)
	}
	wrong := observe(t, f).Pairs["components/b/client"].Leaf
	plan := planAt(t, f, p, start)
	if len(plan.Steps) != 1 || plan.Steps[0].Action != certgen.Renew || !strings.Contains(plan.Steps[0].Reason, "is not valid before") {
		t.Fatalf("%v %v", plan.Steps, plan.Blocked())
	}
	apply(t, f, plan)
	inStep(t, f, p)
	state := observe(t, f)
	if len(state.Retired) != 1 || !state.Retired[0].Leaf.Equal(wrong) {
		t.Errorf("retired: %v", state.Retired)
	}
}

// A clock that leaps a day ahead makes anew what has expired meanwhile, and nothing else. When
// it leaps back, what was made then is made once more.
func TestAClockThatLeapsADay(t *testing.T) {
	t.Parallel()
	p := edge(t, "a") // a component's certificate lives 10 hours, a member's 100
	f := settled(t, p)
	leapt := func() time.Time { return start.Add(oneDay) }
	plan := planAt(t, f, p, leapt())
	if len(plan.Steps) != 1 || plan.Steps[0].Path() != "components/a/client" || !strings.Contains(plan.Steps[0].Reason, "expired") {
		t.Fatalf("ahead: %v", plan.Steps)
	}
	if err := f.Apply(context.Background(), plan, leapt, 1, nil); err != nil {
		t.Fatal(err)
	}
	if plan := planAt(t, f, p, leapt()); !plan.Empty() {
		t.Errorf("ahead, left: %v", plan.Steps)
	}
	plan = planAt(t, f, p, start)
	if len(plan.Steps) != 1 || plan.Steps[0].Path() != "components/a/client" || !strings.Contains(plan.Steps[0].Reason, "is not valid before") {
		t.Fatalf("back: %v", plan.Steps)
	}
	apply(t, f, plan)
	inStep(t, f, p)
}
