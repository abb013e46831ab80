package verify

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/certgen"
	"lockstep/roles/store"
)

// findOpenPeerPort leaves a shared CA to members/peer-ca-shared: what it signs is let in.
func findOpenPeerPort(e *Evidence, m Member, found func(text string)) {
	if store.IsPlain(m.PeerPort.Peer.Err) {
		found("its peer port speaks plain http, open to every client")
	}
	for _, p := range m.Peers {
		if p.ID == m.ID && slices.ContainsFunc(p.PeerURLs, func(url string) bool { return strings.HasPrefix(url, "http:") }) && !store.IsPlain(m.PeerPort.Peer.Err) {
			found("the cluster lists its peer port as plain http, open to every client")
		}
	}
	if m.PeerPort.Anonymous.Outcome == Accepted {
		found("its peer port accepts connections without a certificate")
	}
	if m.PeerPort.Component.Outcome == Accepted && !e.Policy.BringsCA() {
		found("its peer port accepts a component's certificate")
	}
}

// distrustsUs reports whether m's client port has not loaded our client CA.
func (e *Evidence) distrustsUs(m Member) bool {
	if e.Folder == nil || m.AcceptableCAs == nil {
		return false
	}
	ours, err := e.Folder.Authority(certgen.ClientCA)
	return err == nil && !store.Asks(m.AcceptableCAs, ours.RawSubject)
}

// saidByClientCA reports whether members/client-ca says once, for all certificates, why m
// refuses this one.
func (e *Evidence) saidByClientCA(m Member, r Refusal) bool {
	failed := handshakeOf(r.Err)
	return failed != nil && failed.UntrustedCA() && e.distrustsUs(m)
}

// deniesAdministrator reports whether m lets the certificate in of the administrator that the
// operator named, and does not do what it asks. What root is denied is members/root's.
func (e *Evidence) deniesAdministrator(m Member) bool {
	return e.As.RootErr != nil && !e.As.Password && m.AuthOn && m.Root.Outcome == Unknown && m.Root.Err != nil
}

// compareCAs reports when a port asks certificates of other CAs than ours alone.
func (e *Evidence) compareCAs(ca certgen.CA, asked [][]byte, port string, found func(text string)) {
	trust, err := e.Folder.Trust(ca)
	if err != nil {
		found(fmt.Sprintf("what its %s trusts cannot be judged: %v", port, err))
		return
	}
	var others []string
	for _, raw := range asked {
		if !trust.Named(raw) {
			others = append(others, store.CAName(raw))
		}
	}
	switch loaded := len(others) < len(asked); {
	case !loaded && len(others) == 0:
		found(fmt.Sprintf("its %s has not loaded our %s", port, trust.Current.Subject))
	case !loaded:
		found(fmt.Sprintf("its %s has not loaded our %s, and trusts %s", port, trust.Current.Subject, strings.Join(others, ", ")))
	case len(others) > 0:
		found(fmt.Sprintf("its %s also trusts %s", port, strings.Join(others, ", ")))
	}
}
