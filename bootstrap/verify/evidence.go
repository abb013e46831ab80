package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles"
	"lockstep/roles/store"
)

// Evidence is everything that the checks judge. It is gathered once and not changed.
type Evidence struct {
	Policy      *policies.Policy
	Now         time.Time
	Offline     bool              // the operator chose that etcd is not asked
	Folder      *certgen.State    // nil: there is no PKI folder here
	Auth        *roles.State      // nil: it could not be read
	AuthErr     error             // why Auth is nil
	Empty       []string          // users of Auth that log in with an empty password, sorted
	Passwords   map[string]string // what is wrong with the password in a component's folder, by component
	Members     []Member
	MembersErr  error // why there are none
	Proxies     []Proxy
	As          As // how the members were asked
	Proofs      []Proof
	AuthCluster uint64 // ID of the cluster that Auth was read from
	// AcceptForeign names users outside the policy that the operator accepts.
	AcceptForeign []string
	// Recovery is whether the file of an interrupted AuthEnable lies in the folder.
	Recovery bool
}

// Member is what one etcd server showed from outside. Times and errors are as seen
// from here.
type Member struct {
	Name, URL string
	Err       error // why it could not be asked at all; of the rest only PeerPort is then filled in

	Described     bool // what follows up to Learner was answered
	ID, ClusterID uint64
	Version       string
	Learner       bool
	Started       time.Time // its process; asked of a learner alone, zero where it does not tell

	Pages
	Peers   []Peer // the members that it lists, by name; nil: it was not asked
	PeerURL string
	Alarms  []store.Alarm

	Advertised []Advertised // where the cluster lists it, and the policy does not

	AcceptableCAs [][]byte          // raw subjects (RFC 5280 Name) that its client port asks certificates of
	Server        *x509.Certificate // what its client port shows; nil when that was not seen
	Plain         []string          // its client URLs that answer http without TLS
	AuthOn        bool
	AuthRevision  uint64  // as it tells; 0 where it does not
	Anonymous     Attempt // TLS without a certificate; must be Refused
	Root          Attempt // something that needs root, by the certificate of As alone; only while auth is on
	Refusals      []Refusal
	Canary        Attempt // the canary of the client CA; Refused once the newest list is loaded
	NextCanary    Attempt // that of the list after it; Refused where a list is loaded that is newer than the folder's
	PeerPort      PeerPort
}

// Pages is what a member tells over HTTP.
type Pages struct {
	Clock     time.Duration // its clock minus ours
	ClockErr  error         // why that is not known
	Gateway   Outcome       // of asking for the HTTP gateway; Refused where there is none
	GatewayCN Attempt       // of a question through it with a certificate that has a CN; asked where a component needs the gateway
	Command   []string      // the program and the flags that it was started with; nil: it does not tell
}

// Peer is one entry of the cluster's own list of members.
type Peer struct {
	ID         uint64
	Name       string // "" for one that never started
	ClientURLs []string
	PeerURLs   []string
}

// Refusal is a certificate that a member's client port does not accept.
type Refusal struct {
	Component string            // its name, "root" for root, or the CN of another administrator in quotation marks
	Shown     *x509.Certificate // the certificate
	Err       error
}

// PeerPort is what the port for other members answered.
type PeerPort struct {
	AcceptableCAs [][]byte
	Server        *x509.Certificate // what it shows; nil when that was not seen
	Anonymous     Attempt           // must be Refused
	Component     Attempt           // a component's certificate; must be Refused
	Peer          Attempt           // a peer certificate, the positive control; must be Accepted
	Shown         *x509.Certificate // that peer certificate; nil when none is here
	Canary        Attempt           // the canary of the peer CA; Refused once the newest list is loaded
}

// Attempt is the outcome of trying something. The zero value is not knowing, which
// never passes.
type Attempt struct {
	Outcome Outcome
	Err     error // what was answered, when it was not accepted
}

// Outcome of an attempt.
type Outcome int

const (
	Unknown         Outcome = iota // not tried, or no conclusive answer
	Accepted                       // let in
	Refused                        // turned away by the member itself
	IdentityIgnored                // the certificate was taken and its CN ignored (fact 2)
)

// Proof is what one identity found out about itself on real etcd. Of the answers that
// were expected only the numbers are kept: thousands of components ask dozens of
// questions each.
type Proof struct {
	Component string
	User      policies.UserName
	Role      string
	Member    string         // the member that answered; of a user with a password all of them
	Gateways  []GatewayLogin // of a user with a password, in the order of the members that were asked
	Minted    bool           // with a certificate made in memory for this, not the one in the folder
	NotLive   string         // why it could not be tried; "" when it was
	Err       error          // why it could not be asked as this identity
	NotAfter  time.Time      // of the certificate it used; zero when not live

	Allowed, Refused int            // answers that were expected and given
	Failed           []roles.Answer // all others
}

// Take adds the answers to the proof.
func (p *Proof) Take(answers []roles.Answer) {
	for _, a := range answers {
		switch {
		case !a.Passed():
			p.Failed = append(p.Failed, a)
		case a.Want == roles.Allowed:
			p.Allowed++
		default:
			p.Refused++
		}
	}
}

// Asked counts the questions, by the answer that is expected.
func (p Proof) Asked() (allowed, refused int) {
	allowed, refused = p.Allowed, p.Refused
	for _, a := range p.Failed {
		if a.Want == roles.Allowed {
			allowed++
		} else {
			refused++
		}
	}
	return allowed, refused
}

// Proven reports whether every question got the expected answer, and there was one.
func (p Proof) Proven() bool {
	return p.NotLive == "" && p.Err == nil && p.Allowed+p.Refused > 0 && len(p.Failed) == 0
}

// missing says why the evidence for needs is not there, and what to do; "" when it is.
func (e *Evidence) missing(needs Needs) (reason, remedy string) {
	if needs&NeedsProxy != 0 && len(e.Policy.Cluster.Proxies) == 0 {
		return "", "" // there is nothing to ask
	}
	switch {
	case e.Offline && needs&^NeedsFolder != 0:
		return "etcd was not asked (--offline)", "run lockstep verify without --offline"
	case needs&NeedsFolder != 0 && e.Folder == nil:
		return "there is no PKI folder here", "run lockstep where it is, or name it with --pki"
	case needs&NeedsAuth != 0 && e.Auth == nil:
		return fmt.Sprintf("etcd's users and roles could not be read: %v", e.AuthErr), advice(e.AuthErr)
	case needs&(NeedsSurvey|NeedsMembers) != 0 && len(e.Members) == 0 && e.MembersErr != nil:
		return fmt.Sprintf("no member was asked: %v", e.MembersErr), advice(e.MembersErr)
	case needs&(NeedsSurvey|NeedsMembers) != 0 && len(e.Members) == 0:
		return "no member was asked", "the other findings say why"
	case needs&NeedsMembers != 0 && !slices.ContainsFunc(e.Members, func(m Member) bool { return m.Err == nil }):
		return "no member could be asked", "the findings about the members say why"
	case needs&NeedsRoot != 0 && e.As.RootErr != nil:
		return fmt.Sprintf("the members were asked as %s: %v", e.As.Who, e.As.RootErr), advice(e.As.RootErr)
	case needs&NeedsName != 0 && e.As.Nameless:
		return fmt.Sprintf("the members were asked as %s, and no certificate that names a user is here", e.As.Who), advice(e.As.RootErr)
	case needs&NeedsCanary != 0 && e.lacksCanaries():
		return "the canary of a newest revocation list is not in the PKI folder", "lockstep apply makes it where the CA's key is; to another host copy canary/ of the PKI folder"
	case needs&NeedsProof != 0 && len(e.Proofs) == 0 && len(e.Policy.Components) > 0:
		return "no component was asked", "the other findings say why"
	case needs&NeedsProof != 0 && slices.ContainsFunc(e.Proofs, func(p Proof) bool { return errors.Is(p.Err, world.ErrNoVoter) }):
		return "no component was asked: " + world.ErrNoVoter.Error(), "the findings about the members say why"
	}
	return "", ""
}

// Outage reports whether nothing of etcd could be judged: users and roles were not read,
// and no member said anything. One that was not asked because of a file here, or whose
// certificate is at fault, is a finding and no outage.
func (e *Evidence) Outage() bool {
	return e.Auth == nil && len(e.Members) > 0 &&
		!slices.ContainsFunc(e.Members, func(m Member) bool { return !m.silent() || hint.Of(m.Err) == hint.Refused })
}

func advice(err error) string {
	if text := hint.Text(err); text != "" {
		return text
	}
	return "mend what the reason says and run lockstep verify again"
}
