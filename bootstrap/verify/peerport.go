package verify

import (
	"crypto/x509"
	"errors"
	"slices"
	"strings"

	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// peerPortChecks are about the port for other members. A member that lost the others answers no
// client: what its port for members shows is then the reason, and is judged all the same.
func peerPortChecks() []Check {
	return []Check{
		{
			Code: "members/peer-key", Severity: Error, Needs: NeedsSurvey,
			Sentence: "every member can use the peer certificate and key that lie on its host",
			Remedy: "they do not belong together, or etcd's user may not read them: copy peer.crt and peer.key of the member's folder to its host, both, readable to etcd's user; " +
				"etcd needs no restart; where lockstep does not make them, their owner does",
			Find: eachMember(findPeerKey),
		},
		{
			Code: "members/peer-certificate", Severity: Error, Needs: NeedsSurvey,
			Sentence: "every member shows other members a certificate of the peer CA that is valid now, for servers, and names the address",
			Remedy:   "lockstep apply makes it again where the folder's is at fault; then copy peer.crt and peer.key of the member's folder to its host, both, readable to etcd's user; etcd needs no restart",
			Find:     eachMember(findPeerCertificate),
		},
		{
			Code: "members/peer-ca", Severity: Critical, Needs: NeedsSurvey | NeedsFolder,
			Sentence: "members take members from our peer CA and from no other, as far as a port tells: it shows the names of its CAs and no keys",
			Remedy:   "copy peer-ca.crt to the member as its etcd.env says, and restart it: etcd reads CAs only at its start",
			Find:     eachMember(findPeerCA),
		},
		{
			Code: "members/peer-refusals", Severity: Error, Needs: NeedsSurvey,
			Sentence: "every member takes a peer certificate of the peer CA",
			Remedy: "copy peer.crl of the member's folder to its host: etcd ends every connection where the file is missing, empty or not DER, and reads it at the next one; " +
				"else the member's log says why (\"rejected connection on peer endpoint\")",
			Find: eachMember(findPeerRefusals),
		},
		{
			Code: "members/peer-port", Severity: Critical, Needs: NeedsMembers,
			Sentence: "the peer port is closed to components and to clients without a certificate",
			Remedy:   "start the member with its etcd.env (ETCD_PEER_CLIENT_CERT_AUTH, ETCD_PEER_TRUSTED_CA_FILE); one that lockstep does not make with --peer-client-cert-auth and --peer-trusted-ca-file, and https in its peer URLs",
			Find:     eachReached(findOpenPeerPort),
		},
		{
			Code: "members/peer-ca-shared", Severity: Warning, Needs: NeedsMembers, Acceptable: true,
			Sentence: "no CA of clients is also one of members",
			Remedy:   "give members a CA of their own (--peer-trusted-ca-file): until then every component can speak as a member",
			Find:     eachReached(findSharedPeerCA),
		},
		{
			Code: "members/peer-port-unseen", Severity: Warning, Needs: NeedsMembers, Acceptable: true,
			Sentence: "the peer port could be tried",
			Remedy:   "run lockstep verify where the peer ports can be reached",
			Find:     eachReached(findPeerPortUnseen),
		},
	}
}

func findPeerKey(_ *judgement, m Member) (out findings) {
	if failed := handshakeOf(m.PeerPort.Peer.Err); failed != nil && failed.CannotServe() {
		out.add(m.subject(), "cannot use its peer certificate and key: "+failed.Error())
	}
	return out
}

func findPeerCertificate(_ *judgement, m Member) (out findings) {
	if failed := handshakeOf(m.PeerPort.Peer.Err); failed != nil && failed.Distrusted() != nil && !m.peersUnknown() {
		out.add(m.subject(), "its peer port shows a certificate that is not accepted: "+failed.Error())
	}
	return out
}

// peersUnknown reports whether the peer CA of m, which the policy does not say, is another than
// the external CA.
func (m Member) peersUnknown() bool {
	var unknown x509.UnknownAuthorityError
	return m.PeerURL == "" && errors.As(m.PeerPort.Peer.Err, &unknown)
}

func findPeerCA(j *judgement, m Member) (out findings) {
	port := m.PeerPort
	if m.PeerURL == "" || port.Peer.Outcome == Unknown {
		return nil // external members have a peer CA of their own
	}
	t := trusted{ca: certgen.PeerCA, asked: port.AcceptableCAs}
	if failed := handshakeOf(port.Peer.Err); failed != nil && failed.UntrustedCA() && port.Shown != nil {
		t.refused = append(t.refused, port.Shown)
	}
	return j.trusts(m, t, "")
}

// findPeerRefusals finds a port that turns other members away, and of which no other check says
// why. A certificate of a member proves nothing: from another address than the member's it is refused.
func findPeerRefusals(j *judgement, m Member) (out findings) {
	port := m.PeerPort
	free := port.Shown != nil && len(port.Shown.IPAddresses)+len(port.Shown.DNSNames) == 0
	ended := store.HungUp(port.Peer.Err) && !store.IsPlain(port.Peer.Err)
	if m.PeerURL == "" || !free || port.Peer.Outcome != Refused && !ended || j.peerPortSaid(m) {
		return nil
	}
	remedy := ""
	if !ended {
		remedy = hint.Text(port.Peer.Err)
	}
	out.add(m.subject(), "its peer port does not take a peer certificate: "+port.Peer.Err.Error(), remedy)
	return out
}

// peerPortSaid reports whether another check says what is wrong with the port of m for members.
func (j *judgement) peerPortSaid(m Member) bool {
	return len(findPeerKey(j, m)) > 0 || len(findPeerCertificate(j, m)) > 0 ||
		j.Folder != nil && m.PeerPort.Peer.Outcome == Refused && len(findPeerCA(j, m)) > 0
}

// findOpenPeerPort leaves a shared CA to members/peer-ca-shared: what it signs is let in.
func findOpenPeerPort(j *judgement, m Member) (out findings) {
	if store.IsPlain(m.PeerPort.Peer.Err) {
		out.add(m.subject(), "its peer port speaks plain http, open to every client")
	}
	for _, p := range m.Peers {
		if p.ID == m.ID && slices.ContainsFunc(p.PeerURLs, func(url string) bool { return strings.HasPrefix(url, "http:") }) && !store.IsPlain(m.PeerPort.Peer.Err) {
			out.add(m.subject(), "the cluster lists its peer port as plain http, open to every client")
		}
	}
	if m.PeerPort.Anonymous.Outcome == Accepted {
		out.add(m.subject(), "its peer port accepts connections without a certificate")
	}
	if m.PeerPort.Component.Outcome == Accepted && !j.Policy.HasExternalCA() && !j.inheritsPeerCA() {
		out.add(m.subject(), "its peer port accepts a component's certificate")
	}
	return out
}

func findSharedPeerCA(j *judgement, m Member) (out findings) {
	switch {
	case m.PeerPort.Component.Outcome != Accepted:
	case j.Policy.HasExternalCA():
		out.add(m.subject(), "its peer port takes a component's certificate: both come from the external CA of the policy (certificates.ca)")
	case j.inheritsPeerCA():
		out.add(m.subject(), "its peer port takes a component's certificate: both come from the external CA of an earlier policy",
			"lockstep certs rotate-ca client and lockstep certs rotate-ca peer go on: each CA is then one of lockstep's own")
	}
	return out
}

// inheritsPeerCA reports whether the peer CA is still the external one of an earlier policy, which
// is being replaced.
func (j *judgement) inheritsPeerCA() bool {
	return j.Folder != nil && j.Folder.Inherited(certgen.PeerCA)
}

func findPeerPortUnseen(j *judgement, m Member) (out findings) {
	port := m.PeerPort
	switch {
	case j.peerPortSaid(m), len(findPeerRefusals(j, m)) > 0:
	case port.Peer.Outcome != Accepted && !store.IsPlain(port.Peer.Err):
		out.add(m.subject(), "its peer port did not take a peer certificate, so its refusals prove nothing: "+reason(port.Peer), peerPortRemedy(m))
	case port.Peer.Outcome == Accepted && port.Component == (Attempt{}):
		out.add(m.subject(), "no certificate of the client CA is here to be refused by its peer port", peerPortRemedy(m))
	}
	return out
}

// peerPortRemedy is for a member that does not list the members, so that the address of its
// peer port is not known where the policy does not name it.
func peerPortRemedy(m Member) string {
	switch {
	case m.PeerPort.Peer.Err != nil:
		return hint.Text(m.PeerPort.Peer.Err)
	case m.PeerURL != "" || m.PeerPort.Peer.Outcome != Unknown:
		return ""
	case m.Learner:
		return "etcdctl member promote, once it has caught up, then run lockstep verify again: a learner does not tell where its peer port is"
	case m.Root.Outcome == IdentityIgnored:
		return "start the member with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true), then run lockstep verify again: until then it does not tell where its peer port is"
	}
	return ""
}
