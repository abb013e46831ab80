package verify

import (
	"fmt"

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

// postponed reports whether the refusal is a step like any other, but for its flag: it
// would change what an unmanaged user may do. The others are about the user itself.
func postponed(r roles.Refusal) bool {
	return !r.Takeover && r.Action != roles.UserDelete && r.Action != roles.RoleDelete
}

// findSteps turns what Diff would do into findings: being out of step is exactly
// having something to do, be it only with a flag.
func findSteps(of func(roles.Step) bool) func(*Evidence, func(subject, text string)) {
	return func(e *Evidence, found func(subject, text string)) {
		for _, s := range e.rolesPlan().Steps {
			if of(s) {
				found(subject(s), fmt.Sprintf("%s; to mend: %s", s.Reason, s))
			}
		}
		for _, r := range e.waiting() {
			if of(r.Step) {
				found(subject(r.Step), waitingText(r))
			}
		}
	}
}

func waitingText(r roles.Refusal) string {
	text := fmt.Sprintf("%s; to mend: %s (needs %s)", r.Reason, r.Step, r.Flag)
	if r.Affects != "" {
		text += ": " + r.Affects
	}
	return text
}

// flagFor is the remedy of a step that waits for a flag.
func flagFor(of func(roles.Step) bool) func(*Evidence, string) string {
	return func(e *Evidence, about string) string {
		for _, r := range e.waiting() {
			if !of(r.Step) || subject(r.Step) != about {
				continue
			}
			if r.Takeover {
				return takeoverRemedy(r.Flag)
			}
			return fmt.Sprintf("lockstep plan names the users that lose or gain by it; lockstep apply %s does it; or give the component a role of its own in the policy", r.Flag)
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
