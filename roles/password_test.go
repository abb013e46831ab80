package roles_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// What becomes of a user to which the policy gives a password, by what etcd has. The password of a
// user that lockstep did not make is left to its software until the operator permits another one.
func TestAUserWithAPassword(t *testing.T) {
	t.Parallel()
	const (
		set      = `set the password of user "db" to the one in its folder`
		remove   = `delete user "db"`
		add      = `add user "db" with the password in its folder`
		bind     = `bind user "db" to role "db"`
		noneHeld = `it has no password, and etcd gives it one only by deleting the user and adding it again`
		other    = `lockstep did not make this user, and it does not log in with the password in its folder`
		unknown  = `lockstep did not make this user, and its password is not in the PKI folder`
	)
	adopt, recreate := roles.Allow{Adopt: true}, roles.Allow{Adopt: true, Recreate: true}
	for name, c := range map[string]struct {
		has     roles.Password
		missing bool
		off     bool
		owned   bool
		allow   roles.Allow
		steps   []string
		pending string
	}{
		"missing":                         {missing: true, steps: []string{add, bind}},
		"ours":                            {has: roles.PasswordOurs},
		"ours, made by another client":    {has: roles.PasswordOurs, owned: false},
		"another one":                     {has: roles.PasswordOther, owned: true, steps: []string{set}},
		"another one, not lockstep's":     {has: roles.PasswordOther, pending: other},
		"another one, adopted":            {has: roles.PasswordOther, allow: adopt, steps: []string{set}},
		"one that is not known":           {has: roles.PasswordPresent, owned: true},
		"one that is not known, unowned":  {has: roles.PasswordPresent, pending: unknown},
		"one that is not known, adopted":  {has: roles.PasswordPresent, allow: adopt},
		"one that is not known, recreate": {has: roles.PasswordPresent, allow: recreate},
		"none":                            {has: roles.PasswordAbsent, owned: true, pending: noneHeld},
		"none, recreate":                  {has: roles.PasswordAbsent, owned: true, allow: recreate, steps: []string{remove, add, bind}},
		"auth off":                        {has: roles.PasswordUnknown, off: true, owned: true, allow: recreate, steps: []string{remove, add, bind}},
		"auth off, without permission":    {has: roles.PasswordUnknown, off: true, owned: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			role := []roles.Role{{Name: "db"}}
			desired := roles.State{Enabled: true, Users: []roles.User{{Name: "db", Roles: []string{"db"}, Password: roles.PasswordOurs}}, Roles: role}
			observed := roles.State{Enabled: !c.off, Roles: role}
			if !c.missing {
				observed.Users = []roles.User{{Name: "db", Roles: []string{"db"}, Password: c.has}}
			}
			plan := roles.Diff(desired, observed, func(string) bool { return c.owned }, c.allow)
			var steps []string
			for _, s := range plan.Steps {
				steps = append(steps, s.String())
				if s.Action == roles.UserChangePassword && s.Interrupts == "" {
					t.Errorf("%s: who is refused is not said", s)
				}
			}
			if diff := cmp.Diff(c.steps, steps); diff != "" {
				t.Error(diff)
			}
			reasons := []string{}
			for _, p := range plan.Pending {
				reasons = append(reasons, p.Reason)
			}
			if want := slices.DeleteFunc([]string{c.pending}, func(s string) bool { return s == "" }); !slices.Equal(want, reasons) {
				t.Errorf("pending %q, want %q", reasons, want)
			}
		})
	}
}

// The client that has another password for the user gets no new permission by it: the password
// is set first.
func TestAPasswordIsSetBeforeANewPermission(t *testing.T) {
	t.Parallel()
	wanted := roles.Role{Name: "db", Permissions: []keyrange.Permission{keyrange.Prefix("/db/", keyrange.ReadWrite)}}
	user := roles.User{Name: "db", Roles: []string{"db"}, Password: roles.PasswordOurs}
	desired := roles.State{Enabled: true, Users: []roles.User{user}, Roles: []roles.Role{wanted}}
	user.Password = roles.PasswordOther
	observed := roles.State{Enabled: true, Users: []roles.User{user}, Roles: []roles.Role{{Name: "db"}}}
	plan := roles.Diff(desired, observed, func(string) bool { return true }, roles.Allow{})
	var actions []roles.Action
	for _, s := range plan.Steps {
		actions = append(actions, s.Action)
	}
	if want := []roles.Action{roles.UserChangePassword, roles.RoleGrantPermission}; !slices.Equal(actions, want) || plan.Steps[0].Phase == plan.Steps[1].Phase {
		t.Errorf("%v, want %v in two phases", actions, want)
	}
}
