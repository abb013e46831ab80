package policies

import (
	"slices"
	"strings"

	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
	"lockstep/policies/strict"
)

// assertType is a statement that has to hold for the policy to be valid.
func assertType() strict.Type {
	access := enum(string(keyrange.Read), string(keyrange.Write))
	return presets.KeysType("{only: [app], can: read, prefix: /app/}",
		strict.Field{Name: "only", Type: list(principal(), false), Doc: "No other users than these can read or write any of the keys. Superusers always can."},
		strict.Field{Name: "user", Type: principal(), Doc: "The user that is spoken of."},
		strict.Field{Name: "can", Type: access, Doc: "With only: what the others cannot do. With user: it can read or write all of the keys."},
		strict.Field{Name: "cannot", Type: access, Doc: "With user: it can read or write none of the keys."},
	)
}

// reacher is a user while the assertions are checked: its permissions with their places. A role
// is that of several components with equal permissions, so one component tells all.
type reacher struct {
	user          string
	administrator bool
	written       []written
}

// checkAssertions reports each assertion that does not hold, with the permission that breaks it.
func (p *parser) checkAssertions(items []strict.Value, components []*component) {
	var users []reacher
	for _, c := range components {
		if !c.known {
			return // it is reported, and what it can do is not known
		}
		users = append(users, reacher{c.User.String(), c.Administrator, c.written})
	}
	for _, v := range items {
		keys, ok := presets.DecodeKeys(v)
		if !v.Sound() || !ok {
			continue
		}
		meant, err := keys.Plain()
		if err != nil {
			p.Fail(v.Field(string(keys.Form)), hint.Text(err), "%v", err)
			continue
		}
		p.checkAssertion(v, meant, users)
	}
}

func (p *parser) checkAssertion(v strict.Value, keys keyrange.Permission, users []reacher) {
	only, user, can, cannot := v.Field("only"), v.Field("user"), v.Field("can"), v.Field("cannot")
	switch {
	case only.Given() == user.Given():
		p.Fail(v, "", "want exactly one of only, user")
	case can.Given() == cannot.Given():
		p.Fail(v, "", "want exactly one of can, cannot")
	case only.Given() && cannot.Given():
		p.Fail(cannot, "write can: what only these users can do", "does not go with only")
	case only.Given():
		p.checkOnly(v, keyrange.Access(can.Text()), keys, users)
	default:
		u, found := p.assertedUser(user, users)
		switch {
		case !found:
		case can.Given():
			p.checkCan(v, u, keyrange.Access(can.Text()), keys)
		default:
			p.checkCannot(v, u, keyrange.Access(cannot.Text()), keys)
		}
	}
}

// assertedUser is the user that v names.
func (p *parser) assertedUser(v strict.Value, users []reacher) (reacher, bool) {
	var known []string
	for _, u := range users {
		if u.user == v.Text() {
			return u, true
		}
		known = append(known, u.user)
	}
	p.Fail(v, strict.Suggest(v.Text(), known, "the users are: "), "the policy names no user %q", v.Text())
	return reacher{}, false
}

func (p *parser) checkOnly(v strict.Value, a keyrange.Access, keys keyrange.Permission, users []reacher) {
	allowed := map[string]bool{}
	for _, item := range v.Field("only").Items() {
		if u, found := p.assertedUser(item, users); found {
			allowed[u.user] = true
		}
	}
	for _, u := range users {
		if w, reaches := u.first(a, keys); reaches && !u.administrator && !allowed[u.user] {
			p.Fail(v, "narrow that permission, or name the user in only", "user %q can %s %s, too: %s (%s)", u.user, a, someOf(keys), w.Permission, w.at.Position)
		}
	}
}

func (p *parser) checkCannot(v strict.Value, u reacher, a keyrange.Access, keys keyrange.Permission) {
	w, reaches := u.first(a, keys)
	switch {
	case u.administrator:
		p.Fail(v, "an administrator reaches every key", "user %q can %s %s: it is an administrator", u.user, a, keys.Target())
	case reaches:
		p.Fail(v, "narrow that permission", "user %q can %s %s: %s (%s)", u.user, a, someOf(keys), w.Permission, w.at.Position)
	}
}

func (p *parser) checkCan(v strict.Value, u reacher, a keyrange.Access, keys keyrange.Permission) {
	var permissions []keyrange.Permission
	for _, w := range u.written {
		permissions = append(permissions, w.Permission)
	}
	reach := keyrange.Reach(permissions, a)
	if u.administrator || reach.Contains(keys.Range()) {
		return
	}
	missing := keyrange.Union(keys.Range()).Minus(reach).Ranges()
	texts := make([]string, len(missing))
	for i, r := range missing {
		texts[i] = r.Target()
	}
	p.Fail(v, "give it the permission", "user %q cannot %s all of %s: %s is missing", u.user, a, keys.Target(), strings.Join(texts, ", "))
}

// first is the first permission by which the user reaches one of the keys.
func (u reacher) first(a keyrange.Access, keys keyrange.Permission) (written, bool) {
	i := slices.IndexFunc(u.written, func(w written) bool { return w.Access.Includes(a) && w.Range().Overlaps(keys.Range()) })
	if i < 0 {
		return written{}, false
	}
	return u.written[i], true
}

// someOf is keys of which perhaps not all are meant.
func someOf(keys keyrange.Permission) string {
	switch {
	case keys.RangeEnd == "":
		return keys.Target()
	case keys.Pair() == keyrange.Everything(keyrange.Read).Pair():
		return "keys"
	}
	return "keys of " + keys.Target()
}
