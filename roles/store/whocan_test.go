package store_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/rolestest"
	"lockstep/roles/store"
)

const (
	whoCanCases = 60
	whoCanAsked = 24 // of each user
)

// TestCanIsWhatEtcdAnswers: of random users and roles, State.Can says of random ranges what
// real etcd answers each user: unions, adjacent ranges, open ends and duplicate entries.
func TestCanIsWhatEtcdAnswers(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	s := newSuite(t, realEtcd{startEtcd(t)})
	all := map[string]store.API{}
	var allowed, denied int
	for i := range uint64(whoCanCases) {
		r := rand.New(rand.NewPCG(seed, i))
		want := rolestest.NewCase(r).Observed
		want.Enabled = true
		want.Users = append(slices.DeleteFunc(want.Users, func(u roles.User) bool { return u.Name == "root" }), roles.User{Name: "root", Roles: []string{"root"}})
		wipeTogether(t, s)
		seedState(t, s, r, want)
		state := s.observe(t)
		for _, u := range state.Users {
			if all[u.Name] == nil {
				all[u.Name] = s.etcd.as(t, u.Name)
			}
			var questions []roles.Question
			for range whoCanAsked {
				q := roles.Question{Access: []keyrange.Access{keyrange.Read, keyrange.Write}[r.IntN(2)], Range: randomRange(r), Want: roles.Denied}
				if state.Can(u.Name, q.Access, q.Range).Whole {
					q.Want = roles.Allowed
				}
				questions = append(questions, q)
			}
			answers, err := store.Probe(t.Context(), all[u.Name], questions, 4)
			must(t, err)
			for _, a := range answers {
				if !a.Passed() {
					t.Fatalf("seed %d case %d: user %q, %s of %q: want %v, got %v (%v)\n%s", seed, i, u.Name, a.Access, a.Range, a.Want, a.Got, a.Err, fmt.Sprint(state))
				}
				if a.Got == roles.Allowed {
					allowed++
				} else {
					denied++
				}
			}
		}
	}
	if allowed < whoCanCases || denied < whoCanCases {
		t.Errorf("%d allowed, %d denied", allowed, denied)
	}
}

// randomRange is a range of keys between and at the edges of those that rolestest uses.
func randomRange(r *rand.Rand) keyrange.Range {
	keys := []string{"\x00", "/a", "/a\x00", "/a/", "/a/b", "/a/b/c", "/a0", "/b", "/b\x00", "/c", "/d"}
	for {
		from, to := keys[r.IntN(len(keys))], keys[r.IntN(len(keys))]
		switch r.IntN(4) {
		case 0:
			return keyrange.Single(from)
		case 1:
			return keyrange.Range{From: from}
		}
		if out := (keyrange.Range{From: from, To: to}); !out.Empty() {
			return out
		}
	}
}
