package bootstrap

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/policies"
)

// Before auth is turned on one certificate of each kind of key that this run issued is
// shown to every member, and every one that was there before.
func TestWhoStandsForWhom(t *testing.T) {
	t.Parallel()
	step := func(action certgen.Action, user string, key policies.KeyAlgorithm) certgen.Step {
		p := profileOf(t, user)
		p.Key = key
		return certgen.Step{Action: action, Profile: p}
	}
	got := represented([]certgen.Step{
		step(certgen.Issue, "a", policies.ECDSAP256),
		{Action: certgen.Write, File: "components/a/ca.crt"},
		step(certgen.Issue, "b", policies.ECDSAP256),
		step(certgen.Reissue, "c", policies.ECDSAP256),
		step(certgen.Issue, "d", policies.RSA2048),
		step(certgen.Note, "e", policies.RSA2048),
		step(certgen.Reissue, "f", policies.RSA2048),
	})
	if diff := cmp.Diff(map[string]bool{"b": true, "c": true, "f": true}, got); diff != "" {
		t.Error(diff)
	}
}
