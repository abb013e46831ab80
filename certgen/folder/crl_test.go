package folder

import (
	"path"
	"testing"

	"lockstep/certgen"
)

// TestNextCanary: the canary of a list was made with the list before, so that a folder that was
// restored from before a revocation has the canary of the list that it does not have.
func TestNextCanary(t *testing.T) {
	t.Parallel()
	p := edge(t, "a")
	f := settled(t, p)
	rekey := func() {
		t.Helper()
		renewal := certgen.Renewal{Paths: []string{"components/a/client"}, Rekey: true, Revoke: true}
		apply(t, f, certgen.DiffRenewal(p, renewal, observe(t, f), start))
		nothingLeft(t, f, p)
	}
	serials := func() (newest, next string) {
		t.Helper()
		c, n := f.Canary(certgen.ClientCA), f.NextCanary()
		if c == nil || n == nil {
			t.Fatalf("canary %v, next %v", c, n)
		}
		return c.Leaf.SerialNumber.String(), n.Leaf.SerialNumber.String()
	}
	first, next := serials()
	listed := observe(t, f).Listed(certgen.ClientCA)
	if !listed[first] || listed[next] {
		t.Fatalf("the list names %v; its canary is %s, the next one %s", listed, first, next)
	}
	rekey()
	newest, third := serials()
	if newest != next || third == next {
		t.Errorf("the canary is %s, the next one %s; it was made beforehand as %s", newest, third, next)
	}
	if state := observe(t, f); !state.Listed(certgen.ClientCA)[next] || state.Listed(certgen.ClientCA)[third] {
		t.Errorf("the list names %v", state.Listed(certgen.ClientCA))
	}
	for _, r := range observe(t, f).Retired {
		if r.Leaf.SerialNumber.String() == newest {
			t.Errorf("the canary of the newest list lies in %s", r.Path())
		}
	}

	for _, lost := range []string{"client.next.key", "client.next.crt"} { // then a new one does
		if err := f.disk.Remove(path.Join("canary", lost)); err != nil {
			t.Fatal(err)
		}
		rekey()
		if canary, again := serials(); canary == third || again == third {
			t.Errorf("without %s: the canary is %s, the next one %s", lost, canary, again)
		}
		_, third = serials()
	}
}
