package verify

import (
	"fmt"
	"slices"

	"lockstep/policies/keyrange"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// kind reports whether a step is of the kind that a check finds.
type kind func(j *judgement, s roles.Step) bool

func missingUser(_ *judgement, s roles.Step) bool {
	return s.Action == roles.UserAdd || s.Action == roles.UserGrantRole
}

func excessUser(_ *judgement, s roles.Step) bool {
	return s.Action == roles.UserRevokeRole || s.Action == roles.UserDelete
}

func missingRole(_ *judgement, s roles.Step) bool {
	return s.Action == roles.RoleAdd || s.Action == roles.RoleGrantPermission && !s.Takes()
}

func excessRole(j *judgement, s roles.Step) bool {
	return s.Role != "" && s.User == "" && s.Takes() && !redundantRole(j, s)
}

// redundantRole is a permission to revoke whose whole access the policy gives the role
// by other permissions.
func redundantRole(j *judgement, s roles.Step) bool {
	return s.Action == roles.RoleRevokePermission && j.redundant(s.Role)[s.Permission.Pair()]
}

// redundant is the ranges of which the role holds no access beyond what the policy gives it.
func (j *judgement) redundant(role string) map[keyrange.Pair]bool {
	if out, done := j.plans.redundant[role]; done {
		return out
	}
	out := map[keyrange.Pair]bool{}
	held, _ := j.Auth.Role(role)
	if given, found := roles.Desired(j.Policy).Role(role); found {
		reads, writes := keyrange.Reach(given.Permissions, keyrange.Read), keyrange.Reach(given.Permissions, keyrange.Write)
		for _, p := range held.Permissions {
			_, again := out[p.Pair()] // of one range a role may hold several entries
			within := (!p.Access.Includes(keyrange.Read) || reads.Contains(p.Range())) && (!p.Access.Includes(keyrange.Write) || writes.Contains(p.Range()))
			out[p.Pair()] = within && (!again || out[p.Pair()])
		}
	}
	if j.plans.redundant == nil {
		j.plans.redundant = map[string]map[keyrange.Pair]bool{}
	}
	j.plans.redundant[role] = out
	return out
}

// postponed reports whether the pending step would change what an unmanaged user may do.
// The other pending steps take over or remove a user or role.
func postponed(p roles.Pending) bool {
	return !p.Step.TakesOver && p.Step.Action != roles.UserDelete && p.Step.Action != roles.RoleDelete
}

// flagOf is how the operator permits on the command line what a pending step needs.
func flagOf(needs pending.Needs) string {
	switch needs {
	case pending.Prune:
		return "--prune"
	case pending.Adopt:
		return "--adopt"
	}
	return "--adopt=recreate"
}

// Permitting is the command that executes steps that need the permission.
func Permitting(needs pending.Needs) string { return "lockstep apply " + flagOf(needs) }

// findSteps turns what Diff would do into findings: etcd is out of step exactly
// where there is something to do, with a flag or without.
func findSteps(of kind) func(*judgement) findings {
	return func(j *judgement) (out findings) {
		add := func(s roles.Step, text string) { out.add(subject(s), text, flagFor(j, of, subject(s))) }
		causes := j.causes()
		for _, s := range j.rolesPlan().Steps {
			if of(j, s) && !causes.explain(s) {
				add(s, fmt.Sprintf("%s; to mend: %s", j.reasonFor(s, s.Reason), s))
			}
		}
		for _, p := range j.waiting() {
			if of(j, p.Step) && !causes.explain(p.Step) {
				p.Reason = j.reasonFor(p.Step, p.Reason)
				add(p.Step, waitingText(p))
			}
		}
		return out
	}
}

// causes is what explains other steps: each cause is one finding.
type causes struct {
	users, roles map[string]bool // that are missing altogether
	held         roles.State
}

func (j *judgement) causes() causes {
	c := causes{map[string]bool{}, map[string]bool{}, *j.Auth}
	for _, s := range slices.Concat(j.rolesPlan().Steps, pending.Steps(j.waiting())) {
		switch s.Action {
		case roles.UserAdd:
			c.users[s.User] = true
		case roles.RoleAdd:
			c.roles[s.Role] = true
		}
	}
	return c
}

// explain reports whether the step is only there because of another one: a new user holds no
// role, a new role no permission, what is granted anew was revoked for another entry, and a
// temporary role (a bridge) is a means.
func (c causes) explain(s roles.Step) bool {
	if _, there := c.held.Role(s.Role); roles.IsBridge(s.Role) && !there {
		return true
	}
	switch s.Action {
	case roles.UserGrantRole:
		return c.users[s.User] || c.roles[s.Role]
	case roles.RoleGrantPermission:
		return c.roles[s.Role] || !s.Takes() && c.gives(s.Role, s.Permission)
	}
	return false
}

// gives reports whether the role holds all of p already.
func (c causes) gives(role string, p keyrange.Permission) bool {
	held, _ := c.held.Role(role)
	return slices.ContainsFunc(held.Permissions, func(h keyrange.Permission) bool { return h.SamePair(p) && h.Access.Includes(p.Access) })
}

// reasonFor is the reason of a step; that of a redundant permission is not that the policy
// does not allow it, and a user that was revoked is missing for that.
func (j *judgement) reasonFor(s roles.Step, reason string) string {
	switch {
	case redundantRole(j, s):
		return "it adds nothing to what the policy gives the role"
	case s.Action == roles.UserAdd && j.Folder != nil && j.wasRevoked(s.User):
		return "its certificate was revoked with its user, and the policy still names it"
	}
	return reason
}

func waitingText(p roles.Pending) string {
	text := fmt.Sprintf("%s; to mend: %s (needs %s)", p.Reason, p.Step, flagOf(p.Needs))
	if p.Step.Affects != "" {
		text += ": " + p.Step.Affects
	}
	return text
}

// flagFor is the remedy of a step that waits for a flag; "" for a subject without one.
func flagFor(j *judgement, of kind, about Subject) string {
	for _, p := range j.waiting() {
		if !of(j, p.Step) || subject(p.Step).Name != about.Name {
			continue
		}
		if p.Step.TakesOver {
			return takeoverRemedy(p.Needs)
		}
		return fmt.Sprintf("lockstep plan names the users that lose or gain by it; %s does it; or give the component a role of its own in the policy", Permitting(p.Needs))
	}
	return ""
}

func subject(s roles.Step) Subject {
	if s.User != "" {
		return Subject{SubjectUser, s.User}
	}
	return Subject{SubjectRole, s.Role}
}
