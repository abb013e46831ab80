package verify

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// The codes of what unmanaged users reach.
const (
	unmanagedRoot  = "users/unmanaged-root"
	unmanagedWrite = "users/unmanaged-write"
	unmanagedRead  = "users/unmanaged-read"
	unmanagedInput = "users/unmanaged-input"
)

// unmanagedChecks weigh what a user that is not in the policy reaches. A component owns
// the keys that it may write. A component that may only read keys does not own them: one
// that reads everything makes no other program's user a finding of weight.
func unmanagedChecks() []Check {
	const remedy = "take the role from the user (etcdctl user revoke-role) or delete it; to keep it, make it a component, or accept the finding in the policy (accept)"
	return []Check{
		{
			Code: unmanagedRoot, Severity: Critical, Needs: NeedsAuth, Acceptable: true, Brief: "unmanaged superuser",
			Sentence: "no unmanaged user is superuser",
			Remedy:   "take role root from the user (etcdctl user revoke-role) or delete it; to keep it, make it a component with administrator: true, or accept the finding in the policy (accept)",
			Find:     findUnmanaged(unmanagedRoot),
		},
		{
			Code: unmanagedWrite, Severity: Critical, Needs: NeedsAuth, Acceptable: true, Brief: "unmanaged user that may write a component's keys",
			Sentence: "no unmanaged user may write keys that a component may write", Remedy: remedy,
			Find: findUnmanaged(unmanagedWrite),
		},
		{
			Code: unmanagedRead, Severity: Error, Needs: NeedsAuth, Acceptable: true, Brief: "unmanaged user that may read a component's keys",
			Sentence: "no unmanaged user may read keys that a component may write", Remedy: remedy,
			Find: findUnmanaged(unmanagedRead),
		},
		{
			Code: unmanagedInput, Severity: Warning, Needs: NeedsAuth, Acceptable: true,
			Sentence: "no unmanaged user may write keys that components only read", Remedy: remedy,
			Find: findUnmanaged(unmanagedInput),
		},
	}
}

func findUnmanaged(code string) func(*judgement) findings {
	return func(j *judgement) (out findings) {
		for _, u := range Unmanaged(j.Policy, *j.Auth) {
			if u.Code != code || slices.Contains(j.AcceptForeign, u.User) {
				continue
			}
			f := Finding{Subject: Subject{SubjectUser, u.User}, Text: u.Text}
			if u.Widely {
				f.Severity = Info
			}
			out = append(out, f)
		}
		return out
	}
}

// UnmanagedUser is what one user that the policy does not name reaches of one kind.
type UnmanagedUser struct {
	User string
	Code string // of the check that it fails
	Text string // `may write prefix "/registry/", which kube-apiserver may write`
	// Widely is that it may write what is read only by components that read everything.
	Widely bool
}

// Grave reports whether bootstrap does not turn auth on beside it.
func (u UnmanagedUser) Grave() bool { return u.Code != unmanagedInput }

// Unmanaged lists them by user. Temporary superusers of lockstep's own are not among them.
func Unmanaged(p *policies.Policy, s roles.State) []UnmanagedUser {
	var out []UnmanagedUser
	all := s.Overlaps(roles.Desired(p))
	for len(all) > 0 {
		first := all[0]
		n := slices.IndexFunc(all, func(o roles.Overlap) bool { return o.User != first.User || o.Kind != first.Kind })
		if n < 0 {
			n = len(all)
		}
		if !strings.HasPrefix(first.User, roles.RecoveryPrefix) {
			out = append(out, UnmanagedUser{first.User, codeOf(first.Kind), overlapText(p, all[:n]), readWidely(roles.Desired(p), all[:n])})
		}
		all = all[n:]
	}
	return out
}

// readWidely reports whether the overlaps are keys that are read only by roles that read everything.
func readWidely(desired roles.State, list []roles.Overlap) bool {
	return !slices.ContainsFunc(list, func(o roles.Overlap) bool {
		role, _ := desired.Role(o.Role)
		return o.Kind != roles.Feeds || !keyrange.Reach(role.Permissions, keyrange.Read).Contains(keyrange.Everything(keyrange.Read).Range())
	})
}

func codeOf(k roles.OverlapKind) string {
	switch k {
	case roles.Writes:
		return unmanagedWrite
	case roles.Reads:
		return unmanagedRead
	case roles.Feeds:
		return unmanagedInput
	}
	return unmanagedRoot
}

// namedOverlaps is how many ranges and roles a finding names before the rest is a number.
const namedOverlaps = 3

// overlapText is one sentence for the overlaps of one user and kind. Where it leaves ranges
// out it ends in a digest of all: two texts are equal only where the overlaps are, so that
// an acceptance of the text holds for these keys alone.
func overlapText(p *policies.Policy, list []roles.Overlap) string {
	var out []string
	for i, o := range list {
		if i == namedOverlaps {
			out = append(out, fmt.Sprintf("and keys of %s", count.Of(len(list)-i, "more role")))
			break
		}
		out = append(out, sentenceOf(p, o))
	}
	text := strings.Join(out, "; ")
	if whole, short := wholeOverlap(list); short {
		sum := sha256.Sum256([]byte(whole))
		text += fmt.Sprintf(" (digest of all: %x)", sum[:8])
	}
	return text
}

// wholeOverlap is every role and range of the overlaps, and whether overlapText leaves any out.
func wholeOverlap(list []roles.Overlap) (whole string, short bool) {
	var b strings.Builder
	for _, o := range list {
		ranges := o.Keys.Ranges()
		short = short || len(ranges) > namedOverlaps
		for _, r := range ranges {
			fmt.Fprintf(&b, "%q %s\n", o.Role, r.Target())
		}
	}
	return b.String(), short || len(list) > namedOverlaps
}

func sentenceOf(p *policies.Policy, o roles.Overlap) string {
	verb, theirs := "write", "may write"
	switch o.Kind {
	case roles.Superuser:
		return "holds role root: it may read and write everything, and change users and roles"
	case roles.Reads:
		verb = "read"
	case roles.Feeds:
		theirs = "reads"
	}
	var keys []string
	ranges := o.Keys.Ranges()
	for i, r := range ranges {
		if i == namedOverlaps {
			keys = append(keys, count.Of(len(ranges)-i, "more range"))
			break
		}
		keys = append(keys, r.Target())
	}
	return fmt.Sprintf("may %s %s, which %s %s", verb, strings.Join(keys, ", "), holderOf(p, o.Role), theirs)
}

// holderOf is the components of a role: `component "nginx" (role "web")`.
func holderOf(p *policies.Policy, role string) string {
	var names []string
	for _, c := range p.Components {
		if !c.Administrator && c.Role.String() == role {
			names = append(names, fmt.Sprintf("%q", c.Name))
		}
	}
	if len(names) == 1 && names[0] == fmt.Sprintf("%q", role) {
		return "component " + names[0]
	}
	if len(names) > namedOverlaps {
		names = append(names[:namedOverlaps], count.Of(len(names)-namedOverlaps, "more component"))
	}
	return fmt.Sprintf("role %q (%s)", role, strings.Join(names, ", "))
}
