package verify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// sound is the evidence of a cluster that is as it must be, for a case to spoil.
func sound() *Evidence {
	e := &Evidence{Policy: &policies.Policy{}, Now: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)}
	for i, name := range []string{"etcd1", "etcd2", "etcd3"} {
		e.Members = append(e.Members, Member{
			Name: name, URL: fmt.Sprintf("https://10.0.0.1%d:2379", i+1), ID: uint64(i + 1), ClusterID: 0xabc,
			Version: "3.7.3", Peers: peers("etcd1", "etcd2", "etcd3"), AuthOn: true, Described: true,
			Anonymous: Attempt{Outcome: Refused}, Root: Attempt{Outcome: Accepted},
			PeerPort: PeerPort{Anonymous: Attempt{Outcome: Refused}, Component: Attempt{Outcome: Refused}, Peer: Attempt{Outcome: Accepted}},
		})
	}
	return e
}

// peers is the cluster's list, IDs counting from 1.
func peers(names ...string) []Peer {
	var out []Peer
	for i, name := range names {
		out = append(out, Peer{ID: uint64(i + 1), Name: name})
	}
	return out
}

// joins lets the member's etcd.env say that it joins a cluster that runs.
func joins(e *Evidence, name string) {
	e.Folder = &certgen.State{Files: map[string][]byte{certgen.MemberEnvPath(name): []byte("ETCD_INITIAL_CLUSTER_STATE=existing\n")}}
}

// lines is what the checks find, one line each; checks without evidence are left out.
func lines(e *Evidence, checks []Check) []string {
	var out []string
	for _, f := range Judge(e, checks).Findings {
		out = append(out, fmt.Sprintf("%s %s: %s: %s", f.Severity, f.Code, f.About(), f.Text))
	}
	return out
}

func TestMemberChecks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*Evidence)
		want  []string
	}{
		"sound": {func(*Evidence) {}, nil},
		"one does not answer": {
			func(e *Evidence) { e.Members[1] = Member{Name: "etcd2", Err: errors.New("connection refused")} },
			[]string{"error members/reached: etcd2: cannot be asked: connection refused"},
		},
		"one cannot use its key": {
			func(e *Evidence) {
				e.Members[1] = Member{Name: "etcd2", Err: &store.HandshakeError{Endpoint: "https://10.0.0.12:2379", Alert: "tls: internal error", Err: errors.New("remote error")}}
			},
			[]string{"error members/server-key: etcd2: cannot use its server certificate and key: shaking hands with https://10.0.0.12:2379: remote error"},
		},
		"one shows a certificate that is not accepted": {
			func(e *Evidence) {
				unverified := &tls.CertificateVerificationError{UnverifiedCertificates: []*x509.Certificate{{}}, Err: errors.New("it has expired")}
				e.Members[1] = Member{Name: "etcd2", Err: &store.HandshakeError{Endpoint: "https://10.0.0.12:2379", Err: unverified}}
			},
			[]string{"error members/server-certificate: etcd2: its certificate is not accepted: shaking hands with https://10.0.0.12:2379: tls: failed to verify certificate: it has expired"},
		},
		"a member that the policy does not name": {
			func(e *Evidence) { e.Members[0].Peers = peers("etcd1", "etcd2", "etcd3", "etcd4") },
			[]string{"critical members/unknown: etcd4: is a member of the cluster and not of the policy"},
		},
		"a member that never started": {
			func(e *Evidence) { e.Members[0].Peers = append(peers("etcd1", "etcd2", "etcd3"), Peer{ID: 9}) },
			[]string{"critical members/unknown: : the cluster lists a member that has never been started"},
		},
		"a member that joins and is not started": {
			func(e *Evidence) {
				joins(e, "etcd3")
				e.Members[2] = Member{Name: "etcd3", PeerURL: "https://c:2380", Err: errors.New("connection refused")}
				e.Members[0].Peers = append(peers("etcd1", "etcd2"), Peer{ID: 9, PeerURLs: []string{"https://c:2380"}})
			},
			[]string{"info members/reached: etcd3: joins the cluster and does not answer yet"},
		},
		"a member that joins, and another one that never started": {
			func(e *Evidence) {
				joins(e, "etcd3")
				e.Members[2] = Member{Name: "etcd3", PeerURL: "https://c:2380", Err: errors.New("connection refused")}
				e.Members[0].Peers = append(peers("etcd1", "etcd2"), Peer{ID: 9, PeerURLs: []string{"https://d:2380"}})
			},
			[]string{
				"critical members/unknown: : the cluster lists a member that has never been started",
				"info members/reached: etcd3: joins the cluster and does not answer yet",
			},
		},
		"a member joins, and no other one answers": {
			func(e *Evidence) {
				joins(e, "etcd3")
				for i := range e.Members {
					e.Members[i] = Member{Name: e.Members[i].Name, Err: errors.New("connection refused")}
				}
			},
			[]string{
				"error members/reached: etcd1: cannot be asked: connection refused",
				"error members/reached: etcd2: cannot be asked: connection refused",
				"error members/reached: etcd3: cannot be asked: connection refused",
			},
		},
		"two clusters": {
			func(e *Evidence) { e.Members[2].ClusterID = 0xdef },
			[]string{"critical members/unknown: etcd3: belongs to cluster def, and etcd1 to abc"},
		},
		"one of another cluster, which answers first": {
			func(e *Evidence) {
				e.Members[0].ID, e.Members[0].ClusterID, e.Members[0].Peers = 9, 0xdef, []Peer{{ID: 9, Name: "etcd1"}}
			},
			[]string{"critical members/unknown: etcd1: belongs to cluster def, and etcd2 to abc"},
		},
		"two of two clusters, and users of one": {
			func(e *Evidence) {
				e.Members = e.Members[:2]
				e.AuthCluster = 0xabc
				e.Members[0].ID, e.Members[0].ClusterID, e.Members[0].Peers = 9, 0xdef, []Peer{{ID: 9, Name: "etcd1"}}
				e.Members[1].Peers = peers("etcd1", "etcd2")
			},
			[]string{"critical members/unknown: etcd1: belongs to cluster def, and etcd2 to abc"},
		},
		"endpoints are matched by what answers there": {
			func(e *Evidence) {
				for i := range e.Members {
					e.Members[i].Name = e.Members[i].URL
				}
			}, nil,
		},
		"one etcd under two names": {
			func(e *Evidence) { e.Members[2].ID = 1 },
			[]string{
				"critical members/unknown: etcd3: is a member of the cluster and not of the policy",
				"critical members/unknown: etcd3: is the same etcd as etcd1",
			},
		},
		"another cluster's member": {
			func(e *Evidence) {
				for i := range e.Members {
					e.Members[i].Peers = peers("etcd1", "etcd2")
				}
			},
			[]string{"critical members/unknown: etcd3: is not a member of the cluster, whose members are etcd1, etcd2"},
		},
		"accepts a client without a certificate": {
			func(e *Evidence) { e.Members[0].Anonymous.Outcome = Accepted },
			[]string{"critical members/anonymous: etcd1: accepts TLS connections without a certificate"},
		},
		"plain http beside TLS": {
			func(e *Evidence) { e.Members[0].Plain = []string{"http://10.0.0.11:2379"} },
			[]string{"critical members/anonymous: etcd1: answers plain http at http://10.0.0.11:2379, where no client has a name"},
		},
		"plain http among members": {
			func(e *Evidence) {
				e.Members[0].PeerPort = PeerPort{Peer: Attempt{Err: fmt.Errorf("trying: %w", &store.HandshakeError{Plain: true})}}
			},
			[]string{"critical members/peer-port: etcd1: its peer port speaks plain http, open to every client"},
		},
		"peers listed on plain http where the policy names endpoints": {
			func(e *Evidence) {
				e.Members[0].Peers[0].PeerURLs, e.Members[0].PeerPort = []string{"http://10.0.0.11:2380"}, PeerPort{}
			},
			[]string{
				"critical members/peer-port: etcd1: the cluster lists its peer port as plain http, open to every client",
				"warning members/peer-port-unseen: etcd1: its peer port did not take a peer certificate, so its refusals prove nothing: it was not tried",
			},
		},
		"one CA for everything": {
			func(e *Evidence) {
				e.Policy.Certificates.CA = policies.CertificateFile{Path: "ca.pem"}
				e.Members[0].PeerPort.Component.Outcome = Accepted
			},
			[]string{"warning members/peer-ca-shared: etcd1: its peer port takes a component's certificate: both come from the external CA of the policy (certificates.ca)"},
		},
		"one CA for everything, which is being replaced": {
			func(e *Evidence) {
				e.Folder = &certgen.State{Pairs: map[string]certgen.Pair{"ca/peer": {Leaf: &x509.Certificate{}}}}
				e.Members[0].PeerPort.Component.Outcome = Accepted
			},
			[]string{"warning members/peer-ca-shared: etcd1: its peer port takes a component's certificate: both come from the external CA of an earlier policy"},
		},
		"the CN is ignored": {
			func(e *Evidence) {
				e.Members[0].Root = Attempt{Outcome: IdentityIgnored, Err: errors.New("user name is empty")}
			},
			[]string{"critical members/blind: etcd1: takes root's certificate and ignores its CN: it is not started with --client-cert-auth"},
		},
		"root unknown": {
			func(e *Evidence) { e.Members[0].Root = Attempt{Err: errors.New("no answer")} },
			[]string{"error members/root: etcd1: root's certificate was not let in: no answer"},
		},
		"auth off says nothing about root": {
			func(e *Evidence) { e.Members[0].AuthOn, e.Members[0].Root = false, Attempt{} }, nil,
		},
		"refuses a component": {
			func(e *Evidence) {
				e.Members[0].Refusals = []Refusal{{Component: "flannel", Err: errors.New("tls: bad certificate")}}
			},
			[]string{"error members/refusals: etcd1: does not accept flannel's certificate: tls: bad certificate"},
		},
		"peer port open": {
			func(e *Evidence) {
				e.Members[0].PeerPort.Anonymous.Outcome, e.Members[0].PeerPort.Component.Outcome = Accepted, Accepted
			},
			[]string{
				"critical members/peer-port: etcd1: its peer port accepts a component's certificate",
				"critical members/peer-port: etcd1: its peer port accepts connections without a certificate",
			},
		},
		"peer port not seen": {
			func(e *Evidence) { e.Members[0].PeerPort = PeerPort{} },
			[]string{"warning members/peer-port-unseen: etcd1: its peer port did not take a peer certificate, so its refusals prove nothing: it was not tried"},
		},
		"alarm, learner, clock, version": {
			func(e *Evidence) {
				m := &e.Members[0]
				m.Alarms, m.Learner, m.Clock, m.Version = []store.Alarm{{Kind: "NOSPACE", MemberID: 1}}, true, -3*time.Minute, "3.5.35"
			},
			[]string{
				"error members/alarm: etcd1: raises the alarm NOSPACE at member 1",
				"error members/clock: etcd1: its clock differs from ours by -3m0s",
				"error members/learner: etcd1: is a learner",
				"warning members/version: etcd1: runs etcd 3.5.35",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := sound()
			c.spoil(e)
			if diff := cmp.Diff(c.want, lines(e, MemberChecks())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A learner that started less than a day ago, beside a voter where auth is on, is being added.
func TestALearnerThatIsBeingAdded(t *testing.T) {
	t.Parallel()
	const young, old = "info members/learner: etcd1: is a learner, and started less than a day ago", "error members/learner: etcd1: is a learner"
	for name, c := range map[string]struct {
		age  time.Duration
		on   bool // auth, at the other member
		want string
	}{
		"an hour old":               {time.Hour, true, young},
		"a clock behind the member": {-time.Minute, true, young},
		"a day old":                 {24 * time.Hour, true, old},
		"before auth is on":         {time.Hour, false, old},
		"its age is not known":      {0, true, old},
	} {
		e := sound()
		learner, voter := &e.Members[0], e.Members[0]
		learner.Learner, voter.AuthOn, voter.Learner = true, c.on, false
		if c.age != 0 {
			learner.Started = e.Now.Add(-c.age)
		}
		e.Members = []Member{*learner, voter}
		var check []Check
		for _, each := range MemberChecks() {
			if each.Code == "members/learner" {
				check = append(check, each)
			}
		}
		if diff := cmp.Diff([]string{c.want}, lines(e, check)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// The remedy for a member whose etcd.env says that it joins is the verb by which it joins.
func TestRemedyOfAMemberThatJoins(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ETCD_INITIAL_CLUSTER_STATE=existing\n":                       "lockstep members add etcd3",
		"ETCD_INITIAL_CLUSTER_STATE=existing\nLOCKSTEP_REPLACES=a1\n": "lockstep members replace etcd3",
	} {
		e := sound()
		e.Folder = &certgen.State{Files: map[string][]byte{certgen.MemberEnvPath("etcd3"): []byte(text)}}
		e.Members[2].Learner, e.Members[2].Started, e.Members[0].AuthOn = true, e.Now.Add(-time.Hour), true
		started := remedyOf(e, "members/learner")
		e.Members[2] = Member{Name: "etcd3", Err: errors.New("connection refused")}
		silent := remedyOf(e, "members/reached")
		if started != want+" goes on with it" || silent != want+" says what to copy and to start" {
			t.Errorf("%q: %q and %q", text, started, silent)
		}
	}
}

// remedyOf is the remedy of the first finding of a check.
func remedyOf(e *Evidence, code string) string {
	for _, f := range Judge(e, MemberChecks()).Findings {
		if f.Code == code {
			return f.Remedy
		}
	}
	return ""
}

// A member that does not tell where its peer port is has the remedy of the reason.
func TestRemediesOfAPeerPortThatWasNotSeen(t *testing.T) {
	t.Parallel()
	const elsewhere = "run lockstep verify where the peer ports can be reached and the members' keys are"
	for name, c := range map[string]struct {
		spoil func(*Member)
		want  string
	}{
		"not reached":         {func(m *Member) { m.PeerPort.Peer.Err = errors.New("connection refused") }, elsewhere},
		"not reached, advice": {func(m *Member) { m.PeerPort.Peer.Err = hint.With(errors.New("refused"), "open the port") }, "open the port"},
		"learner": {func(m *Member) { m.Learner = true },
			"etcdctl member promote, once it has caught up, then run lockstep verify again: a learner does not tell where its peer port is"},
		"learner whose peer port the policy names": {func(m *Member) { m.Learner, m.PeerURL = true, "https://10.0.0.11:2380" }, elsewhere},
		"ignores certificate identity": {func(m *Member) { m.Root = Attempt{Outcome: IdentityIgnored, Err: errors.New("user name is empty")} },
			"start the member with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true), then run lockstep verify again: until then it does not tell where its peer port is"},
		"no certificate of the peer CA": {func(*Member) {}, elsewhere},
	} {
		e := sound()
		e.Members[0].PeerPort = PeerPort{}
		c.spoil(&e.Members[0])
		for _, f := range Judge(e, MemberChecks()).Findings {
			if f.Code == "members/peer-port-unseen" && f.Remedy != c.want {
				t.Errorf("%s: got %q, want %q", name, f.Remedy, c.want)
			}
		}
		if got := lines(e, MemberChecks()); !slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "members/peer-port-unseen: etcd1") }) {
			t.Errorf("%s: not found in %q", name, got)
		}
	}
}

func TestBelowFloor(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]bool{
		"3.7.3": false, "3.7.1": false, "3.7.0": true, "3.7.1-rc.0": true, "3.8.0-alpha.0": false, "4.0.0": false,
		"3.6.14": false, "3.6.13": true, "3.5.99": true, "3.4.23": true, "": true, "new": true,
	} {
		if got := belowFloor(version); got != want {
			t.Errorf("%q: got %v, want %v", version, got, want)
		}
	}
}
