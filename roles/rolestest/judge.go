package rolestest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"lockstep/policies/keyrange"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// IsBridge reports whether the role is one that a plan makes for a while.
func IsBridge(role string) bool { return strings.HasSuffix(role, "~bridge") }

// Shuffle is the steps in an order that etcd may see: phases in order, the steps of
// one phase in any order.
func Shuffle(r *rand.Rand, steps []roles.Step) []roles.Step {
	out := slices.Clone(steps)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	slices.SortStableFunc(out, func(a, b roles.Step) int { return a.Phase - b.Phase })
	return out
}

// Comparable is the state without what may differ between two ways to one end:
// the revision and the order of permissions.
func Comparable(s roles.State) roles.State {
	s.Revision = 0
	s.Users = slices.Clone(s.Users)
	for i := range s.Users {
		s.Users[i].Roles = append([]string{}, s.Users[i].Roles...)
	}
	s.Roles = slices.Clone(s.Roles)
	for i := range s.Roles {
		s.Roles[i].Permissions = sorted(s.Roles[i].Permissions)
	}
	return s
}

func sorted(p []keyrange.Permission) []keyrange.Permission {
	return slices.SortedFunc(slices.Values(append([]keyrange.Permission{}, p...)), keyrange.Permission.Compare)
}

// AtEnd says what is wrong with a state that a whole plan has led to, "" for nothing.
func (c Case) AtEnd(end roles.State) string {
	again := c.Diff(end)
	if len(again.Steps) > 0 {
		return fmt.Sprintf("a second plan is not empty: %v", again.Steps)
	}
	for _, want := range c.Desired.Roles {
		have, found := end.Role(want.Name)
		if waits := slices.ContainsFunc(again.Pending, func(p roles.Pending) bool { return p.Step.User == "" && p.Step.Role == want.Name }); waits {
			if problem := c.waitsRightly(want.Name, end, again); problem != "" {
				return problem
			}
			continue
		}
		if !found || !slices.Equal(sorted(have.Permissions), sorted(want.Permissions)) {
			return fmt.Sprintf("role %q holds %v", want.Name, have.Permissions)
		}
	}
	for _, want := range c.Desired.Users {
		have, found := end.User(want.Name)
		waits := slices.ContainsFunc(again.Pending, func(p roles.Pending) bool { return p.Step.User == want.Name })
		if !waits && (!found || !slices.Equal(have.Roles, want.Roles)) {
			return fmt.Sprintf("user %q holds %q, want %q", want.Name, have.Roles, want.Roles)
		}
		if problem := password(want, have); !waits && problem != "" && !(want.Name == "root" && end.Enabled) {
			return problem
		}
	}
	return c.foreignTouched(end, again)
}

// password says what is wrong with the password of a user, as far as it is known.
func password(want, have roles.User) string {
	switch {
	case want.Password == roles.PasswordAbsent && have.Password.Exists():
		return fmt.Sprintf("user %q has a password", want.Name)
	case want.Password == roles.PasswordOurs && (have.Password == roles.PasswordAbsent || have.Password == roles.PasswordOther):
		return fmt.Sprintf("user %q does not have its password (%d)", want.Name, have.Password)
	}
	return ""
}

func (c Case) foreignTouched(end roles.State, again roles.Plan) string {
	for _, u := range c.Observed.Users {
		_, named := c.Desired.User(u.Name)
		waits := slices.ContainsFunc(again.Pending, func(p roles.Pending) bool { return p.Step.User == u.Name && p.Needs != pending.Prune })
		if named && !waits || !named && c.Owned[u.Name] && c.Allow.Prune {
			continue
		}
		now, found := end.User(u.Name)
		if !found || now.Password != u.Password || !slices.Equal(now.Roles, u.Roles) {
			return fmt.Sprintf("foreign user %q became %+v", u.Name, now)
		}
	}
	for _, role := range c.Observed.Roles {
		_, named := c.Desired.Role(role.Name)
		if named || IsBridge(role.Name) || c.Allow.Prune {
			continue
		}
		if now, _ := end.Role(role.Name); !slices.Equal(now.Permissions, role.Permissions) {
			return fmt.Sprintf("foreign role %q became %v", role.Name, now.Permissions)
		}
	}
	return ""
}

// waitsRightly says what is wrong with a role of the policy that the plan does not change.
func (c Case) waitsRightly(role string, end roles.State, again roles.Plan) string {
	was, _ := c.Observed.Role(role)
	if now, _ := end.Role(role); !slices.Equal(now.Permissions, was.Permissions) {
		return fmt.Sprintf("role %q waits for its flag and became %v", role, now.Permissions)
	}
	held := slices.ContainsFunc(end.Users, func(u roles.User) bool { return u.Holds(role) && c.leftAsItIs(u.Name, again) })
	if !held {
		return fmt.Sprintf("role %q waits for a flag and no user that waits for one holds it", role)
	}
	return ""
}

// leftAsItIs reports whether the plan neither removes the user nor makes it what the
// policy says, because it needs a permission.
func (c Case) leftAsItIs(user string, plan roles.Plan) bool {
	_, named := c.Desired.User(user)
	switch {
	case named:
		return slices.ContainsFunc(plan.Pending, func(p roles.Pending) bool { return p.Step.User == user })
	case c.Owned[user]:
		return !c.Allow.Prune
	}
	return !c.Allow.Adopt
}

// Bound is what one user may reach on the way from one state to another: all of Least at
// every moment, nothing beyond Most at any.
type Bound struct {
	User        string
	Access      keyrange.Access
	Least, Most keyrange.Set
}

// Bounds is old ∩ new ⊆ access ⊆ old ∪ new for every user, on the way from the case's
// start to end; new is what the policy says, for a user that it names. Users that the plan says it interrupts may lose for a moment; so may an
// unmanaged user that holds several of the policy's roles, which change one after the
// other: their Least is empty. No user ever gains. A user that waits for a flag keeps
// exactly what it has: its Least and its Most are the same.
func (c Case) Bounds(end roles.State, plan roles.Plan) []Bound {
	mayLose := c.interrupted(plan)
	var out []Bound
	for _, u := range allUsers(c.Observed, end) {
		for _, a := range []keyrange.Access{keyrange.Read, keyrange.Write} {
			was, will := c.Observed.Reach(u, a), end.Reach(u, a)
			if _, named := c.Desired.User(u); named {
				will = c.Desired.Reach(u, a)
			}
			b := Bound{User: u, Access: a, Most: was.Union(will)}
			if !mayLose[u] {
				b.Least = was.Intersect(will)
			}
			if _, found := c.Observed.User(u); found && c.leftAsItIs(u, plan) {
				b.Least, b.Most = was, was
			}
			out = append(out, b)
		}
	}
	return out
}

// Questions asks on real etcd whether one user's bounds hold: all of Least at once, and
// one key of every gap beside Most.
func Questions(bounds []Bound) map[string][]roles.Question {
	out := map[string][]roles.Question{}
	for _, b := range bounds {
		for _, r := range b.Least.Ranges() {
			out[b.User] = append(out[b.User], roles.Question{Access: b.Access, Range: r, Want: roles.Allowed, About: "what both states allow"})
		}
		for _, r := range b.Most.Gaps().Ranges() {
			key := keyrange.Single(max(r.From, "\x00"))
			out[b.User] = append(out[b.User], roles.Question{Access: b.Access, Range: key, Want: roles.Denied, About: "what neither state allows"})
		}
	}
	return out
}

// Watch judges a state on the way from the case's start to end by its Bounds.
func (c Case) Watch(end roles.State, plan roles.Plan) func(roles.State) string {
	bounds := c.Bounds(end, plan)
	return func(now roles.State) string {
		for _, b := range bounds {
			reach := now.Reach(b.User, b.Access)
			if !b.Most.Covers(reach) {
				return fmt.Sprintf("user %q may %s %v, which neither state allows", b.User, b.Access, reach.Minus(b.Most))
			}
			if !reach.Covers(b.Least) {
				return fmt.Sprintf("user %q may not %s %v, which both states allow", b.User, b.Access, b.Least.Minus(reach))
			}
		}
		return ""
	}
}

func (c Case) interrupted(plan roles.Plan) map[string]bool {
	may := map[string]bool{}
	renewed := map[string]bool{}
	for _, s := range plan.Steps {
		if s.Action == roles.UserDelete {
			may[s.User] = true
		}
		if s.Interrupts != "" && s.Role != "" {
			renewed[s.Role] = true
		}
	}
	for _, u := range c.Observed.Users {
		of := 0
		for _, role := range u.Roles {
			if _, ours := c.Desired.Role(role); ours {
				of++
			}
			may[u.Name] = may[u.Name] || renewed[role] && foreign(plan, c, u.Name)
		}
		may[u.Name] = may[u.Name] || of > 1 && foreign(plan, c, u.Name)
	}
	return may
}

// foreign reports whether the plan leaves the user alone.
func foreign(plan roles.Plan, c Case, user string) bool {
	if _, named := c.Desired.User(user); !named {
		return true
	}
	return slices.ContainsFunc(plan.Pending, func(p roles.Pending) bool { return p.Step.User == user })
}

func allUsers(states ...roles.State) []string {
	var out []string
	for _, s := range states {
		for _, u := range s.Users {
			if !slices.Contains(out, u.Name) {
				out = append(out, u.Name)
			}
		}
	}
	return out
}
