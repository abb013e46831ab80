package view

import (
	"testing"

	"lockstep/policies"
	"lockstep/roles"
)

// who-can says of a user that it has a password wherever that is known.
func TestNotesOfUsers(t *testing.T) {
	t.Parallel()
	users := UsersOf(&policies.Policy{}, roles.State{Users: []roles.User{
		{Name: "absent", Password: roles.PasswordAbsent}, {Name: "unknown"},
		{Name: "present", Password: roles.PasswordPresent}, {Name: "ours", Password: roles.PasswordOurs}, {Name: "other", Password: roles.PasswordOther},
	}})
	for name, want := range map[string]string{
		"absent": "the policy does not name it", "unknown": "the policy does not name it",
		"present": "the policy does not name it, has a password",
		"ours":    "the policy does not name it, has a password",
		"other":   "the policy does not name it, has a password",
	} {
		if got := users.all[name].note(); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
