package main

import (
	"lockstep/policies"
	"lockstep/policies/hint"
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
		return hint.Word(p.Key)
	case p.SamePair(keyrange.Everything(p.Access)):
		return "--prefix --keys-only ''"
	case p.SamePair(keyrange.Prefix(p.Key, p.Access)):
		return "--prefix --keys-only " + hint.Word(p.Key)
	case p.RangeEnd == keyrange.FromKeyEnd:
		return "--from-key --keys-only " + hint.Word(p.Key)
	}
	return "--keys-only " + hint.Word(p.Key) + " " + hint.Word(p.RangeEnd)
}
