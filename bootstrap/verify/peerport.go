package verify

import (
	"slices"
	"strings"

	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// peerPortChecks are about what the port for other members takes.
func peerPortChecks() []Check {
	return []Check{
		{
			Code: "members/peer-ca", Severity: Critical, Needs: NeedsSurvey | NeedsFolder,
			Sentence: "members take members from our peer CA and from no other, as far as a port tells: it shows the names of its CAs and no keys",
			Remedy:   "copy peer-ca.crt to the member as its etcd.env says, and restart it: etcd reads CAs only at its start",
			Find:     eachMember(findPeerCA),
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
			Remedy:   "run lockstep verify where the peer ports can be reached and the members' keys are",
			Find:     eachReached(findPeerPortUnseen),
		},
	}
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
