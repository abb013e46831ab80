package adopt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"lockstep/policies"
	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
	"lockstep/roles"
	"lockstep/roles/rolestest"
)

const cases = 1000

// Whatever etcd holds: the description is a valid policy, a plan of it does what its
// comments list and nothing else, whichever users there are, and what is not in the policy
// is in a comment.
func TestAnyStateIsDescribedWholly(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	seen := map[string]int{}
	for i := range uint64(cases) {
		s := state(rand.New(rand.NewPCG(seed, i)))
		if problem := describes(s, seen); problem != "" {
			t.Fatalf("seed %d case %d: %s\n%+v", seed, i, problem, s)
		}
	}
	for _, kind := range []string{"described", "omitted", "administrator", "shared", "preset", "with", "role omitted", "step listed", "password", "renamed"} {
		if seen[kind] < 30 {
			t.Errorf("seed %d: %q came up %d times, want 30", seed, kind, seen[kind])
		}
	}
}

func describes(s roles.State, seen map[string]int) string {
	got, err := Policy(s, Facts{Endpoints: []string{"https://a:1"}})
	if err != nil {
		return err.Error()
	}
	p, err := policies.Parse(policies.File{Name: "got", Text: got.Text})
	if err != nil {
		return fmt.Sprintf("%v\n%s", err, got.Text)
	}
	if problem := onlyListedSteps(s, p, string(got.Text), seen); problem != "" && !got.Proposed {
		return fmt.Sprintf("%s\n%s", problem, got.Text)
	}
	if problem := nothingIsLost(s, p, string(got.Text), seen); problem != "" {
		return fmt.Sprintf("%s\n%s", problem, got.Text)
	}
	return ""
}

func onlyListedSteps(s roles.State, p *policies.Policy, text string, seen map[string]int) string {
	for _, owned := range []bool{false, true} {
		plan := roles.Diff(roles.Desired(p), s, func(string) bool { return owned }, roles.Allow{})
		for _, step := range plan.Steps {
			if step.User != root && !rolestest.IsBridge(step.Role) || !strings.Contains(text, "#   "+step.String()+"\n") && !owned {
				return fmt.Sprintf("owned %v: a plan would %s", owned, step)
			}
			seen["step listed"]++
		}
		for _, waits := range plan.Pending {
			if u, _ := s.User(waits.Step.User); !owned && u.Password == roles.PasswordAbsent {
				return fmt.Sprintf("a plan would need %s for %s", waits.Needs, waits.Step)
			}
		}
	}
	return ""
}

func nothingIsLost(s roles.State, p *policies.Policy, text string, seen map[string]int) string {
	users, held := map[string]policies.Component{}, map[string]int{}
	for _, c := range p.Components {
		users[c.User.String()] = c
		held[c.Role.String()]++
		if c.Preset != "" {
			seen["preset"]++
		}
		if c.Name != c.User.String() {
			seen["renamed"]++
		}
	}
	seen["with"] += strings.Count(text, "\n    with:")
	for _, u := range s.Users {
		c, described := users[u.Name]
		switch {
		case u.Name == root:
		case described:
			seen["described"]++
			if !slices.Equal(u.Roles, []string{c.Role.String()}) {
				return fmt.Sprintf("user %q holds %q, and component %q has role %q", u.Name, u.Roles, c.Name, c.Role)
			}
			if c.Password != u.Password.Exists() {
				return fmt.Sprintf("user %q has password %d and component %q says %v", u.Name, u.Password, c.Name, c.Password)
			}
			if c.Password {
				seen["password"]++
			}
			if c.Administrator {
				seen["administrator"]++
			} else if held[c.Role.String()] > 1 {
				seen["shared"]++
			}
		case !strings.Contains(text, fmt.Sprintf("\n  # User %q:\n  #   ", u.Name)):
			return fmt.Sprintf("user %q is lost", u.Name)
		default:
			seen["omitted"]++
			if u.Password == roles.PasswordPresent {
				seen["password"]++
			}
		}
	}
	for _, r := range s.Roles {
		if held[r.Name] > 0 || r.Name == root {
			continue
		}
		seen["role omitted"]++
		_, comment, found := strings.Cut(text, fmt.Sprintf("\n# Role %q, ", r.Name))
		comment, _, _ = strings.Cut(comment, "\n#\n")
		for _, permission := range r.Permissions {
			if !strings.Contains(comment, "#   "+permission.String()) {
				return fmt.Sprintf("role %q: %s is lost", r.Name, permission)
			}
		}
		if !found {
			return fmt.Sprintf("role %q is lost", r.Name)
		}
	}
	return ""
}

// A user with one role, an ordinary name, no password and text for keys is never left
// to comments.
func TestOrdinaryUsersAreAlwaysComponents(t *testing.T) {
	t.Parallel()
	for i := range uint64(cases) {
		r := rand.New(rand.NewPCG(11, i))
		s := roles.State{Enabled: true}
		for n := range 1 + r.IntN(6) {
			name := fmt.Sprintf("u%d", n)
			var permissions []keyrange.Permission
			for len(permissions) < r.IntN(4) {
				p := ordinary(r)
				if !slices.ContainsFunc(permissions, p.SamePair) {
					permissions = append(permissions, p)
				}
			}
			s.Users = append(s.Users, person(name, name))
			s.Roles = append(s.Roles, role(name, permissions...))
		}
		got, err := Policy(s, Facts{Endpoints: []string{"https://a:1"}})
		if err != nil || got.Components != len(s.Users) || got.Omitted != 0 {
			t.Fatalf("case %d: %d of %d users, %v\n%s", i, got.Components, len(s.Users), err, got.Text)
		}
	}
}

// state is a cluster with names and keys that make trouble.
func state(r *rand.Rand) roles.State {
	s := roles.State{Enabled: r.IntN(3) > 0, Revision: 7}
	names := []string{"a", "A", "b", "c", "B-2", "flannel", "x~bridge", "kube-apiserver", "lockstep-recovery-1", "con", "1.5", "null",
		"a/b", "two\nlines", "# c", "ü", "\xff", "\u202e", strings.Repeat("n", 65), "-"}
	for _, name := range names {
		if r.IntN(3) > 0 {
			s.Roles = append(s.Roles, role(name, permissions(r)...))
		}
	}
	slices.SortFunc(s.Roles, func(a, b roles.Role) int { return strings.Compare(a.Name, b.Name) })
	for _, name := range append(names, root) {
		if r.IntN(2) == 0 {
			continue
		}
		u := person(name)
		for range []int{1, 1, 1, 1, 0, 2, 3}[r.IntN(7)] {
			held := root
			if len(s.Roles) > 0 && r.IntN(8) > 0 {
				held = s.Roles[r.IntN(len(s.Roles))].Name
			}
			if !u.Holds(held) {
				u.Roles = append(u.Roles, held)
			}
		}
		slices.Sort(u.Roles)
		u.Password = roles.PasswordUnknown
		if s.Enabled {
			u.Password = []roles.Password{roles.PasswordAbsent, roles.PasswordAbsent, roles.PasswordPresent}[r.IntN(3)]
		}
		s.Users = append(s.Users, u)
	}
	slices.SortFunc(s.Users, func(a, b roles.User) int { return strings.Compare(a.Name, b.Name) })
	return s
}

func permissions(r *rand.Rand) []keyrange.Permission {
	switch r.IntN(5) {
	case 0:
		all := presets.List()
		p := all[r.IntN(len(all))]
		given, _, _ := p.Expand("x", nil)
		return given
	case 1:
		return preset("flannel", map[string]string{"prefix": "/net/"})
	}
	var out []keyrange.Permission
	for range r.IntN(4) {
		p := ordinary(r)
		if r.IntN(6) == 0 {
			p.Key = []string{"\xff", "", "\x00", "a\nb", "\u2028", "{name}", "*"}[r.IntN(7)]
		}
		out = append(out, p)
	}
	return out
}

func ordinary(r *rand.Rand) keyrange.Permission {
	keys := []string{"/a", "/a/", "yes", "1", "# x", " ", "ü", "{x}", "~"}
	key := keys[r.IntN(len(keys))]
	a := []keyrange.Access{keyrange.Read, keyrange.Write, keyrange.ReadWrite}[r.IntN(3)]
	switch r.IntN(6) {
	case 0:
		return keyrange.Key(key, a)
	case 1:
		return keyrange.FromKey(key, a)
	case 2:
		return keyrange.Between(key, key+"/z", a)
	case 3:
		return keyrange.Everything(a)
	}
	return keyrange.Prefix(key, a)
}
