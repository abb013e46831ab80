package verify

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"sync"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/roles/store"
)

// findNewerLists names members that refuse the canary of the list after the folder's newest, and
// components whose certificate a member refuses as etcd refuses what its list revokes, while the
// lists of the folder do not revoke it: the folder was restored from before the revocation.
func findNewerLists(j *judgement) (out findings) {
	for _, m := range j.Members {
		if m.NextCanary.Outcome == Refused {
			out.add(m.subject(), "refuses the canary that is for the next client.crl: its list is newer than the PKI folder's, which was restored from before, or copied")
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, p := range j.Proofs {
		if j.hungUpOn(p) && !j.revokedHere(p) {
			out.add(p.subject(), fmt.Sprintf("%s ends the connection to its certificate as to one that is revoked, and takes others: its %s is newer than the PKI folder's",
				p.Member, certgen.CRLFile(certgen.ClientCA)))
		}
	}
	return out
}

// hungUpOn reports whether the member that p was asked through took another certificate, and
// ended the connection to that of p without an alert (fact 15).
func (j *judgement) hungUpOn(p Proof) bool {
	if j.Folder == nil || p.Err == nil || !store.HungUp(p.Err) {
		return false
	}
	return slices.ContainsFunc(j.Members, func(m Member) bool { return m.Name == p.Member && m.Root.Outcome == Accepted }) ||
		slices.ContainsFunc(j.Proofs, func(o Proof) bool { return o.Member == p.Member && o.Err == nil && o.NotLive == "" })
}

// revokedHere reports whether the lists or the records of the folder revoke the certificate of p.
func (j *judgement) revokedHere(p Proof) bool {
	leaf := j.shownBy(p)
	return leaf != nil && certgen.Revocations(*j.Folder)[certgen.ClientCA][leaf.SerialNumber.String()]
}

// shownBy is the certificate in the place of the component or instance that p is about; nil for
// none.
func (j *judgement) shownBy(p Proof) *x509.Certificate {
	if j.Folder == nil {
		return nil
	}
	if j.plans.leaves == nil {
		j.plans.leaves = map[string]*x509.Certificate{}
		for path, pair := range j.Folder.Pairs {
			if certgen.PlaceOf(path).Kind == certgen.PlaceComponent {
				j.plans.leaves[certgen.NameOf(path)] = pair.Leaf
			}
		}
	}
	return j.plans.leaves[p.Component]
}

// NewerLists is the members that have a newer list of revoked clients than the PKI folder, which
// is a copy from before a revocation: they refuse the canary of the next list and take
// root's certificate. It leaves out members that cannot be asked; without root's certificate it
// asks none.
func NewerLists(ctx context.Context, w *world.World) []string {
	next := canariesOf(w).next
	root, err := w.Root(ctx)
	if next == nil || err != nil {
		return nil
	}
	members := w.Members()
	newer := make([]string, len(members))
	var group sync.WaitGroup
	for i, m := range members {
		group.Go(func() {
			if showCanary(ctx, w, next, certgen.ClientCA, m.URL).Outcome != Refused {
				return
			}
			if _, err := w.Handshake(ctx, m.URL, root); err == nil { // see showCanary
				newer[i] = m.Name
			}
		})
	}
	group.Wait()
	return slices.DeleteFunc(newer, func(name string) bool { return name == "" })
}
