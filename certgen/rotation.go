package certgen

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"lockstep/policies"
	"lockstep/policies/pending"
)

// Stage is how far the rotation of a CA is, as the PKI folder shows it. It is computed, never
// stored.
type Stage string

const (
	StageNone     Stage = "none"     // the CA has one generation
	StageNext     Stage = "next"     // the next generation is trusted beside the current one, and does not sign yet
	StagePrevious Stage = "previous" // the new CA signs, and the previous one is trusted still
	StageDropped  Stage = "dropped"  // the copies hold the new CA alone
)

// Stage is how far the rotation of ca is.
func (s State) Stage(ca CA) Stage {
	for _, found := range []struct {
		generation Generation
		stage      Stage
	}{{Next, StageNext}, {Previous, StagePrevious}, {Dropped, StageDropped}} {
		if s.Pairs[CAPlace(ca, found.generation).String()].Leaf != nil {
			return found.stage
		}
	}
	return StageNone
}

// Port is what a port of a member or proxy showed to a client without a certificate.
type Port struct {
	Place   Place             // the folder of the member or proxy; the zero value where it is not lockstep's
	Name    string            // "members/etcd1", or the address
	URL     string            // where it is asked
	Accepts [][]byte          // raw subjects of the CAs whose certificates it asks for
	Shown   *x509.Certificate // its own certificate; nil when that was not seen
	Err     error             // why it could not be asked; what it showed then proves nothing
}

// accepts reports whether the port takes certificates of ca.
func (p Port) accepts(ca *x509.Certificate) bool {
	return p.Err == nil && slices.ContainsFunc(p.Accepts, func(raw []byte) bool { return bytes.Equal(raw, ca.RawSubject) })
}

// shows reports whether the port's certificate comes from ca.
func (p Port) shows(ca *x509.Certificate) bool {
	return p.Err == nil && p.Shown != nil && signedBy(p.Shown, ca)
}

// Choice is how the operator wants a CA rotated.
type Choice struct {
	CA          CA
	Confirmed   bool // what lockstep cannot see is done: clients have the new certificates, or trust the next CA
	Compromised bool // others may have the key: the CA is dropped at once
	Again       bool // begin another rotation although the CA is new
}

// Wait is something to do before a rotation goes on.
type Wait struct {
	Place Place  // the folder to copy; the zero value for none
	Name  string // whose it is: "members/etcd1", a component's name, an address
	Text  string // what is not done yet, as a sentence that follows the name; "" where nothing shows whether it is done

	NewCA, NewCertificate, NewList bool // what it has to take over: other trusted CAs, a certificate, a revocation list
}

// Rotation is what one run does about one CA. Without steps, Waits says why.
type Rotation struct {
	CA       CA
	Plan     Plan
	Stage    Stage  // after the plan
	Waits    []Wait // before the next run can go on
	Confirm  bool   // the operator has to confirm that it is done: nothing shows it
	Finished bool   // with the plan the rotation is finished
	Begins   bool   // the plan begins a rotation
	Rootless bool   // before the next CA signs, no certificate of root can be made, and none is here
}

// Rotate looks how far the rotation of a CA of p is, and plans what can be done now. ports are
// the ports that trust the CA or show a certificate of it: the client ports of members
// and proxies, of the peer CA the members' peer ports.
func Rotate(p *policies.Policy, c Choice, ports []Port, s State, now time.Time) Rotation {
	r := rotation{policy: p, choice: c, ports: ports, state: s, now: now}
	if text := r.unusable(); text != "" {
		blocked := Pending{Step: Step{Action: Repair, Profile: r.profile(Current)}, Needs: pending.Operator, Reason: text}
		return Rotation{CA: c.CA, Stage: s.Stage(c.CA), Plan: Plan{Pending: []Pending{blocked}}}
	}
	out := r.run()
	out.Rootless = out.Stage == StageNext && r.rootless()
	return out
}

// run plans what can be done at the stage of the rotation.
func (r rotation) run() Rotation {
	stage := r.state.Stage(r.choice.CA)
	if r.choice.Compromised && stage != StageDropped {
		return r.replace()
	}
	switch stage {
	case StageNext:
		return r.promote()
	case StagePrevious:
		return r.drop()
	case StageDropped:
		return r.finish()
	}
	return r.begin()
}

type rotation struct {
	policy *policies.Policy
	choice Choice
	ports  []Port
	state  State
	now    time.Time
}

// rootless reports whether the client CA that is replaced is external, so that it signs nothing, and
// root/ holds no certificate that it signed before.
func (r rotation) rootless() bool {
	root := r.state.Pairs[RootPath].Leaf
	return r.choice.CA == ClientCA && r.state.Inherited(ClientCA) && (root == nil || !r.now.Before(root.NotAfter))
}

// unusable says why the CA cannot be rotated at all, as a sentence; "" where it can.
func (r rotation) unusable() string {
	ca := r.choice.CA
	current, next := r.state.Pairs[CAPath(ca)], r.state.Pairs[CAPlace(ca, Next).String()]
	_, err := r.state.Trust(ca)
	switch {
	case !slices.ContainsFunc(Desired(r.policy).Profiles, func(p Profile) bool { return p.Kind == KindCA && p.CA == ca }):
		return fmt.Sprintf("the policy has no %s CA of lockstep's", ca)
	case current.Problem != "" || current.Leaf != nil && err != nil:
		return fmt.Sprintf("the %s CA's certificates in ca/ cannot be read (%s): bring back the right files from a copy", ca, cmp.Or(current.Problem, fmt.Sprint(err)))
	case current.Leaf == nil && err == nil:
		return fmt.Sprintf("%s.crt is not here: copy a %s-ca.crt or ca.crt of the PKI folder there; its key is not needed", CAPath(ca), ca)
	case current.Leaf == nil:
		return fmt.Sprintf("there is no %s CA yet: bootstrap the cluster first", ca)
	case r.state.outdated(ca) != "":
		return r.state.outdated(ca)
	case next.Leaf != nil && next.Key == KeyAbsent:
		return fmt.Sprintf("%s.key is not here: bring it back for this run", next.Path)
	}
	return ""
}

// begin makes the next generation. A port that does not take the current one has to be
// mended first: what it trusts would be guessed.
func (r rotation) begin() Rotation {
	current, plan := r.at(Current), r.plan(r.makeNext())
	waits := r.unready(func(p Port) string { return r.unsound(p, current) })
	switch {
	case len(plan.Blocked()) > 0:
		return Rotation{CA: r.choice.CA, Stage: StageNone, Plan: Plan{Pending: plan.Pending}}
	case r.rotated() && !r.choice.Again:
		return Rotation{CA: r.choice.CA, Stage: StageNone, Finished: true}
	case len(waits) > 0:
		return Rotation{CA: r.choice.CA, Stage: StageNone, Waits: waits}
	}
	return Rotation{CA: r.choice.CA, Stage: StageNext, Begins: true, Waits: r.toTrust(), Confirm: r.choice.CA == ServerCA, Plan: plan}
}

// rotated reports whether the current CA took the place of another one and is in the first
// tenth of its life: a run that is repeated after the last one is told so, and begins no
// other rotation.
func (r rotation) rotated() bool {
	current, former := r.at(Current), r.state.Former(r.choice.CA)
	tenth := current.NotAfter.Sub(current.NotBefore) / 10
	return len(former) > 0 && r.now.Before(current.NotBefore.Add(tenth))
}

// promote lets the next generation sign where each port, or client, trusts it.
func (r rotation) promote() Rotation {
	waiting := Rotation{CA: r.choice.CA, Stage: StageNext, Confirm: r.choice.CA == ServerCA}
	next := r.at(Next)
	if plan := r.plan(); len(plan.Steps) > 0 { // the run that made it was cut off
		waiting.Plan, waiting.Waits = plan, r.toTrust()
		return waiting
	}
	if r.choice.CA == ServerCA && !r.choice.Confirmed {
		waiting.Waits = r.toTrust()
		return waiting
	}
	if waits := r.unready(func(p Port) string { return r.untrusting(p, next) }); r.choice.CA != ServerCA && len(waits) > 0 {
		waiting.Waits = waits
		return waiting
	}
	step := Step{Action: Promote, Profile: r.profile(Next), Reason: r.trusted()}
	return Rotation{CA: r.choice.CA, Stage: StagePrevious, Plan: r.plan(step), Waits: r.toUse(), Confirm: r.choice.CA == ClientCA}
}

// drop takes the previous generation out of what is trusted where nothing of it is used.
func (r rotation) drop() Rotation {
	waiting := Rotation{CA: r.choice.CA, Stage: StagePrevious, Confirm: r.choice.CA == ClientCA}
	if plan := r.plan(); len(plan.Steps) > 0 || len(plan.Pending) > 0 {
		waiting.Plan, waiting.Waits = plan, r.toUse()
		return waiting
	}
	if waiting.Waits = r.unnamed(); len(waiting.Waits) > 0 {
		waiting.Confirm = false
		return waiting
	}
	current := r.at(Current)
	switch r.choice.CA {
	case ClientCA:
		if waiting.Waits = r.unready(func(p Port) string { return r.untrusting(p, current) }); len(waiting.Waits) > 0 {
			waiting.Confirm = false
			return waiting
		}
		if !r.choice.Confirmed {
			waiting.Waits = r.toUse()
			return waiting
		}
	default:
		if waiting.Waits = r.unready(func(p Port) string { return r.showing(p, current) }); len(waiting.Waits) > 0 {
			return waiting
		}
	}
	plan := r.plan(Step{Action: Drop, Profile: r.profile(Previous), Reason: "no certificate of it is used any more"})
	if r.choice.CA == ServerCA { // no port shows what clients trust
		return r.end(plan)
	}
	return Rotation{CA: r.choice.CA, Stage: StageDropped, Plan: plan, Waits: r.toTrust()}
}

// finish retires the dropped generation where no port trusts or shows it.
func (r rotation) finish() Rotation {
	plan := r.plan()
	waits := r.unready(r.behind)
	switch {
	case len(plan.Pending) > 0 || len(plan.Steps) > 0 && len(waits) > 0: // the run that dropped it was cut off
		return Rotation{CA: r.choice.CA, Stage: StageDropped, Plan: plan, Waits: r.toTakeOver()}
	case len(waits) > 0:
		return Rotation{CA: r.choice.CA, Stage: StageDropped, Waits: waits}
	}
	return r.end(plan)
}

// end adds to the plan that the dropped generation is retired: the last step, so that a run
// that is cut off before it goes on with this rotation, and begins no other.
func (r rotation) end(plan Plan) Rotation {
	plan.Steps = append(plan.Steps, r.retire(Dropped, "no server trusts or shows it any more"))
	rotation := Rotation{CA: r.choice.CA, Stage: StageNone, Plan: plan, Finished: true}
	if r.choice.CA == ServerCA {
		rotation.Waits = r.toTrust()
	}
	return rotation
}

// replace drops the current CA at once, whatever was under way.
func (r rotation) replace() Rotation {
	var steps []Step
	for _, g := range []Generation{Dropped, Previous, Next} { // a next generation's key lay beside the one that leaked
		if r.at(g) != nil {
			steps = append(steps, r.retire(g, "the CA is compromised"))
		}
	}
	steps = append(steps, r.makeNext(), Step{Action: Replace, Profile: r.profile(Next), Reason: "the CA is compromised"})
	return Rotation{CA: r.choice.CA, Stage: StageDropped, Begins: true, Plan: r.plan(steps...), Waits: r.toTakeOver()}
}

// at is the certificate of one generation; nil for none.
func (r rotation) at(g Generation) *x509.Certificate {
	return r.state.Pairs[CAPlace(r.choice.CA, g).String()].Leaf
}

// profile is the profile of one generation.
func (r rotation) profile(g Generation) Profile {
	p := caProfile(r.policy, r.choice.CA)
	p.Path = CAPlace(r.choice.CA, g).String()
	return p
}

func (r rotation) makeNext() Step {
	current := r.at(Current)
	return Step{Action: MakeCA, Profile: r.profile(Next), Reason: fmt.Sprintf("to replace %q, which ends on %s", current.Subject.CommonName, day(current.NotAfter))}
}

// retire is the step by which a generation that is trusted no more leaves ca/.
func (r rotation) retire(g Generation, reason string) Step {
	p := r.profile(g)
	p.Identity = RetiredCA(r.choice.CA)
	return Step{Action: Retire, Profile: p, Reason: reason}
}

// trusted is why the next generation may sign.
func (r rotation) trusted() string {
	switch r.choice.CA {
	case ServerCA:
		return "it is confirmed that every client trusts it"
	case PeerCA:
		return "every member trusts it"
	}
	return "every member and proxy trusts it"
}
