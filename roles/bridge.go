package roles

import (
	"strings"

	"lockstep/policies/keyrange"
)

// bridgeSuffix ends the names of bridges. No policy can name such a role.
const bridgeSuffix = "~bridge"

// BridgeOf is the name of the bridge that stands for a role.
func BridgeOf(role string) string { return role + bridgeSuffix }

// IsBridge reports whether role is the name of a bridge.
func IsBridge(role string) bool { return strings.HasSuffix(role, bridgeSuffix) }

// bridge is a temporary role that gives a role's users what the policy wants for
// them while the role itself cannot be trusted to: bound before the role is changed,
// deleted when the role is right and bound. The zero bridge is none.
type bridge struct {
	name        string
	permissions []keyrange.Permission
	exists      []keyrange.Permission // what a bridge of an earlier run, used again, holds already
	found       bool                  // it is of an earlier run
	full        bool                  // it holds everything: the whole role is changed in the late block
}

func (b bridge) needed() bool { return b.name != "" }

// concerned is the users that a change of one desired role concerns.
type concerned struct {
	stay      []User // hold it and should
	join      []User // should and do not (yet)
	leave     []User // of ours, hold it and should not
	unmanaged []User // hold it and are left as they are
}

func (d *difference) concerned(role string) concerned {
	var c concerned
	for _, u := range d.holders[role] {
		switch f := d.dispositions[u.Name]; {
		case f == removed: // gone before any role is changed
		case f == alone || f == withheld:
			c.unmanaged = append(c.unmanaged, u)
		case !d.wants(u.Name, role):
			c.leave = append(c.leave, u)
		case f == kept:
			c.stay = append(c.stay, u)
		}
	}
	for _, u := range d.users[role] {
		if ours(d.dispositions[u.Name]) && !d.keeps(u.Name, role) {
			c.join = append(c.join, u)
		}
	}
	return c
}

// bridgeFor decides whether the role needs one:
//
// A user leaves the role while it changes: until that user is bound elsewhere the role
// may not lose what the user shall keep, and until it is unbound the role may not
// gain what the user shall not have. So all other users wait on a full bridge.
//
// An entry is renewed while a user relies on it: between revoke and grant those
// users hold it through the bridge. The bridge is full when users join, too, because
// they may not be bound before the role is right.
func (d *difference) bridgeFor(role Role, e edit, c concerned) bridge {
	switch {
	case len(c.leave) > 0 && !e.empty() && len(c.stay)+len(c.join) == 0:
		return bridge{full: true} // no user to bind: the change is only made late
	case len(c.leave) > 0 && !e.empty():
		return d.openBridge(role, role.Permissions, true)
	case len(c.stay) > 0 && len(e.renew) > 0 && len(c.join) > 0:
		return d.openBridge(role, role.Permissions, true)
	case len(c.stay) > 0 && len(e.renew) > 0:
		return d.openBridge(role, e.renew, false)
	}
	return bridge{}
}

// openBridge takes the bridge that an earlier run left when it is harmless, or the
// next name that is free: a bridge that others rely on is never changed.
func (d *difference) openBridge(role Role, permissions []keyrange.Permission, full bool) bridge {
	name := role.Name + bridgeSuffix
	for {
		left, found := d.observed.Role(name)
		if !found || d.reusable(left, role) {
			return bridge{name: name, permissions: permissions, exists: left.Permissions, found: found, full: full}
		}
		name += bridgeSuffix
	}
}

func (d *difference) reusable(left, role Role) bool {
	for _, u := range d.holders[left.Name] {
		if d.dispositions[u.Name] != removed && !(d.dispositions[u.Name] == kept && d.wants(u.Name, role.Name)) {
			return false
		}
	}
	return within(left.Permissions, role.Permissions)
}
