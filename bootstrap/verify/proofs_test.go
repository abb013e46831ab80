package verify

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
)

func answer(want, got roles.Verdict, about string) roles.Answer {
	return roles.Answer{Question: roles.Question{Access: keyrange.Read, Want: want, About: about}, Got: got}
}

func TestProofChecks(t *testing.T) {
	t.Parallel()
	silent := answer(roles.Denied, roles.Inconclusive, `beside prefix "/a/"`)
	silent.Err = errors.New("no leader")
	for name, c := range map[string]struct {
		proof   Proof
		answers []roles.Answer
		want    []string
		proven  bool
	}{
		"proven": {
			answers: []roles.Answer{answer(roles.Allowed, roles.Allowed, "x"), answer(roles.Denied, roles.Denied, "y")},
			proven:  true,
		},
		"nothing asked is nothing proven": {},
		"refused what it may": {
			answers: []roles.Answer{answer(roles.Allowed, roles.Denied, `prefix "/a/"`)},
			want:    []string{`error proof/denied: flannel: read of prefix "/a/" is refused`},
		},
		"allowed what it may not": {
			answers: []roles.Answer{answer(roles.Denied, roles.Allowed, `prefix "/b/"`)},
			want:    []string{`critical proof/allowed: flannel: read of prefix "/b/" is allowed`},
		},
		"inconclusive": {
			answers: []roles.Answer{answer(roles.Allowed, roles.Allowed, "x"), silent, silent},
			want:    []string{`error proof/inconclusive: flannel: 2 questions without a conclusive answer; the first, read of beside prefix "/a/": no leader`},
		},
		"no connection": {
			proof: Proof{Err: errors.New("bad certificate")},
			want:  []string{"error proof/inconclusive: flannel: could not be asked: bad certificate"},
		},
		"no key here": {
			proof: Proof{NotLive: "its key is not here"},
			want:  []string{"info proof/not-live: flannel: not proven live: its key is not here"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := sound()
			c.proof.Component = "flannel"
			c.proof.Take(c.answers)
			e.Proofs = []Proof{c.proof}
			if diff := cmp.Diff(c.want, lines(e, proofChecks())); diff != "" {
				t.Error(diff)
			}
			if got := c.proof.Proven(); got != c.proven {
				t.Errorf("proven: got %v, want %v", got, c.proven)
			}
		})
	}
}

// A check that cannot look is no pass: without evidence nothing is in step.
func TestNothingSeenIsNotInStep(t *testing.T) {
	t.Parallel()
	e := sound()
	e.Members, e.AuthErr = nil, errors.New("no quorum")
	r := Judge(e, []Check{
		{Code: "a/a", Needs: NeedsMembers, Find: func(*judgement) findings { return nil }},
		{Code: "b/b", Needs: NeedsAuth, Find: func(*judgement) findings { return nil }},
	})
	want := []Skip{
		{Code: "a/a", Reason: "no member was asked", Remedy: "the other findings say why"},
		{Code: "b/b", Reason: "etcd's users and roles could not be read: no quorum", Remedy: "mend what the reason says and run lockstep verify again"},
	}
	if diff := cmp.Diff(want, r.Skipped); diff != "" || r.InStep() {
		t.Errorf("in step: %v\n%s", r.InStep(), diff)
	}
}

// Codes are written into policies and alerts, so each is one check's, and complete.
func TestChecksAreComplete(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range Checks() {
		if seen[c.Code] || c.Code == "" || c.Sentence == "" || c.Remedy == "" || c.Find == nil {
			t.Errorf("check %q is incomplete or there twice", c.Code)
		}
		seen[c.Code] = true
	}
}

// It is an outage only where no member answered: what a finding explains is none.
func TestOutage(t *testing.T) {
	t.Parallel()
	silent := Member{Err: errors.New("connection refused")}
	for name, c := range map[string]struct {
		auth    *roles.State
		members []Member
		want    bool
	}{
		"no member answers":         {nil, []Member{silent, silent}, true},
		"one answers":               {nil, []Member{silent, {}}, false},
		"one has a bad certificate": {nil, []Member{silent, {Err: &store.HandshakeError{Alert: "tls: internal error"}}}, false},
		"our folder is not trusted": {nil, []Member{{Err: hint.Refuse("", "ca has mode 0777")}}, false},
		"users and roles were read": {&roles.State{}, []Member{silent}, false},
		"no member was asked":       {nil, nil, false},
	} {
		if e := (&Evidence{Auth: c.auth, Members: c.members}); e.Outage() != c.want {
			t.Errorf("%s: got %v", name, !c.want)
		}
	}
}

// What a component may do beyond the policy is taken from its user or role, or, where
// neither gives it, comes of another user's certificate in its place.
func TestRemediesOfAnAccessBeyondThePolicy(t *testing.T) {
	t.Parallel()
	const (
		takeAway = "lockstep apply takes away what users/excess and roles/excess name"
		swapped  = `look at the certificate that stands in its place (certificates/identity): etcd does not give user "app" this access, so another user's certificate was shown`
	)
	own := keyrange.Prefix("/app/", keyrange.ReadWrite)
	more, other := keyrange.Prefix("/more/", keyrange.Read), keyrange.Prefix("/other/", keyrange.Read)
	state := func(held []string, permissions ...keyrange.Permission) *roles.State {
		return &roles.State{
			Enabled: true,
			Users:   []roles.User{{Name: "app", Roles: held, Password: roles.PasswordAbsent}},
			Roles:   []roles.Role{{Name: "app", Permissions: permissions}},
		}
	}
	for name, c := range map[string]struct {
		auth *roles.State
		want string
	}{
		"its role holds more":     {state([]string{"app"}, own, more), ""}, // roles/excess says it
		"its user holds root":     {state([]string{"app", "root"}, own), ""},
		"its role held more":      {state([]string{"app"}, own, other), takeAway},
		"nothing gives it":        {state([]string{"app"}, own), swapped},
		"users could not be read": {nil, takeAway},
		"auth is off":             {&roles.State{}, takeAway},
	} {
		p := accepting(t, "  []\n")
		e := &Evidence{Policy: p, Auth: c.auth}
		proof := Proof{Component: "app", User: p.Components[0].User, Role: "app"}
		asked := answer(roles.Denied, roles.Allowed, `prefix "/more/"`)
		asked.Range = more.Range()
		proof.Take([]roles.Answer{asked})
		e.Proofs = []Proof{proof}
		findings := Judge(e, proofChecks()).Findings
		remedy := ""
		if len(findings) == 1 {
			remedy = findings[0].Remedy
		}
		if len(findings) > 1 || remedy != c.want {
			t.Errorf("%s: got %+v, want %q", name, findings, c.want)
		}
	}
}
