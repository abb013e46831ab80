package roles_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// TestWhoCan: which users reach a range, whether all of it, and by which permissions.
func TestWhoCan(t *testing.T) {
	t.Parallel()
	s := roles.State{
		Users: []roles.User{
			{Name: "all", Roles: []string{"all"}}, {Name: "halves", Roles: []string{"left", "right"}}, {Name: "left", Roles: []string{"left"}},
			{Name: "nothing"}, {Name: "root", Roles: []string{"root"}}, {Name: "writer", Roles: []string{"writer", "gone"}},
		},
		Roles: []roles.Role{
			{Name: "all", Permissions: []keyrange.Permission{keyrange.Everything(keyrange.Read)}},
			{Name: "left", Permissions: []keyrange.Permission{keyrange.Between("/a/", "/a/m", keyrange.ReadWrite), keyrange.Prefix("/z/", keyrange.Read)}},
			{Name: "right", Permissions: []keyrange.Permission{keyrange.Between("/a/m", "/a0", keyrange.Read)}},
			{Name: "writer", Permissions: []keyrange.Permission{keyrange.Prefix("/a/", keyrange.Write)}},
		},
	}
	for name, c := range map[string]struct {
		access keyrange.Access
		keys   keyrange.Permission
		want   string
	}{
		"a prefix in two halves": {keyrange.Read, keyrange.Prefix("/a/", keyrange.Read), `all: all read everything
halves: left readwrite range ["/a/", "/a/m") + right read range ["/a/m", "/a0")
left in part [{/a/ /a/m}]: left readwrite range ["/a/", "/a/m")
root: root readwrite everything`},
		"to be written": {keyrange.Write, keyrange.Prefix("/a/", keyrange.Read), `halves in part [{/a/ /a/m}]: left readwrite range ["/a/", "/a/m")
left in part [{/a/ /a/m}]: left readwrite range ["/a/", "/a/m")
root: root readwrite everything
writer: writer write prefix "/a/"`},
		"one key": {keyrange.Read, keyrange.Key("/z/k", keyrange.Read), `all: all read everything
halves: left read prefix "/z/"
left: left read prefix "/z/"
root: root readwrite everything`},
		"the key before a prefix": {keyrange.Write, keyrange.Key("/a", keyrange.Read), "root: root readwrite everything"},
		"every key": {keyrange.Read, keyrange.Everything(keyrange.Read), `all: all read everything
halves in part [{/a/ /a0} {/z/ /z0}]: left readwrite range ["/a/", "/a/m") + left read prefix "/z/" + right read range ["/a/m", "/a0")
left in part [{/a/ /a/m} {/z/ /z0}]: left readwrite range ["/a/", "/a/m") + left read prefix "/z/"
root: root readwrite everything`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines []string
			for _, h := range s.WhoCan(c.access, c.keys.Range()) {
				lines = append(lines, holdingText(h))
				if diff := cmp.Diff(holdingText(h), holdingText(s.Can(h.User, c.access, c.keys.Range()))); diff != "" {
					t.Error(diff)
				}
			}
			if diff := cmp.Diff(c.want, strings.Join(lines, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, user := range []string{"nothing", "nosuch"} {
		if h := s.Can(user, keyrange.Read, keyrange.Range{}); h.Whole || !h.Part.IsEmpty() || h.User != user {
			t.Errorf("%s: %+v", user, h)
		}
	}
}

func holdingText(h roles.Holding) string {
	text := h.User
	if !h.Whole {
		text += " in part ["
		for i, r := range h.Part.Ranges() {
			if i > 0 {
				text += " "
			}
			text += "{" + r.From + " " + r.To + "}"
		}
		text += "]"
	}
	var grants []string
	for _, g := range h.Grants {
		grants = append(grants, g.Role+" "+g.Permission.String())
	}
	return text + ": " + strings.Join(grants, " + ")
}
