package bootstrap

import (
	"context"
	"path"
	"strings"
	"time"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles"
	"lockstep/roles/store"
)

// Options is what the operator decides about one run. The zero value asks nothing of
// anybody, waits for nothing and accepts nothing foreign.
type Options struct {
	// Wait is how long to wait for members that do not answer yet.
	Wait time.Duration
	// Waiting is called once when no member answers, with what to copy where.
	Waiting func(context.Context, []Start) error
	// Confirm is called before anything is changed, with what will be. An error ends
	// the run and nothing was changed since the last call. nil refuses every change.
	Confirm func(Plan) error
	// Notes is called, before Confirm, with what the presets ask of the operator: of every
	// component when auth is about to be turned on, else of those that lose a right.
	Notes func([]Note)
	// Affected is called, before Confirm, when auth is about to be turned on for a cluster
	// that holds keys, with who will notice: a sentence for each.
	Affected func([]string)
	// Soak is how long to watch, after the proof, whom the members refuse; 0 for not at all.
	Soak time.Duration
	// AcceptForeign names users outside the policy that may stay although they reach a
	// component's keys.
	AcceptForeign []string
	// ReuseName adds users although earlier certificates in their names are still valid.
	ReuseName bool
	// Exhaustive asks every component about every other component's keys.
	Exhaustive bool
}

// Plan is what one run is about to change, in both halves.
type Plan struct {
	Certificates certgen.Plan
	Roles        roles.Plan
	Retire       []certgen.Step // executed last: what the deleted users' certificates were
	EnableAuth   bool
}

// Empty reports whether there is nothing to do.
func (p Plan) Empty() bool {
	return p.Steps() == 0
}

// Steps counts what will be done.
func (p Plan) Steps() int {
	n := len(p.Certificates.Steps) + len(p.Roles.Steps) + len(p.Retire)
	if p.EnableAuth {
		n++
	}
	return n
}

// Result is how a run ended.
type Result struct {
	Changed  bool // something was done
	Evidence *verify.Evidence
	Report   verify.Report
	Soak     *Soak // nil: it was not asked for, or it did not come to that
}

// Run brings a cluster from nothing to auth on and proven, in the one safe order.
// Repeating it finishes what an interrupted run left and changes nothing that is
// valid. It returns hint.Refused errors for guards, hint.NotInStep while it waits for
// the operator or when the proof fails (the Result then tells what was found).
func Run(ctx context.Context, w *world.World, o Options) (*Result, error) {
	goByCertificate(w)
	r := &run{World: w, Options: o, desired: roles.Desired(w.Policy), reuseName: o.ReuseName, sweeps: true}
	defer r.close()
	defer r.sayOldWatches() // last, and however the run ends
	for _, stage := range []func(context.Context) error{
		r.healFirst,   // what an interrupted run left, if any member answers
		r.makeFolder,  // CAs, members, proxies: nobody gets a right by them
		r.awaitEtcd,   // or say what to copy where
		r.connect,     // as root
		r.heal,        // if no member answered before
		r.preflight,   // refuse before anything in etcd is touched
		r.planChanges, // components' certificates, roles, users, auth: ask once
		r.issueComponents,
		r.convergeRoles,
		r.turnAuthOn,
	} {
		if err := stage(ctx); err != nil {
			return r.result(), err
		}
	}
	return r.conclude(ctx)
}

// goByCertificate makes root its certificate again where the operator gave root's
// password: the run takes that away before it turns auth on.
func goByCertificate(w *world.World) {
	if a := w.Admin; a != nil && a.User == policies.Root().String() {
		without := *a
		without.User, without.Password = "", ""
		w.Admin = &without
		w.Warn("etcd", "root's password is not used: by the policy root has none, and goes by its certificate")
	}
}

// run is one run's memory. What it knows of the world it asked in this run.
type run struct {
	*world.World
	Options
	desired roles.State
	owned   roles.Ownership
	allow   roles.Allow
	folder  certgen.State // as it was when an apply began

	reuseName bool
	mayFollow func(roles.Plan) error                     // asked about every plan after the first; nil allows all
	look      func(context.Context) (roles.State, error) // nil: everything

	plan    Plan
	etcd    *store.Client // as root, to all members; while auth is off nobody asks who it is
	members []verify.Member
	seen    roles.State // as etcd was when it was last looked at as a whole
	warned  []string
	changed bool

	hadClients bool // there were keys before auth was turned on
	switched   bool // auth was turned on by this run, or by one that it finished
	disturbed  bool // somebody else changed etcd's users or roles during this run
	sweeps     bool // this run may delete what interrupted ones left
}

func (r *run) close() {
	if r.etcd != nil {
		_ = r.etcd.Close() // nothing is written through it any more
	}
}

func (r *run) result() *Result { return &Result{Changed: r.changed} }

// confirm asks before a change; an empty plan asks nobody.
func (r *run) confirm(p Plan) error {
	if p.Empty() {
		return nil
	}
	if r.Confirm == nil {
		return refuseUnconfirmed()
	}
	if err := r.Confirm(p); err != nil {
		return err
	}
	r.changed = true
	return nil
}

func refuseUnconfirmed() error { return hint.Refuse("", "nobody confirmed the changes") }

// makeFolder makes the CAs and what members and proxies need. It stops where the
// folder needs the operator: a lost CA is never replaced.
func (r *run) makeFolder(ctx context.Context) error {
	plan, err := r.certificatePlan()
	if err != nil {
		return err
	}
	if err := refuseBlocked(plan); err != nil {
		return err
	}
	if waiting := plan.Waiting(); len(waiting) > 0 {
		return hint.Refuse("", "the PKI folder cannot be used: %s", waiting[0])
	}
	early := certgen.Plan{Steps: keep(plan.Steps, func(s certgen.Step) bool { return !r.waitsForMembers(s) })}
	if err := r.confirm(Plan{Certificates: early}); err != nil {
		return err
	}
	if err := r.applyCertificates(ctx, early); err != nil {
		return err
	}
	if err := r.learnOwnership(); err != nil {
		return err
	}
	r.sayChangedFolders(early.Steps)
	return nil
}

// waitsForMembers reports whether a step comes after the members were seen: what concerns
// components, and everything under a CA that others made while the members are theirs too.
// Such a CA comes into the folder when a member has been seen to trust it.
func (r *run) waitsForMembers(s certgen.Step) bool {
	return s.OfComponent() || s.Action != certgen.Finish && r.Policy.BringsCA() && len(r.Policy.Cluster.Members) == 0
}

func (r *run) learnOwnership() error {
	state, err := r.Folder.Observe()
	if err != nil {
		return err
	}
	r.folder = state
	r.owned, err = verify.Ownership(state)
	return err
}

// sayChangedFolders names member and proxy folders that were on their hosts already and
// are not the same any more.
func (r *run) sayChangedFolders(steps []certgen.Step) {
	changed := map[string]bool{}
	for _, s := range steps {
		dir := path.Dir(s.Path())
		if s.Outdates() && strings.Contains(dir, "/") && !changed[dir] {
			changed[dir] = true
			r.Warn("certificates", "%s has changed: copy it to its host again; a changed etcd.env or CA counts after a restart of that member", dir)
		}
	}
}

func (r *run) certificatePlan() (certgen.Plan, error) {
	state, err := r.Folder.Observe()
	if err != nil {
		return certgen.Plan{}, err
	}
	return certgen.Diff(certgen.Desired(r.Policy), state, r.Now()), nil
}

func (r *run) applyCertificates(ctx context.Context, plan certgen.Plan) error {
	done := r.Counter("certificates", len(plan.Steps))
	return r.Folder.Apply(ctx, plan, r.Now, r.InFlight, func(s certgen.Step) { done(s.String()) })
}

// issueComponents comes only after the members are known to be ours.
func (r *run) issueComponents(ctx context.Context) error {
	return r.applyCertificates(ctx, r.plan.Certificates)
}
