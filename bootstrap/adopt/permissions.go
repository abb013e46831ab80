package adopt

import (
	"fmt"
	"slices"

	"lockstep/policies/edit"
	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
)

// written is a permission in a policy's words. It is not ok for one that no policy can
// say: a pair that etcd ought to refuse, or keys that are no text.
func written(p keyrange.Permission) (presets.Permission, bool) {
	w := presets.Permission{Form: presets.Range, First: p.Key, Last: p.RangeEnd, Access: p.Access}
	switch {
	case p.RangeEnd == "":
		w.Form = presets.Key
	case p == keyrange.Everything(p.Access):
		w.Form, w.First, w.Last = presets.Everything, "", ""
	case p.Key != "" && p == keyrange.Prefix(p.Key, p.Access):
		w.Form, w.Last = presets.Prefix, ""
	case p.RangeEnd == keyrange.FromKeyEnd:
		w.Form, w.Last = presets.FromKey, ""
	}
	plain, err := w.Plain()
	if err != nil || plain != p {
		return presets.Permission{}, false
	}
	_, err = edit.Component{Name: "x", Permissions: []presets.Permission{w}}.Lines()
	return w, err == nil
}

// wording is a role's permissions in a policy's words, and why some are not among them, if so.
// It is not sayable where all that the role allows would be lost.
func wording(role string, permissions []keyrange.Permission) (out []presets.Permission, why []string, sayable bool) {
	out, sayable = []presets.Permission{}, true
	for _, p := range permissions {
		if w, ok := written(p); ok {
			out = append(out, w)
			continue
		}
		what, instead := oddity(p)
		why = append(why, fmt.Sprintf("role %q holds %s, which %s", role, p, what))
		if instead != p {
			if w, ok := written(instead); ok && !slices.Contains(out, w) {
				out = append(out, w)
			}
		}
		sayable = sayable && (instead != p || p.Range().Empty())
	}
	return out, why, sayable || len(out) > 0
}

// oddity is why no policy can write p, and a permission that allows the same; p if there is
// none. What etcd refuses today, versions up to 3.4 took, and a snapshot still holds it.
func oddity(p keyrange.Permission) (what string, instead keyrange.Permission) {
	switch {
	case p.Key == "" && p.RangeEnd == "":
		return "allows nothing: etcd has no empty key", p
	case p.Key == "" && p.RangeEnd == keyrange.FromKeyEnd:
		return "allows every key, although etcd has no empty key: a policy says {everything: true}", keyrange.Everything(p.Access)
	case p.Key == "":
		return "begins at the empty key, and etcd has none: a policy cannot write where it begins", p
	case p.RangeEnd == p.Key:
		if key := keyrange.Key(p.Key, p.Access); sayable(key) {
			return fmt.Sprintf("is empty and allows nothing; write {key: %q, access: %s} if this one key was meant", p.Key, p.Access), p
		}
		return "is empty and allows nothing", p
	case p.Range().Empty():
		return fmt.Sprintf("is inverted and allows nothing: keys are compared byte by byte, and %q comes before %q", p.RangeEnd, p.Key), p
	}
	return "no policy can write: text is UTF-8 without control characters", p
}

// sayable reports whether a policy can write p.
func sayable(p keyrange.Permission) bool {
	_, ok := written(p)
	return ok
}

// joined is the permissions with the accesses of one pair joined: a policy says a pair
// once, and etcd may hold it several times (fact 20).
func joined(permissions []keyrange.Permission) (out, twice []keyrange.Permission) {
	type pair struct{ key, end string }
	at := make(map[pair]int, len(permissions))
	for _, p := range permissions {
		i, found := at[pair{p.Key, p.RangeEnd}]
		switch {
		case !found:
			at[pair{p.Key, p.RangeEnd}] = len(out)
			out = append(out, p)
			continue
		case p.Access.Includes(out[i].Access):
			out[i].Access = p.Access
		case !out[i].Access.Includes(p.Access):
			out[i].Access = keyrange.ReadWrite
		}
		twice = append(twice, p)
	}
	return out, twice
}
