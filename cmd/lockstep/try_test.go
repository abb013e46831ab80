package main

import (
	"testing"

	"lockstep/policies"
	"lockstep/policies/keyrange"
)

func TestFirstQuestion(t *testing.T) {
	t.Parallel()
	for want, permissions := range map[string][]keyrange.Permission{
		"get --prefix --keys-only /a/":       {keyrange.Key("w", keyrange.Write), keyrange.Prefix("/a/", keyrange.Read)},
		"get x":                              {keyrange.Key("x", keyrange.ReadWrite)},
		"get --keys-only a c":                {keyrange.Between("a", "c", keyrange.Read)},
		"get --from-key --keys-only k":       {keyrange.FromKey("k", keyrange.Read)},
		"get --prefix --keys-only ''":        {keyrange.Everything(keyrange.Read)},
		`get 'it'\''s $HOME ` + "`id`" + `'`: {keyrange.Key("it's $HOME `id`", keyrange.Read)},
		"endpoint status":                    {keyrange.Key("w", keyrange.Write)},
	} {
		if got := firstQuestion(policies.Component{Permissions: permissions}); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := firstQuestion(policies.Component{Administrator: true}); got != "member list" {
		t.Errorf("administrator: got %s", got)
	}
}
