// Package calls says who may make which call of etcd, beside requests for keys, by etcd's version.
//
// It is data, read in etcd's source and tried on real etcd of each line: [All] is the table,
// [Call.Who] judges one version. What a version refuses changed with security releases, so that
// software which worked as an ordinary user stops working after an upgrade.
//
// The lines are 3.5, 3.6 and 3.7: lockstep refuses older ones. A version that cannot be read, or of
// another line, is judged as the newest release of the table.
package calls

import (
	"fmt"
	"slices"
	"strings"
)

// Who is the users that etcd lets make a call while auth is on.
type Who int

const (
	Root    Who = iota // users with role root
	AllKeys            // users who may read each key that any lease holds
	Keys               // users who may read (to revoke and to prolong: write) each key that the lease holds
	All                // every user; the CN of a certificate that is no user, too
)

// Call is one call of etcd's API, or several that are judged alike.
type Call struct {
	Name    string // as a policy spells it: lease-grant
	RPC     string // as etcd spells it: Lease.LeaseGrant
	Does    string // what it is for, in a few words
	rules   []rule // by release, oldest first; each line ends with its own; before the first of a line every user may
	Instead string // what to configure where it is refused; a whole sentence without its full stop
	Source  string // where etcd decides it, below server/etcdserver
}

// rule is who may make a call from a release on. It holds for its line alone (3.5.28: 3.5).
type rule struct {
	since release
	who   Who
}

// release is a version of etcd: major, minor, patch.
type release [3]int

// String is the version as etcd spells it.
func (r release) String() string { return fmt.Sprintf("%d.%d.%d", r[0], r[1], r[2]) }

// sameLine reports whether both are of one line, such as 3.5.
func (r release) sameLine(o release) bool { return r[0] == o[0] && r[1] == o[1] }

// parse reads a version; it reports false where that is none.
func parse(version string) (r release, ok bool) {
	version, _, _ = strings.Cut(version, "-")
	n, err := fmt.Sscanf(version, "%d.%d.%d", &r[0], &r[1], &r[2])
	return r, err == nil && n == 3
}

// Find is the call of that name.
func Find(name string) (Call, bool) {
	i := slices.IndexFunc(table, func(c Call) bool { return c.Name == name })
	if i < 0 {
		return Call{}, false
	}
	return table[i], true
}

// List is the table. The caller may not change it.
func List() []Call { return slices.Clone(table) }

// Names is the names of List.
func Names() (names []string) {
	for _, c := range table {
		names = append(names, c.Name)
	}
	return names
}

// Who may make the call on a member of that version.
func (c Call) Who(version string) Who {
	at, ok := parse(version)
	if !ok || !slices.ContainsFunc(c.rules, func(r rule) bool { return r.since.sameLine(at) }) {
		return c.rules[len(c.rules)-1].who
	}
	who := All
	for _, r := range c.rules {
		if r.since.sameLine(at) && r.since[2] <= at[2] {
			who = r.who
		}
	}
	return who
}

// Rules is who may make the call by version, in words: "role root in 3.5.28, in 3.6.9; else every user".
func (c Call) Rules() string {
	var parts []string
	for _, who := range []Who{Root, AllKeys, Keys} {
		if spans := c.spans(who); len(spans) > 0 {
			parts = append(parts, who.String()+" "+strings.Join(spans, ", "))
		}
	}
	switch {
	case len(parts) == 0:
		return All.String()
	case c.always():
		return c.rules[0].who.String()
	}
	return strings.Join(parts, "; ") + "; else " + All.String()
}

// always reports whether all releases judge the call alike.
func (c Call) always() bool {
	return !slices.ContainsFunc(c.rules, func(r rule) bool { return r.who != c.rules[0].who || r.since[2] != 0 })
}

// spans is the releases in which the call is for who alone.
func (c Call) spans(who Who) (spans []string) {
	for i, r := range c.rules {
		if r.who != who {
			continue
		}
		last := i+1 == len(c.rules)
		switch {
		case last || !c.rules[i+1].since.sameLine(r.since):
			spans = append(spans, "from "+r.since.String())
		case c.rules[i+1].since[2] == r.since[2]+1:
			spans = append(spans, "in "+r.since.String())
		default:
			end := c.rules[i+1].since
			end[2]--
			spans = append(spans, fmt.Sprintf("in %s to %s", r.since, end))
		}
	}
	return spans
}

// String is who may make a call, as a report says it.
func (w Who) String() string {
	return [...]string{Root: "role root", AllKeys: "users who may read the keys of every lease", Keys: "users who may use the keys of the lease", All: "every user"}[w]
}
