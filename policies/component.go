package policies

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
	"lockstep/policies/strict"
)

// component is a component while it is read.
type component struct {
	Component
	v       strict.Value
	named   strict.Value          // where its user comes from
	index   int                   // its place in the policy
	written []written             // the same permissions, with where they come from
	pairs   map[keyrange.Pair]int // the index in written of each pair
	builtin bool                  // its preset comes with lockstep
	fixed   bool                  // its preset has no parameters
	known   bool                  // all its permissions were understood
}

// written is one permission and the place to blame for it.
type written struct {
	keyrange.Permission
	at  strict.Value
	own bool // listed by the component itself, not by its preset
}

func (p *parser) readComponent(v strict.Value, all Certificates) component {
	c := component{v: v, known: v.Sound()}
	c.Name, c.At = v.Field("name").Text(), v.Position
	c.Key = KeyAlgorithm(v.Field("certificate").Field("key").Or(string(all.Key)))
	c.Lifetime = p.componentLifetime(v.Field("certificate").Field("lifetime"), all)
	c.Certificate = p.readCertificateFile(v.Field("certificate"))
	c.Instances = p.readInstances(v.Field("instances"), c.Certificate)
	c.Administrator = v.Field("administrator").Bool()
	preset := p.readPreset(&c)
	c.Calls = p.readCalls(c.v.Field("calls"), preset)
	p.readIdentity(&c, preset)
	p.readPermissions(&c)
	p.checkPower(c)
	p.checkPassword(c)
	if c.Administrator {
		c.Role, c.written = RootRole(), nil
	}
	for _, w := range c.written {
		c.Permissions = append(c.Permissions, w.Permission)
	}
	return c
}

func (p *parser) componentLifetime(v strict.Value, certificates Certificates) time.Duration {
	all := certificates.Lifetimes
	d := readLifetime(v, all.Component)
	if v.Valid() && d > all.CA {
		p.Fail(v, "shorten it, or give the CA longer", "%s is longer than the CA's %s", FormatLifetime(d), FormatLifetime(all.CA))
	}
	if left := certificates.RenewAt.Left; v.Valid() && left >= d {
		p.Fail(v, "lengthen it, or write certificates.renewAt as a share: 33%", "%s is no longer than the time before its end at which a certificate is due, %s", FormatLifetime(d), FormatLifetime(left))
	}
	return d
}

// readCertificateFile reads the file of an external certificate, and
// refuses to say how it is to be made.
func (p *parser) readCertificateFile(v strict.Value) CertificateFile {
	file := readCertificatePath(v.Field("file"))
	for _, name := range []string{"lifetime", "key"} {
		if field := v.Field(name); field.Given() && !file.IsZero() {
			p.Fail(field, "leave it out", "does not apply to an external certificate")
		}
	}
	return file
}

// readIdentity settles user, role and how the user proves itself: what the component says, else
// its preset, else its name and its certificate.
func (p *parser) readIdentity(c *component, preset presets.Preset) {
	user := c.v.Field("user")
	c.named = c.v.Field("name")
	switch {
	case user.Given():
		c.named = user
	case preset.User != "":
		if err := checkPrincipal(preset.User); err != nil {
			p.Fail(c.v.Field("preset"), hint.Text(err), "user %q of preset %s: %v", preset.User, c.Preset, err)
		}
		c.named = c.v.Field("preset")
	}
	c.User, _ = ParseUserName(user.Or(cmp.Or(preset.User, c.Name)))
	c.Role, _ = ParseRoleName(c.v.Field("role").Or(c.User.String()))
	c.Password = c.v.Field("identity").Or(preset.Identity) == presets.ByPassword
}

// readPreset expands the component's preset.
func (p *parser) readPreset(c *component) (preset presets.Preset) {
	v, with := c.v.Field("preset"), c.v.Field("with")
	if !v.Given() && with.Given() {
		p.Fail(with, "name the preset whose parameters these are", "there is no preset")
	}
	if !v.Valid() {
		return preset
	}
	preset, ok := p.findPreset(c, v)
	if !ok || !c.v.Field("name").Valid() || with.Given() && !with.Sound() {
		c.known = false
		return preset
	}
	values := map[string]string{}
	for _, e := range with.Entries() {
		values[e.Key.Text()] = e.Value.Text()
	}
	permissions, notes, problems := preset.Expand(c.Name, values)
	for _, problem := range problems {
		at := v
		if problem.Parameter != "" {
			at = keyOf(with, problem.Parameter)
		}
		p.Fail(at, problem.Hint, "%s", problem.Message)
		c.known = false
	}
	c.Notes, c.With, c.Reload = notes, values, preset.Reload
	c.Administrator = c.Administrator || preset.Administrator
	for _, permission := range permissions {
		c.add(written{Permission: permission, at: v})
	}
	return preset
}

// readCalls is what the component says that it calls, with what its preset knows of it; without
// the field, what its preset says.
func (p *parser) readCalls(v strict.Value, preset presets.Preset) (out []presets.Calling) {
	if !v.Given() {
		return preset.Calls
	}
	for _, item := range v.Items() {
		if !item.Valid() {
			continue
		}
		calling := presets.Calling{Call: item.Text()}
		if slices.ContainsFunc(out, func(c presets.Calling) bool { return c.Call == calling.Call }) {
			p.Fail(item, "write it once", "%q is there already", calling.Call)
			continue
		}
		if i := slices.IndexFunc(preset.Calls, func(c presets.Calling) bool { return c.Call == calling.Call }); i >= 0 {
			calling = preset.Calls[i]
		}
		out = append(out, calling)
	}
	return out
}

// keyOf is the place where a field of v is named.
func keyOf(v strict.Value, name string) strict.Value {
	for _, e := range v.Entries() {
		if e.Key.Text() == name {
			return e.Key
		}
	}
	return v
}

func (p *parser) findPreset(c *component, v strict.Value) (presets.Preset, bool) {
	c.Preset = v.Text()
	if own, ok := p.presets[c.Preset]; ok {
		return own.preset, !own.broken
	}
	preset, ok := presets.Lookup(c.Preset)
	if ok {
		c.builtin, c.fixed = true, len(preset.Parameters) == 0
		return preset, true
	}
	known := presets.Names()
	for name := range p.presets {
		known = append(known, name)
	}
	slices.Sort(known)
	advice := strict.Suggest(c.Preset, known, "")
	if advice == "" {
		advice = "lockstep presets lists those that come with it; one's own stand under presets"
	}
	p.Fail(v, advice, "unknown preset %q", c.Preset)
	return presets.Preset{}, false
}

// add joins permissions on the same pair: a role holds a pair once (fact 20).
func (c *component) add(w written) {
	i, found := c.pairs[w.Pair()]
	if !found {
		if c.pairs == nil {
			c.pairs = map[keyrange.Pair]int{}
		}
		c.pairs[w.Pair()] = len(c.written)
		c.written = append(c.written, w)
		return
	}
	old := &c.written[i]
	if !old.Access.Includes(w.Access) && !w.Access.Includes(old.Access) {
		old.Access = keyrange.ReadWrite
	} else if w.Access.Includes(old.Access) {
		old.Access = w.Access
	}
}

// allows reports whether c holds the pair of w already, with its access.
func (c *component) allows(w written) bool {
	i, found := c.pairs[w.Pair()]
	return found && c.written[i].Access.Includes(w.Access)
}

// readPermissions adds what the component lists itself.
func (p *parser) readPermissions(c *component) {
	var own []written
	first := map[keyrange.Pair]strict.Value{}
	for _, item := range c.v.Field("permissions").Items() {
		form, ok := presets.DecodePermission(item)
		if !ok {
			c.known = false
			continue
		}
		permission, err := form.Plain()
		if err != nil {
			p.Fail(item.Field(string(form.Form)), hint.Text(err), "%v", err)
			c.known = false
			continue
		}
		if at, twice := first[permission.Pair()]; twice {
			p.Fail(item, "write it once, with the access it is to have", "the same keys as %s", at.Path)
			c.known = false
			continue
		}
		first[permission.Pair()] = item
		own = append(own, written{Permission: permission, at: item, own: true})
	}
	for _, w := range own {
		if c.allows(w) {
			p.Warn(w.at, "leave it out", "adds nothing: preset %s already allows it", c.Preset)
			continue
		}
		c.add(w)
	}
}

// checkPower refuses a component that says nothing about what it may do, or two things.
func (p *parser) checkPower(c component) {
	administrator, permissions, role := c.v.Field("administrator"), c.v.Field("permissions"), c.v.Field("role")
	preset := c.v.Field("preset")
	switch {
	case c.Administrator:
		what := "an administrator"
		if !administrator.Bool() {
			what = fmt.Sprintf("preset %s is for an administrator, who", c.Preset)
		}
		if len(permissions.Items()) > 0 {
			p.Fail(permissions, "leave them out", "%s may do everything already", what)
		}
		if role.Valid() {
			p.Fail(role, "leave it out", "%s holds role root and no other", what)
		}
		if administrator.Bool() && preset.Valid() && len(c.written) > 0 {
			p.Fail(preset, "leave out one of the two", "an administrator may do everything, preset %s or not", c.Preset)
		}
	case c.v.Meant("preset") || c.v.Meant("permissions"):
	case !c.v.Meant("administrator"):
		p.Fail(c.v, "add a preset or permissions; write permissions: [] if it is to have none", "component %q has no permissions", c.Name)
	case administrator.Valid():
		p.Fail(administrator, "add a preset or permissions; write permissions: [] if it is to have none", "false leaves nothing that it may do")
	}
}
