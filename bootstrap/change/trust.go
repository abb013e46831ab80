package change

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// RefuseUntrusted stops before something is signed by a client CA that the members do not
// trust, or such a CA comes into the folder. It asks members whose configuration is not
// lockstep's, and shows no certificate: a port names its trusted CAs to every client. A
// member that does not answer, or asks for no certificate, is judged elsewhere.
func (c *Change) RefuseUntrusted(ctx context.Context, plan certgen.Plan) error {
	w := c.World
	if len(w.Policy.Cluster.Endpoints) == 0 || !slices.ContainsFunc(plan.Steps, usesClientCA) {
		return nil
	}
	trust, err := w.Folder.Trust(certgen.ClientCA)
	if err != nil {
		return err
	}
	ca := trust.Current // what signs
	members := w.Members()
	asked := make([][][]byte, len(members))
	var group sync.WaitGroup
	for i, m := range members {
		group.Go(func() {
			greeting, _ := w.Handshake(ctx, m.URL, nil) // refused or not: what was asked for is known
			asked[i] = greeting.AcceptableCAs
		})
	}
	group.Wait()
	var refusals []string
	advice := ""
	for i, m := range members {
		if len(asked[i]) == 0 || store.Asks(asked[i], ca.RawSubject) {
			continue
		}
		refusals = append(refusals, fmt.Sprintf("%s asks for certificates of %s", m.Name, store.CANames(asked[i])))
		if advice == "" {
			advice = world.TrustAdvice(w.Policy, trust, asked[i])
		}
	}
	if len(refusals) == 0 {
		return nil
	}
	if w.Policy.HasExternalCA() {
		advice += " Or name the CA that the members trust by certificates.ca."
	}
	return hint.Refuse(advice, "the members do not take users from %s, nothing was changed: %s", store.CAName(ca.RawSubject), strings.Join(refusals, "; "))
}

// usesClientCA reports whether a step makes or notes a certificate that members have to
// take, or takes in a CA.
func usesClientCA(s certgen.Step) bool {
	switch s.Action {
	case certgen.TakeInCA:
		return true
	case certgen.Issue, certgen.Reissue, certgen.Renew, certgen.Note:
		return s.Profile.CA == certgen.ClientCA
	}
	return false
}
