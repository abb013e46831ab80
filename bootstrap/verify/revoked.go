package verify

import (
	"crypto/x509"
	"fmt"
	"slices"

	"lockstep/certgen"
)

// findRevoked names each certificate in use whose serial number a revocation list names.
// Members compare the number alone, whichever CA signed (fact 15).
func findRevoked(j *judgement) (out findings) {
	lists := certgen.Revocations(*j.Folder)
	for _, p := range j.profiles() {
		leaf := j.Folder.Pair(p).Leaf
		if leaf == nil {
			continue
		}
		switch ca := naming(lists, p.CA, leaf); ca {
		case "":
		case p.CA:
			out.add(Subject{SubjectFile, p.File()}, "is revoked", revokedRemedy(p))
		default:
			out.add(Subject{SubjectFile, p.File()}, elsewhereRevoked(ca), elsewhereRemedy(p))
		}
	}
	return append(out, j.vainlyRevoked(lists)...)
}

// vainlyRevoked names each retired certificate that is valid still and that only a list of
// another CA names. Of a server's none is said: no list revokes it.
func (j *judgement) vainlyRevoked(lists map[certgen.CA]map[string]bool) (out findings) {
	inUse, _ := j.everyCertificate()
	for _, r := range j.Folder.Retired {
		ca := naming(lists, "", r.Leaf)
		if ca == "" || !j.Now.Before(r.Leaf.NotAfter) || slices.ContainsFunc(inUse, func(c filed) bool { return c.leaf.Equal(r.Leaf) }) {
			continue
		}
		own := j.Folder.ListsNaming(r.Leaf)
		if len(own) == 0 || slices.ContainsFunc(own, func(ca certgen.CA) bool { return naming(lists, ca, r.Leaf) == ca }) {
			continue
		}
		out.add(Subject{SubjectFile, r.Path()}, elsewhereRevoked(ca), retiredRemedy(r, own))
	}
	return out
}

// retiredRemedy revokes a retired certificate by the lists that have to name it.
func retiredRemedy(r certgen.Retired, lists []certgen.CA) string {
	name := r.Identity
	switch {
	case r.Leaf.Subject.CommonName != "": // a component's, or root's
	case slices.Contains(lists, certgen.PeerCA):
		name = certgen.Place{Kind: certgen.PlaceMember, Name: name}.String()
	default:
		name = certgen.Place{Kind: certgen.PlaceProxy, Name: name}.String()
	}
	return fmt.Sprintf("lockstep certs revoke %s --serial %x", name, r.Leaf.SerialNumber)
}

// revokedRemedy replaces a certificate that is refused from the next copy of the list on.
func revokedRemedy(p certgen.Profile) string {
	switch {
	case p.Kind == certgen.KindRoot:
		return issueRoot
	case p.Kind == certgen.KindCA:
		return fmt.Sprintf("lockstep certs rotate-ca %s replaces the CA", p.CA)
	case p.External != "":
		return "have its issuer make it again, with another key and serial number"
	}
	return fmt.Sprintf("lockstep certs rekey %s makes a new key and certificate: copy both; the members' copies of the CRL decide when the old one is refused", nameOf(p.Path))
}

// naming is the CA under which leaf is revoked: own, if it is, else another; "" for none.
func naming(lists map[certgen.CA]map[string]bool, own certgen.CA, leaf *x509.Certificate) certgen.CA {
	number := leaf.SerialNumber.String()
	for _, ca := range append([]certgen.CA{own}, certgen.CAs()...) {
		if lists[ca][number] {
			return ca
		}
	}
	return ""
}

// elsewhereRevoked is what it means that the list of ca names a certificate of another CA.
func elsewhereRevoked(ca certgen.CA) string {
	of := "clients"
	if ca == certgen.PeerCA {
		of = "other members"
	}
	return fmt.Sprintf("has a serial number that the %s CA's list names, which members read for %s alone: it is not refused where it is used", ca, of)
}

// elsewhereRemedy is how a certificate that the wrong list names is replaced.
func elsewhereRemedy(p certgen.Profile) string {
	name := nameOf(p.Path)
	switch {
	case p.Kind == certgen.KindRoot:
		return issueRoot + " && lockstep certs revoke root"
	case p.Kind == certgen.KindCA, p.External != "":
		return "have its issuer make it again, with another serial number"
	case p.CA == certgen.ServerCA:
		return fmt.Sprintf("lockstep certs rekey %s makes a new key and certificate: copy both; this one stays valid until its end, because clients of etcd read no list", name)
	}
	return fmt.Sprintf("lockstep certs rekey %s --revoke makes a new key and certificate, and revokes this one by the list of its own CA: copy what it names", name)
}
