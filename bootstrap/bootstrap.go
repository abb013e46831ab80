package bootstrap

import (
	"context"
	"time"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// Options is what the operator chooses for one run. With the zero value, the run waits for
// no member and accepts no unmanaged user.
type Options struct {
	Operator change.Operator // nil refuses every change

	// Wait is how long to wait for members that do not answer yet.
	Wait time.Duration
	// Soak is how long to watch, after the proof, which requests the members refuse; 0 for not at all.
	Soak time.Duration
	// AcceptForeign names users outside the policy that may stay although they reach a
	// component's keys.
	AcceptForeign []string
	// ReuseName adds users although earlier certificates in their names are still valid.
	ReuseName bool
	// Seed makes, for members that never ran, the database with which they start: users,
	// roles and auth on, before etcd is started.
	Seed bool
	// Exhaustive asks every component about every other component's keys.
	Exhaustive bool
	// NoProxies is that the policy's proxies are not there: a rehearsal has none.
	NoProxies bool
}

// Result is how a run ended.
type Result struct {
	Changed  bool // something was done
	Evidence *verify.Evidence
	Report   verify.Report
	Soak     *Soak // nil: it was not asked for, or the run ended before it
}

// Run brings a cluster from nothing to auth on and proven, in the one safe order.
// Repeating it finishes what an interrupted run left and changes nothing that is
// valid. It returns hint.Refused errors for guards, hint.NotInStep while it waits for
// the operator or when the proof fails (the Result then tells what was found).
func Run(ctx context.Context, w *world.World, o Options) (*Result, error) {
	w, without := w.ByCertificate()
	if without {
		w.Warn("etcd", "root's password is not used: by the policy root has none, and uses its certificate")
	}
	scope := change.Scope{Policy: w.Policy, Permitted: change.Permitted{ReuseName: o.ReuseName}, Sweep: true}
	r := &run{Change: change.New(w, scope, o.Operator), options: o}
	defer r.Close()
	defer r.sayOldWatches() // last, and however the run ends
	err := change.Do(ctx,
		r.makeSeed,    // for members that never ran, where the operator asks for it
		r.healFirst,   // what an interrupted run left, if any member answers
		r.makeFolder,  // CAs, members, proxies: they give no user a permission
		r.awaitEtcd,   // or say what to copy where
		r.readSeeded,  // the folder, as makeSeed left it
		r.connect,     // as root
		r.heal,        // if no member answered before
		r.preflight,   // refuse before anything in etcd is touched
		r.planChanges, // components' certificates, roles, users, auth: ask once
		r.dropSeed,    // it has done its work
		r.issueComponents,
		r.convergeRoles,
		r.turnAuthOn,
		func(ctx context.Context) error { return r.Note(ctx, r.plan.Roles.Revision) }, // what etcd is now
	)
	if err != nil {
		return r.result(), err
	}
	return r.conclude(ctx)
}

// run is one bootstrap: a change of the whole policy, and what only bootstrap knows.
type run struct {
	*change.Change
	options Options

	plan    change.Plan
	seed    folder.Seed     // what makeSeed prepared
	members []verify.Member // as they were when they were surveyed last
	client  *store.Client   // the administrator's connection, for turning auth on
	warned  []string

	hadClients bool // there were keys before auth was turned on
	switched   bool // auth was turned on by this run, or by one that it finished
}

func (r *run) result() *Result { return &Result{Changed: r.Changed} }

// connect opens the administrator's connection. Root's certificate is made in memory where
// the client CA's key is here.
func (r *run) connect(ctx context.Context) error {
	if r.client != nil {
		return nil
	}
	client, err := r.Connect(ctx)
	if err != nil {
		return err
	}
	r.client = client
	r.World.Introduce(ctx, client)
	return nil
}

// makeFolder makes the CAs and what members and proxies need. It stops where the
// operator has to mend the folder: a lost CA is never replaced.
func (r *run) makeFolder(ctx context.Context) error {
	if r.options.Seed { // makeSeed has made all of it
		return nil
	}
	plan, err := r.PlanCertificates()
	if err != nil {
		return err
	}
	if err := refuseUnusable(plan); err != nil {
		return err
	}
	early := change.Keep(plan.Steps, func(s certgen.Step) bool { return !waitsForMembers(r.World.Policy, s) })
	if err := change.RefuseForgotten(ctx, r.World, early, "nothing was changed"); err != nil {
		return err
	}
	if err := r.Confirm(ctx, &change.Plan{Certificates: certgen.Plan{Steps: early}}); err != nil {
		return err
	}
	if err := r.Write(ctx, early); err != nil {
		return err
	}
	if err := r.ReadFolder(); err != nil {
		return err
	}
	r.SayHosts(early)
	return nil
}

// refuseUnusable refuses a folder that cannot be used.
func refuseUnusable(plan certgen.Plan) error {
	if err := change.RefuseBlocked(plan); err != nil {
		return err
	}
	if waiting := plan.Waiting(); len(waiting) > 0 {
		return hint.Refuse(change.KeyAdvice(plan), "the PKI folder cannot be used: %s", waiting[0])
	}
	return nil
}

// waitsForMembers reports whether a step comes after the members were seen: what concerns
// components, and everything under an external CA while the members are external too.
// Such a CA comes into the folder when a member has been seen to trust it.
func waitsForMembers(p *policies.Policy, s certgen.Step) bool {
	return s.OfComponent() || s.Action != certgen.Finish && p.HasExternalCA() && len(p.Cluster.Members) == 0
}

// issueComponents comes only after the members are known to be ours.
func (r *run) issueComponents(ctx context.Context) error {
	return r.Write(ctx, r.plan.Certificates.Steps)
}

// convergeRoles makes users and roles equal to the policy.
func (r *run) convergeRoles(ctx context.Context) error { return r.Converge(ctx, r.plan.Roles) }
