package verify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies"
	"lockstep/roles/store"
)

// untrusted is the alert that a member sends to a certificate of a CA that it does not trust.
func untrusted(url string) error {
	return &store.HandshakeError{Endpoint: url, Alert: "tls: unknown certificate authority", Err: errors.New("tls: unknown certificate authority")}
}

// A port shows names and no keys: a second CA of our CA's name is seen by its name being listed
// twice, and one in its place by what it refuses.
func TestCAsOfOneName(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	state := p.state()
	ours, peer, leaf := state.Pairs["ca/client"].Leaf, state.Pairs["ca/peer"].Leaf, state.Pairs["components/flannel/client"].Leaf
	twins := "trusts two CAs of the name %s, of which one is ours: a port shows names and no keys, so that it is not known whose the other one is"
	for name, c := range map[string]struct {
		client, peer [][]byte
		refused      bool // on both ports
		external     bool
		want         []string
	}{
		"ours": {client: [][]byte{ours.RawSubject}, peer: [][]byte{peer.RawSubject}},
		"two on the client port": {client: [][]byte{ours.RawSubject, ours.RawSubject}, peer: [][]byte{peer.RawSubject},
			want: []string{"critical members/client-ca: etcd1: its client port " + fmt.Sprintf(twins, ours.Subject)}},
		"two on the client port, external": {client: [][]byte{ours.RawSubject, ours.RawSubject}, peer: [][]byte{peer.RawSubject}, external: true,
			want: []string{"warning members/client-ca: etcd1: its client port " + fmt.Sprintf(twins, ours.Subject)}},
		"two on the peer port": {client: [][]byte{ours.RawSubject}, peer: [][]byte{peer.RawSubject, peer.RawSubject},
			want: []string{"critical members/peer-ca: etcd1: its peer port " + fmt.Sprintf(twins, peer.Subject)}},
		"another one in their places": {client: [][]byte{ours.RawSubject}, peer: [][]byte{peer.RawSubject}, refused: true,
			want: []string{
				fmt.Sprintf("critical members/client-ca: etcd1: its client port has not loaded our %s, and trusts another CA of that name", ours.Subject),
				fmt.Sprintf("critical members/peer-ca: etcd1: its peer port has not loaded our %s, and trusts another CA of that name", peer.Subject),
			}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := sound()
			e.Policy, e.Folder, e.Now = p.policy, &state, p.now
			if c.external {
				policy := *p.policy
				policy.Certificates.CA = policies.CertificateFile{Path: "ca.pem"}
				external := state
				external.ExternalCA.Current = ours
				e.Policy, e.Folder = &policy, &external
			}
			m := &e.Members[0]
			m.AcceptableCAs, m.PeerURL = c.client, "https://10.0.0.11:2380"
			m.PeerPort.AcceptableCAs, m.PeerPort.Shown = c.peer, state.Pairs["members/etcd1/peer"].Leaf
			if c.external {
				m.PeerURL = ""
			}
			if c.refused {
				m.Refusals = []Refusal{{Component: "flannel", Shown: leaf, Err: untrusted(m.URL)}}
				m.PeerPort.Peer = Attempt{Outcome: Refused, Err: untrusted(m.PeerURL)}
			}
			if diff := cmp.Diff(c.want, lines(e, MemberChecks())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a port for members shows is one finding, also where the member has lost the others by it
// and answers no client.
func TestPeerPortsThatServeNoMember(t *testing.T) {
	t.Parallel()
	const url = "https://10.0.0.11:2380"
	expired := &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{{}}, Err: errors.New("it has expired")}
	unknown := &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{{}}, Err: x509.UnknownAuthorityError{}}
	silent := &store.HandshakeError{Endpoint: "https://10.0.0.11:2379", Err: fmt.Errorf("reading: %w", context.DeadlineExceeded)}
	for name, c := range map[string]struct {
		err  error
		url  string // where the policy says that members find it
		want string
	}{
		"a key alone": {&store.HandshakeError{Endpoint: url, Alert: "tls: internal error", Err: errors.New("remote error: tls: internal error")}, url,
			"error members/peer-key: etcd1: cannot use its peer certificate and key: shaking hands with https://10.0.0.11:2380: remote error: tls: internal error"},
		"expired": {&store.HandshakeError{Endpoint: url, Err: expired}, url,
			"error members/peer-certificate: etcd1: its peer port shows a certificate that is not accepted: shaking hands with https://10.0.0.11:2380: tls: failed to verify certificate: it has expired"},
		"another CA's": {&store.HandshakeError{Endpoint: url, Err: unknown}, url,
			"error members/peer-certificate: etcd1: its peer port shows a certificate that is not accepted: " +
				"shaking hands with https://10.0.0.11:2380: tls: failed to verify certificate: x509: certificate signed by unknown authority"},
		"ends every connection": {&store.HandshakeError{Endpoint: url, Err: io.EOF}, url,
			"error members/peer-refusals: etcd1: its peer port does not take a peer certificate: shaking hands with https://10.0.0.11:2380: EOF"},
		"refuses every certificate": {&store.HandshakeError{Endpoint: url, Alert: "tls: expired certificate", Err: errors.New("remote error: tls: expired certificate")}, url,
			"error members/peer-refusals: etcd1: its peer port does not take a peer certificate: shaking hands with https://10.0.0.11:2380: remote error: tls: expired certificate"},
	} {
		for _, answers := range []bool{true, false} {
			e := sound()
			m := &e.Members[0]
			m.PeerURL = c.url
			m.PeerPort = PeerPort{Peer: outcomeOf(c.err), Shown: &x509.Certificate{}}
			if !answers {
				*m = Member{Name: m.Name, URL: m.URL, PeerURL: m.PeerURL, PeerPort: m.PeerPort, Err: silent}
			}
			if diff := cmp.Diff([]string{c.want}, lines(e, MemberChecks())); diff != "" {
				t.Errorf("%s, answers: %v: %s", name, answers, diff)
			}
		}
	}
	e := sound()
	e.Members[0].Err, e.Members[0].PeerPort = silent, PeerPort{}
	want := []string{"error members/reached: etcd1: cannot be asked: shaking hands with https://10.0.0.11:2379: no answer in time"}
	if diff := cmp.Diff(want, lines(e, MemberChecks())); diff != "" {
		t.Errorf("both ports silent: %s", diff)
	}
	e = sound()
	e.Members[0].PeerURL = url
	e.Members[0].PeerPort = PeerPort{Peer: Attempt{Err: &store.HandshakeError{Endpoint: url, Err: io.EOF}}, Shown: &x509.Certificate{DNSNames: []string{"etcd2"}}}
	want = []string{"warning members/peer-port-unseen: etcd1: its peer port did not take a peer certificate, so its refusals prove nothing: shaking hands with https://10.0.0.11:2380: EOF"}
	if diff := cmp.Diff(want, lines(e, MemberChecks())); diff != "" {
		t.Errorf("another member's certificate: %s", diff)
	}
}
