package verify

import (
	"fmt"
	"slices"
	"strings"
)

// advertisedChecks are about where the cluster's own list says that its members are.
func advertisedChecks() []Check {
	return []Check{
		{
			Code: "members/client-url", Severity: Warning, Needs: NeedsMembers, Acceptable: true,
			Sentence: "the cluster lists every member for clients where the policy does, by https, and that member answers there",
			Remedy:   "start the member with its etcd.env (ETCD_ADVERTISE_CLIENT_URLS), or correct its clientURL in the policy",
			Find:     eachReached(findClientURLs),
		},
		{
			Code: "members/peer-url", Severity: Warning, Needs: NeedsMembers, Acceptable: true,
			Sentence: "the cluster lists every member for other members where the policy does, and that member answers there",
			Remedy:   "etcdctl member update ID --peer-urls=URL, or correct its peerURL in the policy",
			Find:     eachReached(findPeerURLs),
		},
	}
}

func findClientURLs(j *judgement, m Member) (out findings) {
	for _, a := range m.Advertised {
		if a.Peer || slices.Contains(m.Plain, a.URL) { // members/anonymous
			continue
		}
		out = append(out, j.advertised(m, a, "clients", fmt.Sprintf("start the member with ETCD_ADVERTISE_CLIENT_URLS=%s, as its etcd.env says, or correct its clientURL in the policy", m.URL)))
	}
	return out
}

// findPeerURLs leaves addresses without TLS to members/peer-port.
func findPeerURLs(j *judgement, m Member) (out findings) {
	for _, a := range m.Advertised {
		if a.Peer && !a.plain() {
			out = append(out, j.advertised(m, a, "members", fmt.Sprintf("etcdctl member update %x --peer-urls=%s, or correct its peerURL in the policy", m.ID, m.PeerURL)))
		}
	}
	return out
}

// plain reports whether the address is one without TLS.
func (a Advertised) plain() bool { return strings.HasPrefix(a.URL, "http:") }

// advertised is the finding about one address. Where the policy names endpoints, it does not say
// where the members are, and one that cannot be reached from here is worth knowing alone.
func (j *judgement) advertised(m Member, a Advertised, whose, remedy string) Finding {
	f := Finding{Subject: m.subject(), Remedy: remedy, Text: fmt.Sprintf("the cluster lists it for %s at %s", whose, a.URL)}
	policy := m.URL
	if a.Peer {
		policy = m.PeerURL
	}
	switch {
	case a.plain():
		f.Text += ", without TLS: a client that asks the cluster for its members cannot use it"
	case a.Err != nil:
		f.Text += ", where it could not be asked: " + a.Err.Error()
		if len(j.Policy.Cluster.Members) == 0 {
			f.Severity = Info
		}
	case a.Member == m.Name:
		f.Severity = Info
		f.Text += fmt.Sprintf(", and the policy says %s", policy)
	case a.Member != "":
		f.Severity = Error
		f.Text += ", where " + a.Member + " answers"
	default:
		f.Severity = Error
		f.Text += ", where another server answers"
	}
	return f
}
