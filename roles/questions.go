package roles

import (
	"cmp"
	"fmt"
	"slices"

	"lockstep/policies/keyrange"
)

// Examiner knows what to ask each identity of one policy.
type Examiner struct {
	desired State
	ranges  []rangeOf // of all roles, in the order of the policy's roles
}

// rangeOf is one permission and whose it is.
type rangeOf struct {
	role string
	keyrange.Permission
}

// NewExaminer prepares the questions for the users of desired.
func NewExaminer(desired State) *Examiner {
	x := &Examiner{desired: desired}
	for _, role := range desired.Roles {
		for _, p := range role.Permissions {
			x.ranges = append(x.ranges, rangeOf{role.Name, p})
		}
	}
	return x
}

// Questions is what one identity has to ask etcd to prove that it may do what the
// policy says and no more: each range it was granted, both ends of each gap between
// them, what it may only read or only write, and ranges of other roles. sample is how
// many of the others are asked about for each access, evenly spread; below 0 all of
// them. With a sample, how many questions there are does not depend on how many
// others there are.
//
// Expectations come from the user's whole union (fact 22), so a question never
// contradicts another role that the user holds.
func (x *Examiner) Questions(user string, sample int) []Question {
	u, found := x.desired.User(user)
	if !found {
		return nil
	}
	if u.Holds(rootName) {
		return everything()
	}
	own := canonical(x.desired.permissions(u))
	asked := questions{seen: map[topic]bool{}}
	for _, a := range []keyrange.Access{keyrange.Read, keyrange.Write} {
		reach := keyrange.Reach(own, a)
		asked.add(granted(own, a)...)
		asked.add(halves(own, a, reach)...)
		asked.add(gaps(own, a, reach)...)
		x.others(&asked, u, a, reach, sample)
	}
	slices.SortStableFunc(asked.list, func(a, b Question) int { return cmp.Compare(a.Want, b.Want) })
	return asked.list
}

// questions is a list in which nothing is asked twice.
type questions struct {
	list []Question
	seen map[topic]bool
}

// topic is what makes two questions the same.
type topic struct {
	access keyrange.Access
	ranged keyrange.Range
}

// add reports whether one of more was not asked yet.
func (q *questions) add(more ...Question) bool {
	before := len(q.list)
	for _, one := range more {
		if about := (topic{one.Access, one.Range}); !q.seen[about] {
			q.seen[about] = true
			q.list = append(q.list, one)
		}
	}
	return len(q.list) > before
}

func everything() []Question {
	all := keyrange.Everything(keyrange.ReadWrite)
	return []Question{
		{Access: keyrange.Read, Range: all.Range(), Want: Allowed, About: all.Target()},
		{Access: keyrange.Write, Range: all.Range(), Want: Allowed, About: all.Target()},
	}
}

// granted asks for each range as a whole.
func granted(own []keyrange.Permission, a keyrange.Access) []Question {
	var asked []Question
	for _, p := range own {
		if p.Access.Includes(a) {
			asked = append(asked, Question{Access: a, Range: p.Range(), Want: Allowed, About: p.Target()})
		}
	}
	return asked
}

// halves asks for the access that an entry does not give, where no other one does. Where
// entries overlap, each asks about what those before it, in the order of keys, left.
func halves(own []keyrange.Permission, a keyrange.Access, reach keyrange.Set) []Question {
	var asked []Question
	done := "" // every key below was asked about
	for _, p := range own {
		r := p.Range()
		if p.Access.Includes(a) || r.To != "" && r.To <= done {
			continue
		}
		rest := keyrange.Range{From: max(r.From, done), To: r.To}
		asked = append(asked, refused(keyrange.Union(rest).Minus(reach), a, fmt.Sprintf("%s, which it may only %s", p.Target(), p.Access))...)
		if done = r.To; done == "" {
			break // an open end
		}
	}
	return asked
}

// gaps asks for the first and the last key of everything between the ranges.
func gaps(own []keyrange.Permission, a keyrange.Access, reach keyrange.Set) []Question {
	begins, ends := map[string]string{}, map[string]string{} // the first entry that does there, in words
	for _, p := range own {
		if r := p.Range(); p.Access.Includes(a) {
			remember(begins, r.From, "just before "+p.Target())
			remember(ends, r.To, "just past "+p.Target())
		}
	}
	var asked []Question
	for _, gap := range reach.Gaps().Ranges() {
		firstKey, lastKey := gap.Edges()
		asked = append(asked,
			denied(a, firstKey, cmp.Or(ends[gap.From], "the first key")),
			denied(a, lastKey, cmp.Or(begins[gap.To], "the last keys")))
	}
	return asked
}

func remember(m map[string]string, at, text string) {
	if _, found := m[at]; !found {
		m[at] = text
	}
}

// tries is how many ranges of a stretch are looked at for one that is worth a question:
// the next may be shared by all, or asked about already.
const tries = 8

// others asks for one key of ranges that another role has and u has not: all are cut
// into sample stretches, and the first question that each has is asked.
func (x *Examiner) others(asked *questions, u User, a keyrange.Access, reach keyrange.Set, sample int) {
	n := len(x.ranges)
	if sample < 0 || sample > n {
		sample = n
	}
	for i := range sample {
		stretch := x.ranges[i*n/sample : (i+1)*n/sample]
		for _, r := range stretch[:min(len(stretch), tries)] {
			if !u.Holds(r.role) && asked.add(beyond(r, a, reach)...) {
				break
			}
		}
	}
}

// beyond asks for the first key of r that shall not be reached, if there is one.
func beyond(r rangeOf, a keyrange.Access, reach keyrange.Set) []Question {
	outside := keyrange.Union(r.Range()).Minus(reach).Ranges()
	if len(outside) == 0 {
		return nil
	}
	key, _ := outside[0].Edges()
	return []Question{denied(a, key, fmt.Sprintf("%s of role %q", r.Target(), r.role))}
}

// refused asks for both ends of each range of a set that shall not be reached.
func refused(set keyrange.Set, a keyrange.Access, about string) []Question {
	var asked []Question
	for _, r := range set.Ranges() {
		firstKey, lastKey := r.Edges()
		asked = append(asked, denied(a, firstKey, about), denied(a, lastKey, about))
	}
	return asked
}

func denied(a keyrange.Access, key, about string) Question {
	return Question{Access: a, Range: keyrange.Single(key), Want: Denied, About: about}
}
