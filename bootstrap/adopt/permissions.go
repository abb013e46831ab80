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

// wording is a role's permissions in a policy's words, and why they are not, if so.
func wording(role string, permissions []keyrange.Permission) ([]presets.Permission, []string) {
	out := []presets.Permission{}
	var why []string
	for _, p := range permissions {
		w, ok := written(p)
		if !ok {
			why = append(why, fmt.Sprintf("role %q holds %s, which no policy can write: text is UTF-8 without control characters", role, p))
			continue
		}
		out = append(out, w)
	}
	return out, why
}

// joined is the permissions with the accesses of one pair joined: a policy says a pair
// once, and etcd may hold it several times (fact 20).
func joined(permissions []keyrange.Permission) (out, twice []keyrange.Permission) {
	for _, p := range permissions {
		i := slices.IndexFunc(out, p.SamePair)
		switch {
		case i < 0:
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
