package main

import (
	"strings"

	"lockstep/policies"
	"lockstep/policies/keyrange"
)

// firstQuestion is an etcdctl command that the component is allowed, to be typed in a
// shell.
func firstQuestion(c policies.Component) string {
	for _, p := range c.Permissions {
		if p.Access.Reads() {
			return "get " + question(p)
		}
	}
	if c.Administrator {
		return "member list"
	}
	return "endpoint status"
}

// question is what etcdctl get wants for the range of p: never a key more, which would
// be refused.
func question(p keyrange.Permission) string {
	switch {
	case p.RangeEnd == "":
		return shellQuoted(p.Key)
	case p.SamePair(keyrange.Everything(p.Access)):
		return "--prefix --keys-only ''"
	case p.SamePair(keyrange.Prefix(p.Key, p.Access)):
		return "--prefix --keys-only " + shellQuoted(p.Key)
	case p.RangeEnd == keyrange.FromKeyEnd:
		return "--from-key --keys-only " + shellQuoted(p.Key)
	}
	return "--keys-only " + shellQuoted(p.Key) + " " + shellQuoted(p.RangeEnd)
}

// shellQuoted is s as one word of a POSIX shell.
func shellQuoted(s string) string {
	harmless := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-:@%+=,", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !harmless(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
