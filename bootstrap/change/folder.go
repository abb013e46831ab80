package change

import (
	"context"
	"path"
	"slices"
	"strings"

	"lockstep/certgen"
)

// PlanCertificates reads the folder and is the difference between it and the policy.
func (c *Change) PlanCertificates() (certgen.Plan, error) {
	state, err := c.World.Folder.Observe()
	if err != nil {
		return certgen.Plan{}, err
	}
	return certgen.Diff(certgen.Desired(c.Scope.Policy), state, c.World.Now()), nil
}

// Write executes steps in the PKI folder.
func (c *Change) Write(ctx context.Context, steps []certgen.Step) error {
	done := c.World.Counter("certificates", len(steps))
	return c.World.Folder.Apply(ctx, certgen.Plan{Steps: steps}, c.World.Now, c.World.InFlight, func(s certgen.Step) { done(s.String()) })
}

// SayHosts names member and proxy folders that were copied to their hosts earlier and that
// the steps have changed.
func (c *Change) SayHosts(steps []certgen.Step) {
	changed := map[string]bool{}
	for _, s := range steps {
		dir := path.Dir(s.Path())
		if s.Outdates() && !s.OfComponent() && strings.Contains(dir, "/") && !changed[dir] {
			changed[dir] = true
			c.World.Warn("certificates", "%s has changed: copy it to its host again; a changed etcd.env or CA counts after a restart of that member", dir)
		}
	}
}

// SayComponents names components' folders that were copied earlier and that the steps have
// changed.
func (c *Change) SayComponents(steps []certgen.Step) {
	said := ""
	for _, s := range steps {
		if dir := path.Dir(s.Path()); s.OfComponent() && s.Outdates() && dir != said {
			c.World.Say("certificates", "%s has changed: copy it to its component again", dir)
			said = dir
		}
	}
}

// Keep is the steps for which wanted holds.
func Keep(steps []certgen.Step, wanted func(certgen.Step) bool) []certgen.Step {
	return slices.DeleteFunc(slices.Clone(steps), func(s certgen.Step) bool { return !wanted(s) })
}
