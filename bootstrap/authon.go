package bootstrap

import (
	"context"
	"slices"

	"lockstep/bootstrap/authon"
	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
)

// switchCalls is how many time-outs turning auth on and looking at every member may take
// together. No signal cuts it short: in between it is not known yet whether root gets in.
const switchCalls = 4

// turnAuthOn turns auth on with a way back, after a last look.
func (r *run) turnAuthOn(ctx context.Context) error {
	if !r.plan.EnableAuth {
		return nil
	}
	if err := r.lookAgain(ctx); err != nil {
		return err
	}
	if err := r.preflightComponents(ctx); err != nil {
		return err
	}
	if err := r.authSwitch().TurnOn(ctx); err != nil {
		return err
	}
	r.switched = true
	return nil
}

// healFirst heals before anything else is looked at, as long as one member answers: a
// lock-out must not wait for a member that is down for another reason.
func (r *run) healFirst(ctx context.Context) error {
	if interrupted, err := authon.Interrupted(r.World.Folder); err != nil || !interrupted {
		return err
	}
	if err := r.connect(ctx); err != nil {
		return nil // no member answers: the stages that follow say so, and heal comes again
	}
	return r.heal(ctx)
}

// heal continues what a run left that was cut off while it turned auth on.
func (r *run) heal(ctx context.Context) error {
	switched, err := r.authSwitch().Heal(ctx)
	if switched {
		r.switched, r.hadClients = true, true // that run did not leave word whether there were any
	}
	return err
}

func (r *run) authSwitch() authon.Switch {
	w := r.World
	return authon.Switch{
		Etcd: r.client, Cluster: policyMembers{w}, Folder: w.Folder, Now: w.Now,
		Say: func(text string) { w.Say("auth", "%s", text) },
		Critical: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return w.Critical(ctx, switchCalls*w.CallTimeout)
		},
	}
}

// policyMembers opens connections to the policy's members by name.
type policyMembers struct{ w *world.World }

func (p policyMembers) Members() []string {
	var out []string
	for _, m := range p.w.Members() {
		out = append(out, m.Name)
	}
	return out
}

func (p policyMembers) urls(names ...string) []string {
	var out []string
	for _, m := range p.w.Members() {
		if slices.Contains(names, m.Name) {
			out = append(out, m.URL)
		}
	}
	return out
}

func (p policyMembers) RootThrough(ctx context.Context, member string) authon.Answer {
	tried := verify.RootThrough(ctx, p.w, p.urls(member)[0])
	return authon.Answer{Outcome: outcome(tried.Outcome), Err: tried.Err}
}

// outcome takes only what the member's own answer shows; anything else is not known.
func outcome(o verify.Outcome) authon.Outcome {
	switch o {
	case verify.Accepted:
		return authon.Accepted
	case verify.IdentityIgnored:
		return authon.Ignored
	}
	return authon.Unknown
}

func (p policyMembers) AsRoot(ctx context.Context, member string) (authon.Etcd, error) {
	return p.LogIn(ctx, "", "", []string{member})
}

// LogIn shows root's certificate, which is only the TLS client's where a user is given.
func (p policyMembers) LogIn(ctx context.Context, user, password string, members []string) (authon.Etcd, error) {
	root, err := p.w.Root(ctx)
	if err != nil {
		return nil, err
	}
	etcd, err := p.w.ConnectAs(ctx, root, user, password, p.urls(members...)...)
	if err != nil {
		return nil, err
	}
	return etcd, nil
}
