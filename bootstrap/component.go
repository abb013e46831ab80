package bootstrap

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles"
)

// ComponentChange is a change of one component alone. It costs a number of calls to etcd that does
// not depend on how many other components there are: only what it touches is looked at.
type ComponentChange struct {
	Name      string
	ReuseName bool // add it although an earlier certificate in its name is still valid
	// Confirm is called with what will be done, before anything is. An error ends it; nil
	// refuses every change.
	Confirm func(Plan) error
	// Write changes the policy file: before anything else when a component is added, so
	// that apply would finish what a crash cuts off; last when one is removed.
	Write func() error
}

func (o ComponentChange) confirm(p Plan) error {
	if o.Confirm == nil {
		return refuseUnconfirmed()
	}
	return o.Confirm(p)
}

// Add makes the component's certificate, role and user, and lets it prove itself. The
// world's policy already names it. Repeating it after a crash finishes the work.
func Add(ctx context.Context, w *world.World, o ComponentChange) (*verify.Proof, error) {
	c, ok := w.Policy.Component(o.Name)
	if !ok {
		return nil, fmt.Errorf("adding %s: the policy does not name it", o.Name)
	}
	r, err := newApply(w, Allowed{ReuseName: o.ReuseName})
	if err != nil {
		return nil, err
	}
	defer r.close()
	r.desired = part(roles.Desired(w.Policy), c)
	r.look = r.lookAt(c)
	if r.plan, err = r.planOne(ctx, c); err != nil {
		return nil, err
	}
	if err := o.confirm(r.plan); err != nil {
		return nil, err
	}
	if err := r.addOne(ctx, o); err != nil {
		return nil, err
	}
	proofs := verify.Prove(ctx, w, verify.Options{}, []policies.Component{c})
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("proving %s, which is added: %w", c.Name, err)
	}
	return &proofs[0], nil
}

// changeCalls is how many time-outs the change of one component may take together. No
// signal cuts it short: it is a few calls, and a component that is half there is of no use.
const changeCalls = 2*attempts + 2

// addOne carries out the plan for one component.
func (r *run) addOne(ctx context.Context, o ComponentChange) error {
	if err := ctx.Err(); err != nil {
		return err // the last point at which stopping leaves nothing behind
	}
	ctx, end := r.Critical(ctx, changeCalls*r.CallTimeout)
	defer end()
	if err := o.Write(); err != nil {
		return err
	}
	if err := r.applyCertificates(ctx, r.plan.Certificates); err != nil {
		return err
	}
	return r.convergeRoles(ctx)
}

// removeOne is addOne downwards.
func (r *run) removeOne(ctx context.Context, o ComponentChange) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, end := r.Critical(ctx, changeCalls*r.CallTimeout)
	defer end()
	if err := r.convergeRoles(ctx); err != nil {
		return err
	}
	if err := r.applyCertificates(ctx, certgen.Plan{Steps: r.plan.Retire}); err != nil {
		return err
	}
	return o.Write()
}

// planOne is what adding c needs. Conflicts are found here, before the first write.
func (r *run) planOne(ctx context.Context, c policies.Component) (Plan, error) {
	certificates := certgen.Diff(certgen.Desired(r.Policy), r.folder, r.Now())
	if err := refuseCAs(certificates); err != nil {
		return Plan{}, err
	}
	if err := r.refuseUntrusted(ctx, certificates); err != nil {
		return Plan{}, err
	}
	if err := r.reach(ctx); err != nil {
		return Plan{}, err
	}
	observed, err := r.observe(ctx)
	if err != nil {
		return Plan{}, err
	}
	if !observed.Enabled {
		return Plan{}, hint.Refuse("lockstep bootstrap turns it on.", "auth is off: nobody is asked for a right, so nothing could be proven")
	}
	p := Plan{Roles: r.rolesPlan(observed, nil)}
	r.accept(observed, &p.Roles)
	if err := refusedChange(p.Roles); err != nil {
		return Plan{}, err
	}
	if !r.reuseName {
		if err := refuseRevival(r.folder, p.Roles, r.Now()); err != nil {
			return Plan{}, err
		}
	}
	if err := refuseUncarried(Plan{Certificates: certificates, Roles: p.Roles}); err != nil {
		return Plan{}, err
	}
	p.Certificates.Steps = slices.DeleteFunc(certificates.Steps, func(s certgen.Step) bool { return !concerns(s, c.Name) })
	return p, nil
}

func concerns(s certgen.Step, component string) bool {
	return strings.HasPrefix(s.Path(), "components/"+component+"/")
}

// Remove takes the component's binding, user and role away, retires its certificate,
// deletes the key, and last takes it out of the policy file. The world's policy still
// names it; next is the policy without it. A role that somebody else holds stays.
func Remove(ctx context.Context, w *world.World, next *policies.Policy, o ComponentChange) error {
	c, ok := w.Policy.Component(o.Name)
	if !ok {
		return fmt.Errorf("removing %s: the policy does not name it", o.Name)
	}
	r, err := newApply(w, Allowed{Allow: roles.Allow{Prune: true}})
	if err != nil {
		return err
	}
	defer r.close()
	if err := r.reach(ctx); err != nil {
		return err
	}
	r.desired = part(roles.Desired(next), c)
	r.look = r.lookAt(c)
	observed, err := r.observe(ctx)
	if err != nil {
		return err
	}
	r.owned = r.alsoWithoutPassword(observed, c)
	r.plan.Roles = r.rolesPlan(observed, nil)
	if i := slices.IndexFunc(observed.Users, func(u roles.User) bool { return u.Name == c.User.String() }); i >= 0 && !r.owned(c.User.String()) {
		return hint.Refuse("Look at it with etcdctl user get, and delete it by hand if it is yours.",
			"user %q was not made by lockstep; nothing was changed", c.User)
	}
	if err := r.refuseSawing(r.plan.Roles); err != nil {
		return err
	}
	certificates := certgen.Diff(certgen.Desired(next), r.folder, r.Now())
	r.plan.Retire = slices.DeleteFunc(certificates.Removals(), func(s certgen.Step) bool { return !concerns(s, c.Name) })
	r.sayKeptRole(observed, c)
	if err := o.confirm(r.plan); err != nil {
		return err
	}
	return r.removeOne(ctx, o)
}

// sayKeptRole names the other users of the role of a component that is removed: for their
// sake it stays, with all that it allows.
func (r *run) sayKeptRole(observed roles.State, c policies.Component) {
	role := c.Role.String()
	deleted := slices.ContainsFunc(r.plan.Roles.Steps, func(s roles.Step) bool { return s.Action == roles.RoleDelete && s.Role == role })
	if c.Administrator || deleted {
		return
	}
	var holders []string
	for _, u := range observed.Users {
		if u.Holds(role) && u.Name != c.User.String() {
			holders = append(holders, u.Name)
		}
	}
	if len(holders) > 0 {
		r.Warn("etcd", "role %q stays, with all that it allows: it is also held by %s", role, quoted(holders))
	}
}

// alsoWithoutPassword widens the folder's ownership by the rule for users that the
// policy names: one that is known to have no password is ours.
func (r *run) alsoWithoutPassword(observed roles.State, c policies.Component) roles.Ownership {
	folder := r.owned
	u, found := observed.User(c.User.String())
	return func(user string) bool {
		return folder(user) || found && user == u.Name && u.Password == roles.PasswordAbsent
	}
}

// part is the desired state cut down to one component: its user, its role, and the
// others that share that role.
func part(all roles.State, c policies.Component) roles.State {
	role := c.Role.String()
	out := roles.State{}
	for _, u := range all.Users {
		if u.Name == c.User.String() || !c.Administrator && u.Holds(role) {
			out.Users = append(out.Users, u)
		}
	}
	for _, r := range all.Roles {
		if r.Name == role {
			out.Roles = append(out.Roles, r)
		}
	}
	return out
}

// lookAt reads what concerns one component: the users that hold its role by the policy,
// the role and its bridge, and users that the policy does not name at all, because they
// may hold the role too.
func (r *run) lookAt(c policies.Component) func(context.Context) (roles.State, error) {
	named := map[string]bool{}
	users := []string{c.User.String()}
	for _, other := range r.Policy.Components {
		named[other.User.String()] = true
		if other.Role == c.Role && !c.Administrator && other.Name != c.Name {
			users = append(users, other.User.String())
		}
	}
	var held []string
	if !c.Administrator {
		held = []string{c.Role.String(), roles.BridgeOf(c.Role.String())}
	}
	return func(ctx context.Context) (roles.State, error) {
		return r.etcd.ObserveSome(ctx, users, held, func(user string) bool { return user != "root" && !named[user] })
	}
}
