package verify

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"strings"

	"lockstep/certgen"
	"lockstep/roles/store"
)

// trusted is what a port showed of the CAs that it trusts. A port names CAs and shows no keys
// (fact 13): of two CAs of one name it lists the name twice, once for each certificate.
type trusted struct {
	ca      certgen.CA
	asked   [][]byte            // raw subjects, as the port asks certificates of them
	refused []*x509.Certificate // what was shown and refused, because the port does not trust its CA
}

// port is the port that trusts the CA, in words.
func (t trusted) port() string {
	if t.ca == certgen.PeerCA {
		return "peer port"
	}
	return "client port"
}

// trusts is the finding about the CAs that a port of m trusts, if not ours alone.
func (e *Evidence) trusts(m Member, t trusted, remedy string) (out findings) {
	trust, err := e.Folder.Trust(t.ca)
	if err != nil {
		out.add(m.subject(), fmt.Sprintf("what its %s trusts cannot be judged: %v", t.port(), err), remedy)
		return out
	}
	if text := t.judge(trust); text != "" {
		out.add(m.subject(), fmt.Sprintf("its %s %s", t.port(), text), remedy)
		return out
	}
	if twin := t.twin(trust); twin != nil {
		out.add(m.subject(), fmt.Sprintf("its %s trusts two CAs of the name %s, of which one is ours: "+
			"a port shows names and no keys, so that it is not known whose the other one is", t.port(), twin.Subject), remedy)
		if e.Policy.HasExternalCA() { // its owner may have renewed it with the same key
			out[0].Severity = Warning
		}
	}
	return out
}

// judge says which CAs the port asks certificates of, if not of ours alone; else "". While a CA
// is rotated, the other generations are ours, too; the one that signs has to be among them.
func (t trusted) judge(trust certgen.TrustSet) string {
	var others []string
	for _, raw := range t.asked {
		if !trust.Named(raw) {
			others = append(others, store.CAName(raw))
		}
	}
	switch loaded := store.Asks(t.asked, trust.Current.RawSubject); {
	case !loaded && len(others) == 0 && len(t.asked) > 0:
		return fmt.Sprintf("has not loaded our %s, and trusts its other generation alone", trust.Current.Subject)
	case !loaded && len(others) == 0:
		return fmt.Sprintf("has not loaded our %s", trust.Current.Subject)
	case !loaded:
		return fmt.Sprintf("has not loaded our %s, and trusts %s", trust.Current.Subject, strings.Join(others, ", "))
	case len(others) > 0:
		return "also trusts " + strings.Join(others, ", ")
	}
	if ca := t.impostor(trust); ca != nil {
		return fmt.Sprintf("has not loaded our %s, and trusts another CA of that name", ca.Subject)
	}
	return ""
}

// impostor is our CA in whose place the port has loaded another one of the same name: the port
// names it, and does not trust what it signed. nil for none.
func (t trusted) impostor(trust certgen.TrustSet) *x509.Certificate {
	for _, leaf := range t.refused {
		if ca := trust.Of(leaf); leaf != nil && store.Asks(t.asked, ca.RawSubject) && leaf.CheckSignatureFrom(ca) == nil {
			return ca
		}
	}
	return nil
}

// twin is our CA whose name the port lists more often than we have certificates of that name;
// nil for none.
func (t trusted) twin(trust certgen.TrustSet) *x509.Certificate {
	for _, ca := range trust.All() {
		listed, own := 0, 0
		for _, raw := range t.asked {
			if bytes.Equal(raw, ca.RawSubject) {
				listed++
			}
		}
		for _, other := range trust.All() {
			if bytes.Equal(other.RawSubject, ca.RawSubject) {
				own++
			}
		}
		if listed > own {
			return ca
		}
	}
	return nil
}
