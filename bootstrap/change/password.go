package change

import (
	"fmt"
	"maps"
	"slices"

	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles"
)

// NewPasswords tells the change which passwords the steps of p replace: etcd still has the former
// ones when the steps in etcd are planned.
func (c *Change) NewPasswords(p certgen.Plan) {
	c.renewed = map[string]bool{}
	for _, s := range p.Steps {
		if s.Action != certgen.MakePassword {
			continue
		}
		if component, found := c.World.Policy.Component(s.Place().Component()); found {
			c.renewed[component.User.String()] = true
		}
	}
}

// withNewPasswords is s as it is when the passwords in the folder are replaced: etcd then has others.
func (c *Change) withNewPasswords(s roles.State) roles.State {
	if len(c.renewed) == 0 {
		return s
	}
	s.Users = slices.Clone(s.Users)
	for i, u := range s.Users {
		if c.renewed[u.Name] && u.Password.Exists() {
			s.Users[i].Password = roles.PasswordOther
		}
	}
	return s
}

// keepOtherPasswords leaves out the new password of a user that lockstep did not make: with
// --adopt alone it keeps the one that its software knows, until the operator replaces it.
func (c *Change) keepOtherPasswords(p *Plan, observed roles.State) {
	p.Certificates.Steps = slices.DeleteFunc(p.Certificates.Steps, func(s certgen.Step) bool {
		if s.Action != certgen.MakePassword || c.Scope.Recreate {
			return false
		}
		component, _ := c.World.Policy.Component(s.Place().Component())
		u, there := observed.User(component.User.String())
		return there && u.Password.Exists() && !c.Owned(u.Name)
	})
}

// withoutPassword is why a user cannot be given its password, by user: the file is not here or
// cannot be read, and the plan makes none.
func (c *Change) withoutPassword(p certgen.Plan) map[string]string {
	why := map[string]string{}
	if c.World.Folder == nil {
		return why
	}
	for _, component := range c.World.Policy.Components {
		if !component.Password {
			continue
		}
		file := certgen.PasswordPath(component.Name)
		_, here := c.Folder.Passwords[file]
		made := slices.ContainsFunc(p.Steps, func(s certgen.Step) bool { return s.Action == certgen.MakePassword && s.File == file })
		if made {
			continue
		}
		reason := file + " is not in the PKI folder"
		if here {
			_, err := c.World.Folder.Password(component.Name)
			if err == nil {
				continue
			}
			reason = err.Error()
		}
		why[component.User.String()] = fmt.Sprintf("%s: lockstep certs rekey %s makes another one", reason, component.Name)
	}
	return why
}

// unready is why users cannot be added yet: they have no certificate, or no password to be given.
func (c *Change) unready(p certgen.Plan) map[string]string {
	why := c.withoutPassword(p)
	maps.Copy(why, uncertified(p))
	return why
}

// RefusePasswordless stops a plan that gives a user a password that is not here.
func (c *Change) RefusePasswordless(p *Plan) error {
	steps := slices.DeleteFunc(slices.Clone(p.Roles.Steps), func(s roles.Step) bool { return !s.WithPassword && s.Action != roles.UserChangePassword })
	if len(steps) == 0 {
		return nil
	}
	why := c.withoutPassword(p.Certificates)
	for _, s := range steps {
		if text := why[s.User]; text != "" {
			return hint.Refuse("Copy the folder to the component again after that: its software needs the password.", "%s; nothing was changed", text)
		}
	}
	return nil
}

// changesPassword reports whether the plan makes or deletes the password of the component's user.
func changesPassword(p certgen.Plan, component string) bool {
	return slices.ContainsFunc(p.Steps, func(s certgen.Step) bool {
		return (s.Action == certgen.MakePassword || s.Action == certgen.DropPassword) && Concerns(s, component)
	})
}
