package hint_test

import (
	"os/exec"
	"testing"

	"lockstep/policies/hint"
)

// TestWord: a shell reads back exactly what was written.
func TestWord(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"/etc/etcd/a-b_1.crt": "/etc/etcd/a-b_1.crt",
		"":                    "''",
		"~root":               "'~root'",
		"a b\nc":              "'a b\nc'",
		"it's $(id) `id` \\":  `'it'\''s $(id) ` + "`id`" + ` \'`,
		"ключ":                "'ключ'",
	} {
		got := hint.Word(in)
		if got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
		out, err := exec.Command("sh", "-c", "printf %s "+got).Output()
		if err != nil || string(out) != in {
			t.Errorf("a shell reads %s as %q, %v", got, out, err)
		}
	}
}
