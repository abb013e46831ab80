package adopt

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/roles"
)

const head = "apiVersion: lockstep/v1\nkind: Policy\n"

// Description is a policy that describes a cluster, and how much it says.
type Description struct {
	Text       []byte
	Components int  // that the policy names
	Omitted    int  // users that only its comments name
	Proposed   bool // the components are proposals: etcd has no users
}

// Policy describes a cluster. It is pure; equal arguments give equal bytes. The error
// is that the cluster has no address that a policy could name.
func Policy(s roles.State, f Facts) (Description, error) {
	where, err := cluster(f)
	if err != nil {
		return Description{}, fmt.Errorf("describing the cluster: %w", err)
	}
	a := settle(s, f)
	draft := document(where, a, s, f, nil)
	p, err := policies.Parse(policies.File{Name: "the description", Text: draft})
	if err != nil {
		return Description{}, fmt.Errorf("reading the description of the cluster: %w", err)
	}
	text := document(where, a, s, f, remaining(p, s))
	if _, err := policies.Parse(policies.File{Name: "the description", Text: text}); err != nil {
		return Description{}, fmt.Errorf("reading the description of the cluster: %w", err)
	}
	return Description{Text: text, Components: len(a.entries), Omitted: len(a.omitted), Proposed: a.proposed}, nil
}

// remaining is what a plan of p changes in s although p does not ask for it: user root
// is part of every policy, and left-over bridges belong to none.
func remaining(p *policies.Policy, s roles.State) []string {
	var out []string
	for _, step := range roles.Diff(roles.Desired(p), s, func(string) bool { return false }, roles.Allow{}).Steps {
		if step.User == root || step.Action == roles.RoleDelete {
			out = append(out, step.String())
		}
	}
	return out
}

// document is the whole text.
func document(where []string, a account, s roles.State, f Facts, changes []string) []byte {
	lines := slices.Concat(preface(a, s, changes), strings.Split(strings.TrimSpace(head), "\n"),
		[]string{""}, where, externalCA(a, f), []string{""}, components(a), omissions(a), otherRoles(a, s), leftovers(a, s, f))
	return []byte(strings.Join(lines, "\n") + "\n")
}

func preface(a account, s roles.State, changes []string) []string {
	out := []string{"# Written by lockstep init --from-cluster: what etcd holds, as a policy. Review it, then:",
		"#   lockstep lint        is it right?",
		"#   lockstep plan        what would change?"}
	if a.proposed {
		out = append(out, "# etcd has no users, so the components below are proposals: plan adds all of them.")
	} else {
		out = append(out, "# In etcd's users, roles and permissions plan changes nothing as long as this is as written here.")
	}
	if len(changes) > 0 {
		out = append(out, "# What it does in any case, because every policy wants it:")
	}
	for _, c := range changes {
		out = append(out, "#   "+c)
	}
	if !s.Enabled && !a.proposed {
		out = append(out, "# Auth is off: whether a user has a password etcd tells only while it is on. Until then plan",
			"# names users that exist and leaves them alone; lockstep bootstrap makes them again without one.")
	}
	if u, found := s.User(root); found && u.Password.Exists() {
		out = append(out, "# User root has a password, which etcd cannot take away while auth is on: who knows it is root.")
	}
	return out
}

// externalCA is the CA that signed what the components name. Without one nothing is said
// of certificates.
func externalCA(a account, f Facts) []string {
	if !slices.ContainsFunc(a.entries, func(e entry) bool { return e.component.Certificate != "" }) {
		return nil
	}
	return []string{"", "certificates:", "  # It signed the certificates that are named below, and signs the others: its key is named by --ca-key.",
		fmt.Sprintf("  ca: {cert: %q}", f.CA)}
}

func components(a account) []string {
	if len(a.entries) == 0 {
		return []string{"components: []    # take the brackets away when you write one"}
	}
	out := []string{"components:"}
	for i, e := range a.entries {
		if i > 0 && len(e.comments) > 0 {
			out = append(out, "")
		}
		for _, c := range e.comments {
			out = append(out, "  # "+c)
		}
		out = append(out, e.lines...)
	}
	return out
}

// omissions is the users that are not in the policy.
func omissions(a account) []string {
	if len(a.omitted) == 0 {
		return nil
	}
	out := []string{"", "  # ---- Users that are not in this policy: plan leaves them alone and says so. A component",
		"  # ---- below one is the nearest that a policy can say; with it, plan changes something."}
	for _, o := range a.omitted {
		out = append(out, "  #", fmt.Sprintf("  # User %q:", o.user))
		for _, text := range slices.Concat(o.why, o.comments) {
			out = append(out, "  #   "+text)
		}
		out = append(out, asComment(o.instead)...)
	}
	return out
}

// otherRoles is the roles that no component names, with all that they allow.
func otherRoles(a account, s roles.State) []string {
	if len(a.roles) == 0 {
		return nil
	}
	out := []string{"", "# ---- Roles that are not in this policy: plan leaves alone what is not listed at the top."}
	if a.proposed {
		out[1] = "# ---- Roles that etcd holds already: a component of the same name changes its role."
	}
	for _, r := range a.roles {
		var holders []string
		for _, u := range s.Users {
			if u.Holds(r.Name) {
				holders = append(holders, u.Name)
			}
		}
		held := "no user holds it"
		if len(holders) > 0 {
			held = "held by " + count.Quoted(holders)
		}
		out = append(out, "#", fmt.Sprintf("# Role %q, %s:", r.Name, held))
		for _, p := range r.Permissions {
			out = append(out, "#   "+p.String())
		}
		if len(r.Permissions) == 0 {
			out = append(out, "#   nothing")
		}
	}
	return out
}

// leftovers is the certificates that belong to no user.
func leftovers(a account, s roles.State, f Facts) []string {
	named := map[string]bool{}
	for _, u := range s.Users {
		named[u.Name] = true
	}
	for _, e := range a.entries {
		named[user(e.component)] = true
	}
	var out []string
	for _, c := range f.Certificates {
		switch {
		case c.Problem != "":
			out = append(out, "#   unread: "+c.String())
		case c.Name == root:
			out = append(out, "#   root's: "+c.String())
		case c.Name == "":
			out = append(out, "#   of no user, without a CN: "+c.String())
		case !named[c.Name]:
			out = append(out, fmt.Sprintf("#   of %q, who is no user: %s", c.Name, c))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return append([]string{"", "# ---- Certificates that belong to no component:"}, out...)
}

// asComment takes lines of YAML out of the document; without "# " they are back.
func asComment(lines []string) []string {
	var out []string
	for _, l := range lines {
		out = append(out, "  # "+strings.TrimPrefix(l, "  "))
	}
	return out
}
