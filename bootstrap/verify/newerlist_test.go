package verify

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
)

// A port that refuses the canary of the list after the folder's newest has that list, whatever it
// says to the others. That it takes it or was not asked is no finding.
func TestNewerLists(t *testing.T) {
	t.Parallel()
	const newer = "error members/newer-crl: etcd1: refuses the canary that is for the next client.crl: its list is newer than the PKI folder's, which was restored from before, or copied"
	for name, c := range map[string]struct {
		next Outcome
		want []string
	}{
		"not asked": {Unknown, nil},
		"older":     {Accepted, nil},
		"newer":     {Refused, []string{newer}},
	} {
		e := sound()
		e.Folder = &certgen.State{}
		e.Members[0].Canary.Outcome = Refused // the lists name every earlier canary
		e.Members[0].NextCanary.Outcome = c.next
		if diff := cmp.Diff(c.want, lines(e, listChecks())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
