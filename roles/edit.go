package roles

import (
	"slices"

	"lockstep/policies/keyrange"
)

// edit is what one role's permissions need. Its lists are done in this order, one
// after the other; within a list the order does not matter.
//
// etcd's grant looks only at the first entry with the same key (fact 20). So an
// entry is changed in place only when it is the one entry with its key at that
// moment: to raise it, before anything is added; to lower it, after everything
// superfluous is revoked. What can be changed neither way is renewed.
type edit struct {
	raise  []change              // in place, to what it was and what it shall be together
	add    []keyrange.Permission // pairs that the role lacks
	revoke []keyrange.Permission // pairs that the role shall not have
	lower  []change              // in place, to what it shall be
	renew  []keyrange.Permission // revoked together with revoke, granted again at the end
}

// change is an update in place.
type change struct {
	to  keyrange.Permission
	was keyrange.Access
}

func (e edit) empty() bool {
	return len(e.raise)+len(e.add)+len(e.revoke)+len(e.lower)+len(e.renew) == 0
}

// compare finds the edit that turns have (etcd's order, duplicates and all) into
// want, which must be canonical.
func compare(have, want []keyrange.Permission) edit {
	var e edit
	there, wanted := indexed(have), indexed(want)
	for _, p := range want {
		switch entries := there.pairs[p.Pair()]; {
		case len(entries) == 0:
			e.add = append(e.add, p)
		case len(entries) > 1:
			e.renew = append(e.renew, p)
		case entries[0].Access != p.Access:
			e.change(entries[0].Access, p, there.keys[p.Key] == 1, wanted.keys[p.Key] == 1)
		}
	}
	revoked := map[keyrange.Pair]bool{}
	for _, p := range have {
		if len(wanted.pairs[p.Pair()]) == 0 && !revoked[p.Pair()] {
			revoked[p.Pair()] = true
			e.revoke = append(e.revoke, p)
		}
	}
	return e
}

// change takes one entry from its access to p's. A swap (read to write) is raised to
// both and then lowered, so that at no moment both are missing.
func (e *edit) change(was keyrange.Access, p keyrange.Permission, aloneBefore, aloneAfter bool) {
	both := joined(was, p.Access)
	raises, lowers := both != was, both != p.Access
	if raises && !aloneBefore || lowers && !aloneAfter {
		e.renew = append(e.renew, p)
		return
	}
	if raises {
		top := p
		top.Access = both
		e.raise = append(e.raise, change{to: top, was: was})
	}
	if lowers {
		e.lower = append(e.lower, change{to: p, was: both})
	}
}

// index finds a role's entries: a role may hold tens of thousands.
type index struct {
	pairs map[keyrange.Pair][]keyrange.Permission
	keys  map[string]int // how many entries have that key
}

func indexed(permissions []keyrange.Permission) index {
	x := index{pairs: make(map[keyrange.Pair][]keyrange.Permission, len(permissions)), keys: make(map[string]int, len(permissions))}
	for _, p := range permissions {
		x.pairs[p.Pair()] = append(x.pairs[p.Pair()], p)
		x.keys[p.Key]++
	}
	return x
}

// access is what the entries for p's pair allow together; "" for none.
func (x index) access(p keyrange.Permission) (a keyrange.Access) {
	for _, q := range x.pairs[p.Pair()] {
		a = plus(a, q.Access)
	}
	return a
}

// within reports whether every entry is, once and with the same access, also in want.
func within(entries, want []keyrange.Permission) bool {
	once, wanted := indexed(entries), indexed(want)
	for _, p := range entries {
		if !slices.Contains(wanted.pairs[p.Pair()], p) || len(once.pairs[p.Pair()]) > 1 {
			return false
		}
	}
	return true
}
