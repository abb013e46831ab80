package verify

import (
	"crypto/x509"
	"errors"

	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// peerServingChecks are about whether other members can use the port for members. A member that
// lost the others answers no client: what this port shows is then the reason, and is judged all
// the same.
func peerServingChecks() []Check {
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
			Code: "members/peer-refusals", Severity: Error, Needs: NeedsSurvey,
			Sentence: "every member takes a peer certificate of the peer CA",
			Remedy: "copy peer.crl of the member's folder to its host: etcd ends every connection where the file is missing, empty or not DER, and reads it at the next one; " +
				"else the member's log says why (\"rejected connection on peer endpoint\")",
			Find: eachMember(findPeerRefusals),
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
