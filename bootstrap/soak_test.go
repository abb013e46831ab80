package bootstrap

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/certgen/pkitest"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

var (
	readDenied = store.Call{Method: "Range", Code: "PermissionDenied"}
	noUser     = store.Call{Method: "Put", Code: "InvalidArgument"}
	errSilent  = errors.New("no answer")
)

// counted is a member's counts after handled calls, some of them refused.
func counted(handled uint64, refused map[store.Call]uint64) counts {
	return counts{Requests: store.Requests{Handled: handled, Started: noon, Refused: refused}}
}

func begun(at time.Time, c counts) counts {
	c.Started = at
	return c
}

// gateway is c where some of the requests may have come by the HTTP gateway.
func gateway(c counts) counts {
	c.gateway = true
	return c
}

// What was refused before the first look is not counted: lockstep's own
// proofs are among it.
func TestTally(t *testing.T) {
	t.Parallel()
	type refused = map[store.Call]uint64
	failed := counts{err: errSilent}
	for name, test := range map[string]struct {
		looks []counts
		want  *Soak
	}{
		"quiet":               {[]counts{counted(9, refused{readDenied: 3}), counted(20, refused{readDenied: 3})}, &Soak{}},
		"refused":             {[]counts{counted(9, refused{readDenied: 3}), counted(10, refused{readDenied: 4}), counted(12, refused{readDenied: 6})}, &Soak{Refused: []Refused{{"etcd1", readDenied, 3}}}},
		"two kinds, in order": {[]counts{counted(9, nil), counted(12, refused{readDenied: 1, noUser: 2})}, &Soak{Refused: []Refused{{"etcd1", noUser, 2}, {"etcd1", readDenied, 1}}}},
		"restarted, and fewer calls": {[]counts{counted(9, refused{readDenied: 3}), begun(noon.Add(time.Hour), counted(2, refused{readDenied: 1}))},
			&Soak{Refused: []Refused{{"etcd1", readDenied, 1}}, Restarted: []string{"etcd1"}}},
		"restarted, and more calls": {[]counts{counted(9, refused{readDenied: 3}), begun(noon.Add(time.Minute), counted(90, refused{readDenied: 4}))},
			&Soak{Refused: []Refused{{"etcd1", readDenied, 4}}, Restarted: []string{"etcd1"}}},
		"restarted, and no start is told": {[]counts{begun(time.Time{}, counted(9, refused{readDenied: 3})), begun(time.Time{}, counted(90, nil))},
			&Soak{Restarted: []string{"etcd1"}}},
		"its clock was set": {[]counts{counted(9, refused{readDenied: 3}), begun(noon.Add(time.Second), counted(10, refused{readDenied: 3}))}, &Soak{}},
		"silent in between": {[]counts{counted(9, nil), failed, counted(12, refused{readDenied: 1})}, &Soak{Refused: []Refused{{"etcd1", readDenied, 1}}}},
		"silent at the end": {[]counts{counted(9, nil), counted(12, refused{readDenied: 1}), failed},
			&Soak{Refused: []Refused{{"etcd1", readDenied, 1}}, Unknown: []Unknown{{"etcd1", errSilent}}}},
		"silent at the beginning": {[]counts{failed, counted(9, refused{readDenied: 3}), counted(12, refused{readDenied: 3})}, &Soak{Unknown: []Unknown{{"etcd1", errSilent}}}},
		"the gateway was used":    {[]counts{gateway(counted(9, nil)), counted(12, nil)}, &Soak{Gateway: []string{"etcd1"}}},
		"the gateway is used":     {[]counts{counted(9, nil), gateway(counted(12, nil))}, &Soak{Gateway: []string{"etcd1"}}},
		"never read":              {[]counts{failed, failed}, &Soak{Unknown: []Unknown{{"etcd1", errSilent}}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var sum tally
			for _, look := range test.looks {
				sum.add(look)
			}
			if diff := cmp.Diff(test.want, conclusion([]world.Member{{Name: "etcd1"}}, []tally{sum}, 0, 0), cmpopts.EquateErrors()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A soak lasts exactly as long as was asked, looks once more at its end, and tells of
// each refusal when it is seen first.
func TestSoak(t *testing.T) {
	t.Parallel()
	quiet := func(time.Duration) counts { return counted(9, map[store.Call]uint64{readDenied: 3}) }
	refusing := func(elapsed time.Duration) counts { // one in each second from the second on
		return counted(9+uint64(elapsed/time.Second), map[store.Call]uint64{readDenied: uint64(elapsed / time.Second)})
	}
	restarting := func(elapsed time.Duration) counts { // within the first second
		return counted(9-min(9, uint64(elapsed/time.Second)*9), nil)
	}
	for name, test := range map[string]struct {
		asked, cancel time.Duration // cancel: 0 for never
		count         func(elapsed time.Duration) counts
		events        []string
		verdict       string
	}{
		"quiet": {asked: 2500 * time.Millisecond, count: quiet, events: []string{
			"soak: watching for 2.5s which requests the members refuse", "soak: seconds (1/2)", "soak: seconds (2/2)", "soak: seconds (2/2)"}},
		"shorter than the interval": {asked: 300 * time.Millisecond, count: quiet, events: []string{
			"soak: watching for 300ms which requests the members refuse", "soak: seconds (0/1)"}},
		"refused": {asked: 2500 * time.Millisecond, count: refusing, events: []string{
			"soak: watching for 2.5s which requests the members refuse", "soak: warning: etcd1 refuses Range (PermissionDenied)",
			"soak: seconds (1/2)", "soak: seconds (2/2)", "soak: seconds (2/2)"},
			verdict: "auth is on, and requests were refused: 2 in 2.5s"},
		"interrupted": {asked: time.Hour, cancel: 1500 * time.Millisecond, count: quiet, events: []string{
			"soak: watching for 1h0m0s which requests the members refuse", "soak: seconds (1/3600)"},
			verdict: "the soak was ended after 1s of 1h0m0s; the members refused no request until then"},
		"interrupted after a refusal": {asked: time.Hour, cancel: 1500 * time.Millisecond, count: refusing, events: []string{
			"soak: watching for 1h0m0s which requests the members refuse", "soak: warning: etcd1 refuses Range (PermissionDenied)", "soak: seconds (1/3600)"},
			verdict: "auth is on, and requests were refused: 1 in 1s"},
		"a member restarts": {asked: 1500 * time.Millisecond, count: restarting, events: []string{
			"soak: watching for 1.5s which requests the members refuse", "soak: seconds (1/1)", "soak: seconds (1/1)"},
			verdict: "etcd1 began to count anew: what it refused just before its restart is not known"},
		"the gateway was used": {asked: time.Second, count: func(d time.Duration) counts { return gateway(quiet(d)) }, events: []string{
			"soak: watching for 1s which requests the members refuse", "soak: seconds (1/1)"},
			verdict: "what the HTTP gateway of etcd1 refused is not known: requests without a client version came there, and its own answers are not counted"},
		"silent": {asked: time.Second, count: func(time.Duration) counts { return counts{err: errSilent} }, events: []string{
			"soak: watching for 1s which requests the members refuse", "soak: seconds (1/1)"},
			verdict: "what etcd1 refused is not known: no answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if test.cancel > 0 {
					time.AfterFunc(test.cancel, cancel)
				}
				var events []string
				w := &world.World{Policy: pkitest.Edge(t, "a"), Now: time.Now, Report: func(e world.Event) { events = append(events, e.Stage+": "+e.String()) }}
				r := &run{Change: &change.Change{World: w}, options: Options{Soak: test.asked}}
				began := time.Now()
				soak := r.soak(ctx, func(context.Context) []counts { return []counts{test.count(time.Since(began))} })
				lasted, watched := test.asked, test.asked
				if test.cancel > 0 {
					lasted, watched = test.cancel, test.cancel.Truncate(time.Second)
				}
				if got := time.Since(began); got != lasted || soak.Watched != watched {
					t.Errorf("it lasted %s, want %s, and watched %s, want %s", got, lasted, soak.Watched, watched)
				}
				if diff := cmp.Diff(test.events, events); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
				switch err := soak.verdict("The quick way back."); {
				case test.verdict == "" && err != nil:
					t.Errorf("verdict %v", err)
				case test.verdict != "" && (err == nil || err.Error() != test.verdict || hint.Of(err) != hint.NotInStep || hint.Text(err) == ""):
					t.Errorf("verdict %v (exit %d, hint %q), want %s (exit 2)", err, hint.Of(err), hint.Text(err), test.verdict)
				}
			})
		})
	}
}
