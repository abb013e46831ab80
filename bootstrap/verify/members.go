package verify

import (
	"cmp"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// clockTolerance is how far a member's clock may be from ours before certificates
// start to be valid too late or end too early.
const clockTolerance = 2 * time.Minute

// refusalRemedy is by what a member refuses a certificate that its CA signed, in the order
// of what is easiest to look at. The member's log tells which.
const refusalRemedy = "look in the member's log for \"rejected connection\": for \"expired or is not yet valid\" set the member's clock or renew the certificate; " +
	"for a revoked one copy the newest client.crl of the member's folder to its host, or issue another certificate; else its --trusted-ca-file is another CA's"

// MemberChecks is the checks that also stand before auth is turned on.
func MemberChecks() []Check { return slices.Concat(reachedChecks(), memberChecks()) }

func memberChecks() []Check {
	return []Check{
		{
			Code: "members/unknown", Severity: Critical, Needs: NeedsMembers,
			Sentence: "the cluster's members are the policy's members, and they are one cluster",
			Remedy:   "write the member into the policy, or correct its clientURL there; remove one from the cluster (etcdctl member remove) only when you know that it does not belong there",
			Find:     findUnknownMembers,
		},
		{
			Code: "members/anonymous", Severity: Critical, Needs: NeedsMembers,
			Sentence: "no member accepts a client without a certificate",
			Remedy:   "start the member with its etcd.env (ETCD_CLIENT_CERT_AUTH, ETCD_TRUSTED_CA_FILE); one that lockstep does not make with --client-cert-auth and --trusted-ca-file",
			Find: eachReached(func(_ *Evidence, m Member, found func(text string)) {
				if m.Anonymous.Outcome == Accepted {
					found("accepts TLS connections without a certificate")
				}
				for _, url := range m.Plain {
					found(fmt.Sprintf("answers plain http at %s, where no client has a name", url))
				}
			}),
		},
		{
			Code: "members/blind", Severity: Critical, Needs: NeedsMembers | NeedsName,
			Sentence: "every member takes the CN of a certificate for the user",
			Remedy:   "start the member with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true)",
			Find: eachReached(func(e *Evidence, m Member, found func(text string)) {
				if m.Root.Outcome == Blind {
					found(fmt.Sprintf("takes %s and ignores its CN: it is not started with --client-cert-auth", e.As.whose()))
				}
			}),
		},
		{
			Code: "members/root", Severity: Error, Needs: NeedsMembers | NeedsRoot,
			Sentence: "root gets in by certificate alone, through every member",
			Remedy:   "look at the member's log: it names why it did not answer root; then run lockstep verify again",
			Find: eachReached(func(_ *Evidence, m Member, found func(text string)) {
				if m.AuthOn && m.Root.Outcome == Unknown {
					found(fmt.Sprintf("root's certificate was not let in: %v", reason(m.Root)))
				}
			}),
			RemedyFor: func(e *Evidence, subject string) string { return hint.Text(e.member(subject).Root.Err) },
		},
		{
			Code: "members/refusals", Severity: Error, Needs: NeedsMembers,
			Sentence: "every certificate is accepted by every member",
			Remedy:   refusalRemedy,
			Find: eachReached(func(e *Evidence, m Member, found func(text string)) {
				for _, r := range m.Refusals {
					if e.saidByClientCA(m, r) {
						continue
					}
					found(fmt.Sprintf("does not accept %s's certificate: %v", r.Component, r.Err))
				}
				if e.deniesAdministrator(m) {
					found(fmt.Sprintf("does not take %s for an administrator's: %v", e.As.whose(), m.Root.Err))
				}
			}),
			RemedyFor: func(e *Evidence, subject string) string {
				m := e.member(subject)
				if e.deniesAdministrator(m) {
					return "name the certificate of a user that holds role root (--cert, --key, --user), or leave them out where root's certificate is"
				}
				for _, r := range m.Refusals {
					if text := hint.Text(r.Err); text != "" && !e.saidByClientCA(m, r) {
						return text
					}
				}
				return ""
			},
		},
		{
			Code: "members/client-ca", Severity: Critical, Needs: NeedsMembers | NeedsFolder,
			Sentence: "members take users from our client CA and from no other",
			Remedy:   "give the member our client CA alone as --trusted-ca-file, and restart it: etcd reads CAs only at its start",
			Find: eachReached(func(e *Evidence, m Member, found func(text string)) {
				if m.AcceptableCAs != nil { // else it asks for no certificate, and members/anonymous says so
					e.compareCAs(certgen.ClientCA, m.AcceptableCAs, "client port", found)
				}
			}),
			RemedyFor: func(e *Evidence, subject string) string {
				ca, err := e.Folder.Authority(certgen.ClientCA)
				if err != nil {
					return advice(err)
				}
				return world.TrustAdvice(e.Policy, ca, e.member(subject).AcceptableCAs)
			},
		},
		{
			Code: "members/peer-ca", Severity: Critical, Needs: NeedsMembers | NeedsFolder,
			Sentence: "members take members from our peer CA and from no other",
			Remedy:   "copy peer-ca.crt to the member as its etcd.env says, and restart it: etcd reads CAs only at its start",
			Find: eachReached(func(e *Evidence, m Member, found func(text string)) {
				var stranger x509.UnknownAuthorityError
				switch {
				case m.PeerURL == "": // external members, which have a peer CA of their own
				case errors.As(m.PeerPort.Peer.Err, &stranger):
					found("its peer port shows a certificate that our peer CA did not sign")
				case m.PeerPort.Peer.Outcome != Unknown:
					e.compareCAs(certgen.PeerCA, m.PeerPort.AcceptableCAs, "peer port", found)
				}
			}),
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
			Find: eachReached(func(e *Evidence, m Member, found func(text string)) {
				if e.Policy.BringsCA() && m.PeerPort.Component.Outcome == Accepted {
					found("its peer port takes a component's certificate: both come from the one CA that the policy brings along")
				}
			}),
		},
		{
			Code: "members/peer-port-unseen", Severity: Warning, Needs: NeedsMembers, Acceptable: true,
			Sentence: "the peer port could be tried",
			Remedy:   "run lockstep verify where the peer ports can be reached",
			Find: eachReached(func(_ *Evidence, m Member, found func(text string)) {
				if m.PeerPort.Peer.Outcome != Accepted && !store.IsPlain(m.PeerPort.Peer.Err) {
					found(fmt.Sprintf("its peer port did not take a peer certificate, so its refusals prove nothing: %v", reason(m.PeerPort.Peer)))
				} else if m.PeerPort.Peer.Outcome == Accepted && m.PeerPort.Component == (Tried{}) {
					found("no certificate of the client CA is here to be refused by its peer port")
				}
			}),
			RemedyFor: peerPortRemedy,
		},
		{
			Code: "members/alarm", Severity: Error, Needs: NeedsMembers,
			Sentence: "no alarm is raised",
			Remedy:   "etcdctl alarm list; make space, then etcdctl alarm disarm",
			Find:     findAlarms,
		},
		{
			Code: "members/learner", Severity: Error, Needs: NeedsMembers, Acceptable: true,
			Sentence: "every member votes",
			Remedy:   "etcdctl member promote, once it has caught up; with a certificate that works at the leader alone (etcdctl endpoint status names it)",
			Find: eachDescribed(func(_ *Evidence, m Member, found func(text string)) {
				if m.Learner {
					found("is a learner")
				}
			}),
		},
		{
			Code: "members/clock", Severity: Error, Needs: NeedsMembers,
			Sentence: "clocks agree within two minutes",
			Remedy:   "set the clock (NTP): certificates are judged by it",
			Find: eachDescribed(func(_ *Evidence, m Member, found func(text string)) {
				if m.ClockErr == nil && m.Clock.Abs() > clockTolerance {
					found(fmt.Sprintf("its clock differs from ours by %s", m.Clock.Round(time.Second)))
				}
			}),
		},
		{
			Code: "members/clock-unseen", Severity: Warning, Needs: NeedsMembers,
			Sentence: "every member's clock could be compared",
			Remedy:   "compare it by hand (date -u on its host), or let the member serve HTTP where it can be reached from here: metricsURL of the member in the policy",
			Find: eachDescribed(func(_ *Evidence, m Member, found func(text string)) {
				if m.ClockErr != nil {
					found(fmt.Sprintf("its clock is not known: %v", m.ClockErr))
				}
			}),
		},
		{
			Code: "members/version", Severity: Warning, Needs: NeedsMembers, Acceptable: true,
			Sentence: "etcd is new enough for its users and roles to hold (3.6.14, 3.7.1)",
			Remedy:   "upgrade etcd: below these versions, public advisories tell how to get around users and roles",
			Find: eachDescribed(func(_ *Evidence, m Member, found func(text string)) {
				if belowFloor(m.Version) {
					found("runs etcd " + m.Version)
				}
			}),
		},
	}
}

func eachMember(find func(*Evidence, Member, func(text string))) func(*Evidence, func(subject, text string)) {
	return func(e *Evidence, found func(subject, text string)) {
		for _, m := range e.Members {
			find(e, m, func(text string) { found(m.Name, text) })
		}
	}
}

// eachReached leaves out members that could not be asked: members/reached says so once.
func eachReached(find func(*Evidence, Member, func(text string))) func(*Evidence, func(subject, text string)) {
	return eachMember(func(e *Evidence, m Member, found func(text string)) {
		if m.Err == nil {
			find(e, m, found)
		}
	})
}

// eachDescribed also leaves out members that said nothing about themselves: another
// check says why.
func eachDescribed(find func(*Evidence, Member, func(text string))) func(*Evidence, func(subject, text string)) {
	return eachMember(func(e *Evidence, m Member, found func(text string)) {
		if m.Err == nil && m.Described {
			find(e, m, found)
		}
	})
}

func findUnknownMembers(e *Evidence, found func(subject, text string)) {
	ids := map[uint64]string{}
	var cluster *Member
	for i, m := range e.Members {
		if m.Err != nil || !m.Described {
			continue
		}
		if other, twice := ids[m.ID]; twice {
			found(m.Name, fmt.Sprintf("is the same etcd as %s", other))
		}
		ids[m.ID] = m.Name
		if cluster == nil && m.Peers != nil {
			cluster = &e.Members[i]
		}
	}
	if cluster == nil {
		return
	}
	for _, m := range e.Members {
		if m.Err == nil && m.Described && m.ClusterID != cluster.ClusterID {
			found(m.Name, fmt.Sprintf("belongs to cluster %x, and %s to %x", m.ClusterID, cluster.Name, cluster.ClusterID))
		}
	}
	if e.AuthCluster != 0 && e.AuthCluster != cluster.ClusterID {
		found("", fmt.Sprintf("the administrator's connection leads to cluster %x, and the policy's members are cluster %x", e.AuthCluster, cluster.ClusterID))
	}
	for _, peer := range cluster.Peers {
		switch {
		case peer.Name == "":
			found("", "the cluster lists a member that has never been started")
		case !slices.ContainsFunc(e.Members, peer.is):
			found(peer.Name, "is a member of the cluster and not of the policy")
		}
	}
	for _, m := range e.Members {
		if m.Err == nil && m.Described && !slices.ContainsFunc(cluster.Peers, func(p Peer) bool { return p.is(m) }) {
			found(m.Name, fmt.Sprintf("is not a member of the cluster, whose members are %s", names(cluster.Peers)))
		}
	}
}

// is reports whether the cluster's entry p is the policy's member m: by its ID where m
// told it, else by name or, of a policy with endpoints, by address.
func (p Peer) is(m Member) bool {
	if m.Described {
		return p.ID == m.ID
	}
	return p.Name == m.Name || slices.Contains(p.ClientURLs, m.URL)
}

// findAlarms says each alarm once: every member lists those of all.
func findAlarms(e *Evidence, found func(subject, text string)) {
	said := map[store.Alarm]bool{}
	for _, m := range e.Members {
		for _, alarm := range m.Alarms {
			if !said[alarm] {
				said[alarm] = true
				found(e.memberName(alarm.MemberID), "raises the alarm "+alarm.String())
			}
		}
	}
}

// peerPortRemedy is for a member that does not list the members, so that the address of its
// peer port is not known where the policy does not name it.
func peerPortRemedy(e *Evidence, subject string) string {
	m := e.member(subject)
	switch {
	case m.PeerPort.Peer.Err != nil:
		return hint.Text(m.PeerPort.Peer.Err)
	case m.PeerURL != "" || m.PeerPort.Peer.Outcome != Unknown:
		return ""
	case m.Learner:
		return "etcdctl member promote, once it has caught up, then run lockstep verify again: a learner does not tell where its peer port is"
	case m.Root.Outcome == Blind:
		return "start the member with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true), then run lockstep verify again: until then it does not tell where its peer port is"
	}
	return ""
}

// memberName is the name of the member with that ID; "" when it is not known.
func (e *Evidence) memberName(id uint64) string {
	for _, m := range e.Members {
		if m.Described && m.ID == id {
			return m.Name
		}
	}
	return ""
}

func reason(t Tried) string {
	if t.Err == nil {
		return "it was not tried"
	}
	return t.Err.Error()
}

// belowFloor reports whether public advisories against etcd's users and roles are
// open in this version (docs/etcd.md, "Floor of versions"). Versions that cannot
// be read are below it.
func belowFloor(version string) bool {
	var major, minor, patch int
	release, _, prerelease := strings.Cut(version, "-")
	if n, err := fmt.Sscanf(release, "%d.%d.%d", &major, &minor, &patch); err != nil || n != 3 {
		return true
	}
	have := []int{major, minor, patch}
	floor := []int{3, 7, 1}
	if major == 3 && minor == 6 {
		floor = []int{3, 6, 14}
	}
	c := slices.CompareFunc(have, floor, func(a, b int) int { return cmp.Compare(a, b) })
	return c < 0 || c == 0 && prerelease
}
