package members

import (
	"context"
	"fmt"
	"strings"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
)

// prove asks the member that joins what verify asks every member, and fills in what it shows. A
// learner proves that it takes the user from the CN by a serializable read as root (facts 2, 30):
// it has applied the log up to a point at which auth was on, so that a connection without an
// identity would be refused.
func prove(ctx context.Context, w *world.World, m *Member) error {
	alone := only(w, m.Name)
	shown, err := verify.Survey(ctx, alone, nil)
	if err != nil {
		return fmt.Errorf("asking %s: %w", m.Name, err)
	}
	for i := range shown {
		shown[i].Peers = nil // it is asked about itself: the others' list is compared already
	}
	state, err := w.Folder.Observe()
	if err != nil {
		return err
	}
	e := &verify.Evidence{Policy: alone.Policy, Now: w.Now(), Folder: &state, Members: shown}
	report := verify.Judge(e, verify.MemberChecks())
	var unfit []string
	say := func(remedy, text string) {
		if m.Remedy == "" {
			m.Remedy = remedy
		}
		unfit = append(unfit, text)
	}
	for _, f := range report.Findings {
		switch {
		case f.Code == "members/learner": // what it is until it is proven
		case f.Severity <= verify.Error:
			say(f.Remedy, f.Text)
		case f.Severity == verify.Warning:
			w.Warn("members", "%s: %s", m.Name, f.Text)
		}
	}
	if len(unfit) == 0 {
		lacking(shown, say)
	}
	m.Unfit = strings.Join(unfit, "; ")
	m.Proven = m.Unfit == "" && len(shown) == 1
	return nil
}

// only is the world with that member alone, of which no finding is accepted.
func only(w *world.World, name string) *world.World {
	one := *w.Policy
	one.Accept, one.Cluster.Members = nil, nil
	if m, declared := w.Policy.Member(name); declared {
		one.Cluster.Members = []policies.Member{m}
	}
	return &world.World{
		Policy: &one, Folder: w.Folder, Now: w.Now, Report: w.Report, InFlight: w.InFlight,
		CallTimeout: w.CallTimeout, Hold: w.Hold, Admin: w.Admin,
	}
}

// lacking says what the one member has to show and no check of verify asks of every member: that
// it is no finding is not enough, each has to be seen.
func lacking(shown []verify.Member, say func(remedy, text string)) {
	const again = "Look at its log, and run the same command again."
	for _, m := range shown {
		if m.Root.Outcome != verify.Accepted {
			say(again, fmt.Sprintf("it did not take root's certificate for root: %v", m.Root.Err))
		}
		if m.Anonymous.Outcome != verify.Refused {
			say(again, "it was not seen to refuse a connection without a certificate")
		}
		if m.PeerPort.Peer.Outcome != verify.Accepted || m.PeerPort.Anonymous.Outcome != verify.Refused {
			say(again, "its port for members was not seen to take a member's certificate and nothing else")
		}
		for _, list := range []struct {
			ca certgen.CA
			verify.Attempt
		}{{certgen.ClientCA, m.Canary}, {certgen.PeerCA, m.PeerPort.Canary}} {
			if list.Outcome != verify.Refused {
				say(fmt.Sprintf("Copy %s.crl of its folder to its host.", list.ca), fmt.Sprintf("it was not seen to have the newest revocation list of the %s CA", list.ca))
			}
		}
	}
}
