// Package keyrange holds etcd's permissions in two forms and keeps them apart.
//
// Permission is the wire form: the pair (Key, RangeEnd) exactly as etcd stores it,
// which is what grant and revoke go by. Range is a half-open interval, which is
// what arithmetic goes by (union, contains, minus). Two permissions with different
// wire forms may cover the same interval; they are equal as ranges and still two
// entries in a role.
package keyrange

import (
	"fmt"
	"strings"
)

// Access is what a permission allows, spelt as etcdctl spells it.
type Access string

const (
	Read      Access = "read"
	Write     Access = "write"
	ReadWrite Access = "readwrite"
)

// Reads reports whether a allows reading.
func (a Access) Reads() bool { return a == Read || a == ReadWrite }

// Writes reports whether a allows writing.
func (a Access) Writes() bool { return a == Write || a == ReadWrite }

// Includes reports whether a includes b.
func (a Access) Includes(b Access) bool {
	return (a.Reads() || !b.Reads()) && (a.Writes() || !b.Writes())
}

// FromKeyEnd is etcd's range_end for "every key from here on".
const FromKeyEnd = "\x00"

// Permission is etcd's wire form. RangeEnd is "" for the single key, FromKeyEnd for
// an open end, else the first key that is no longer covered.
type Permission struct {
	Key, RangeEnd string
	Access        Access
}

// Key is the permission on one exact key.
func Key(key string, a Access) Permission { return Permission{Key: key, Access: a} }

// Prefix is the permission on every key that begins with prefix. An empty prefix is everything.
func Prefix(prefix string, a Access) Permission {
	if prefix == "" {
		return Everything(a)
	}
	return Permission{Key: prefix, RangeEnd: prefixEnd(prefix), Access: a}
}

// Between is the permission on [from, to).
func Between(from, to string, a Access) Permission {
	return Permission{Key: from, RangeEnd: to, Access: a}
}

// FromKey is the permission on every key from key on.
func FromKey(key string, a Access) Permission {
	return Permission{Key: key, RangeEnd: FromKeyEnd, Access: a}
}

// Everything is the permission on every key.
func Everything(a Access) Permission {
	return Permission{Key: "\x00", RangeEnd: FromKeyEnd, Access: a}
}

// prefixEnd is the prefix with its last byte raised by one; bytes 0xff cannot be
// raised and fall away (clientv3.GetPrefixRangeEnd does the same).
func prefixEnd(prefix string) string {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] < 0xff {
			return prefix[:i] + string([]byte{prefix[i] + 1})
		}
	}
	return FromKeyEnd
}

// Pair is a key and a range end: what etcd's grant and revoke tell entries apart by.
type Pair struct{ Key, RangeEnd string }

// Pair is p without its access.
func (p Permission) Pair() Pair { return Pair{p.Key, p.RangeEnd} }

// SamePair reports whether p and q are one entry for etcd's grant and revoke.
func (p Permission) SamePair(q Permission) bool { return p.Pair() == q.Pair() }

// Range is the interval that p covers.
func (p Permission) Range() Range {
	switch p.RangeEnd {
	case "":
		return Single(p.Key)
	case FromKeyEnd:
		return Range{From: p.Key}
	}
	return Range{From: p.Key, To: p.RangeEnd}
}

// String is p as a policy and etcdctl would say it: "readwrite prefix /registry/".
func (p Permission) String() string {
	return string(p.Access) + " " + p.Target()
}

// Target is the keys that p covers, in words: `prefix "/registry/"`, `key "a"`,
// `range ["a", "b")`, `from key "a"`, `everything`.
func (p Permission) Target() string {
	switch {
	case p.RangeEnd == "":
		return fmt.Sprintf("key %q", p.Key)
	case p.Key == "\x00" && p.RangeEnd == FromKeyEnd:
		return "everything"
	case p.RangeEnd == prefixEnd(p.Key):
		return fmt.Sprintf("prefix %q", p.Key)
	case p.RangeEnd == FromKeyEnd:
		return fmt.Sprintf("from key %q", p.Key)
	}
	return fmt.Sprintf("range [%q, %q)", p.Key, p.RangeEnd)
}

// Compare orders permissions by key, range end, access.
func (p Permission) Compare(q Permission) int {
	if c := strings.Compare(p.Key, q.Key); c != 0 {
		return c
	}
	if c := strings.Compare(p.RangeEnd, q.RangeEnd); c != 0 {
		return c
	}
	return strings.Compare(string(p.Access), string(q.Access))
}
