package verify

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/roles/store"
)

// serverChecks is about members too. They do not stand before auth is turned on: while it
// is off everybody has the power that they warn of, so refusing would keep it that way.
func serverChecks() []Check {
	return []Check{
		{
			Code: "members/server-cn", Severity: Critical, Needs: NeedsMembers,
			Sentence: "no server's certificate is also that of a user",
			Remedy:   "give the server a certificate without CN: whoever has its key is that user (CVE-2018-16886)",
			Find:     eachReached(findServerUser),
		},
	}
}

// findServerUser finds a server whose certificate opens its own port as a user: by CA,
// usage and CN (fact 10).
func findServerUser(e *Evidence, m Member, found func(text string)) {
	if m.Server == nil || m.Server.Subject.CommonName == "" || !e.isUser(m.Server.Subject.CommonName) {
		return
	}
	trusted := slices.ContainsFunc(m.AcceptableCAs, func(raw []byte) bool { return bytes.Equal(raw, m.Server.RawIssuer) })
	usage := m.Server.ExtKeyUsage
	if trusted && (len(usage) == 0 || slices.Contains(usage, x509.ExtKeyUsageClientAuth) || slices.Contains(usage, x509.ExtKeyUsageAny)) {
		found(fmt.Sprintf("its certificate is good for clients too, and its CN is the user %q", m.Server.Subject.CommonName))
	}
}

// isUser reports whether the policy or etcd has a user of that name.
func (e *Evidence) isUser(name string) bool {
	if e.Auth != nil {
		if _, found := e.Auth.User(name); found {
			return true
		}
	}
	return name == policies.Root().String() ||
		slices.ContainsFunc(e.Policy.Components, func(c policies.Component) bool { return c.User.String() == name })
}

// findOpenPeerPort leaves a shared CA to members/peer-ca-shared: what it signs is let in.
func findOpenPeerPort(e *Evidence, m Member, found func(text string)) {
	if store.IsPlain(m.PeerPort.Peer.Err) {
		found("its peer port speaks plain http, open to everybody")
	}
	for _, p := range m.Peers {
		if p.ID == m.ID && slices.ContainsFunc(p.PeerURLs, func(url string) bool { return strings.HasPrefix(url, "http:") }) && !store.IsPlain(m.PeerPort.Peer.Err) {
			found("the cluster lists its peer port as plain http, open to everybody")
		}
	}
	if m.PeerPort.Anonymous.Outcome == Accepted {
		found("its peer port accepts connections without a certificate")
	}
	if m.PeerPort.Component.Outcome == Accepted && !e.Policy.BringsCA() {
		found("its peer port accepts a component's certificate")
	}
}

// compareCAs reports when a port asks certificates of other CAs than ours alone.
func (e *Evidence) compareCAs(ca certgen.CA, asked [][]byte, port string, found func(text string)) {
	ours, err := e.Folder.Authority(ca)
	if err != nil {
		found(fmt.Sprintf("what its %s trusts cannot be judged: %v", port, err))
		return
	}
	if !slices.ContainsFunc(asked, func(raw []byte) bool { return bytes.Equal(raw, ours.RawSubject) }) {
		found(fmt.Sprintf("its %s has not loaded our %s", port, ours.Subject))
	}
	for _, raw := range asked {
		if !bytes.Equal(raw, ours.RawSubject) {
			found(fmt.Sprintf("its %s also trusts %s", port, distinguishedName(raw)))
		}
	}
}

func distinguishedName(raw []byte) string {
	var seq pkix.RDNSequence
	if _, err := asn1.Unmarshal(raw, &seq); err != nil {
		return "a CA with an unreadable name"
	}
	return fmt.Sprintf("%q", seq.String())
}
