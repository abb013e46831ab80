package verify

import (
	"fmt"

	"lockstep/policies/keyrange"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// kind reports whether a step is of the kind that a check finds.
type kind func(e *Evidence, s roles.Step) bool

func missingUser(_ *Evidence, s roles.Step) bool {
	return s.Action == roles.UserAdd || s.Action == roles.UserGrantRole
}

func excessUser(_ *Evidence, s roles.Step) bool {
	return s.Action == roles.UserRevokeRole || s.Action == roles.UserDelete
}

func missingRole(_ *Evidence, s roles.Step) bool {
	return s.Action == roles.RoleAdd || s.Action == roles.RoleGrantPermission && !s.Takes()
}

func excessRole(e *Evidence, s roles.Step) bool {
	return s.Role != "" && s.User == "" && s.Takes() && !redundantRole(e, s)
}

// redundantRole is a permission to revoke whose whole access the policy gives the role
// by other permissions.
func redundantRole(e *Evidence, s roles.Step) bool {
	return s.Action == roles.RoleRevokePermission && e.redundant(s.Role)[s.Permission.Pair()]
}

// redundant is the ranges of which the role holds no access beyond what the policy gives it.
func (e *Evidence) redundant(role string) map[keyrange.Pair]bool {
	if out, done := e.plans.redundant[role]; done {
		return out
	}
	out := map[keyrange.Pair]bool{}
	held, _ := e.Auth.Role(role)
	if given, found := roles.Desired(e.Policy).Role(role); found {
		reads, writes := keyrange.Reach(given.Permissions, keyrange.Read), keyrange.Reach(given.Permissions, keyrange.Write)
		for _, p := range held.Permissions {
			_, again := out[p.Pair()] // of one range a role may hold several entries
			within := (!p.Access.Includes(keyrange.Read) || reads.Contains(p.Range())) && (!p.Access.Includes(keyrange.Write) || writes.Contains(p.Range()))
			out[p.Pair()] = within && (!again || out[p.Pair()])
		}
	}
	if e.plans.redundant == nil {
		e.plans.redundant = map[string]map[keyrange.Pair]bool{}
	}
	e.plans.redundant[role] = out
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

// findSteps turns what Diff would do into findings: being out of step is exactly
// having something to do, be it only with a flag.
func findSteps(of kind) func(*Evidence, func(subject, text string)) {
	return func(e *Evidence, found func(subject, text string)) {
		for _, s := range e.rolesPlan().Steps {
			if of(e, s) {
				found(subject(s), fmt.Sprintf("%s; to mend: %s", e.reasonFor(s, s.Reason), s))
			}
		}
		for _, p := range e.waiting() {
			if of(e, p.Step) {
				p.Reason = e.reasonFor(p.Step, p.Reason)
				found(subject(p.Step), waitingText(p))
			}
		}
	}
}

// reasonFor is the reason of a step; that of a redundant permission is not that the policy
// does not allow it.
func (e *Evidence) reasonFor(s roles.Step, reason string) string {
	if redundantRole(e, s) {
		return "it adds nothing to what the policy gives the role"
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

// flagFor is the remedy of a step that waits for a flag.
func flagFor(of kind) func(*Evidence, string) string {
	return func(e *Evidence, about string) string {
		for _, p := range e.waiting() {
			if !of(e, p.Step) || subject(p.Step) != about {
				continue
			}
			if p.Step.TakesOver {
				return takeoverRemedy(p.Needs)
			}
			return fmt.Sprintf("lockstep plan names the users that lose or gain by it; %s does it; or give the component a role of its own in the policy", Permitting(p.Needs))
		}
		return ""
	}
}

func subject(s roles.Step) string {
	if s.User != "" {
		return s.User
	}
	return s.Role
}
