package certgen

import (
	"crypto/x509"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// judgements is what is wrong with certificates. Of the same one it is asked several times, and
// a signature takes longer than anything else: each is judged once, and those that are known
// before on all processors together.
type judgements struct {
	now   time.Time
	found map[subject][]Defect
}

// subject is a certificate as the one for a place, issued by ca.
type subject struct {
	path     string
	leaf, ca *x509.Certificate
}

func newJudgements(now time.Time) judgements {
	return judgements{now: now, found: map[subject][]Defect{}}
}

// of is [Defects] of leaf as p.
func (j judgements) of(p Profile, leaf, ca *x509.Certificate) []Defect {
	s := subject{p.Path, leaf, ca}
	defects, judged := j.found[s]
	if !judged {
		defects = Defects(leaf, p, ca, j.now)
		j.found[s] = defects
	}
	return defects
}

// ahead judges what lies in the places of profiles; trust is the CA of a profile, nil for one
// that is not known.
func (j judgements) ahead(profiles []Profile, s State, trust func(Profile) *TrustSet) {
	type judged struct {
		subject
		defects []Defect
	}
	all := make([]judged, len(profiles))
	together(len(profiles), func(i int) {
		p := profiles[i]
		leaf, t := s.Pair(p).Leaf, trust(p)
		if leaf == nil || t == nil {
			return
		}
		if ca := t.Of(leaf); ca != nil {
			all[i] = judged{subject{p.Path, leaf, ca}, Defects(leaf, p, ca, j.now)}
		}
	})
	for _, a := range all {
		if a.leaf != nil {
			j.found[a.subject] = a.defects
		}
	}
}

// together calls do for 0 to n-1, on all processors.
func together(n int, do func(i int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	group.Wait()
}
