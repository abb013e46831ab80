package verify

import (
	"fmt"

	"lockstep/policies/pending"
	"lockstep/roles"
)

// The kinds of steps that are findings.

func missingUser(s roles.Step) bool {
	return s.Action == roles.UserAdd || s.Action == roles.UserGrantRole
}

func excessUser(s roles.Step) bool {
	return s.Action == roles.UserRevokeRole || s.Action == roles.UserDelete
}

func missingRole(s roles.Step) bool {
	return s.Action == roles.RoleAdd || s.Action == roles.RoleGrantPermission && !s.Takes()
}

func excessRole(s roles.Step) bool {
	return s.Role != "" && s.User == "" && s.Takes()
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
func findSteps(of func(roles.Step) bool) func(*Evidence, func(subject, text string)) {
	return func(e *Evidence, found func(subject, text string)) {
		for _, s := range e.rolesPlan().Steps {
			if of(s) {
				found(subject(s), fmt.Sprintf("%s; to mend: %s", s.Reason, s))
			}
		}
		for _, p := range e.waiting() {
			if of(p.Step) {
				found(subject(p.Step), waitingText(p))
			}
		}
	}
}

func waitingText(p roles.Pending) string {
	text := fmt.Sprintf("%s; to mend: %s (needs %s)", p.Reason, p.Step, flagOf(p.Needs))
	if p.Step.Affects != "" {
		text += ": " + p.Step.Affects
	}
	return text
}

// flagFor is the remedy of a step that waits for a flag.
func flagFor(of func(roles.Step) bool) func(*Evidence, string) string {
	return func(e *Evidence, about string) string {
		for _, p := range e.waiting() {
			if !of(p.Step) || subject(p.Step) != about {
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
