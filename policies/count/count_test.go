package count_test

import (
	"testing"

	"lockstep/policies/count"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		n          int
		noun, want string
	}{
		{0, "step", "0 steps"},
		{1, "step", "1 step"},
		{2, "step", "2 steps"},
		{1, "proxy", "1 proxy"},
		{3, "proxy", "3 proxies"},
		{2, "more problem", "2 more problems"},
	} {
		if got := count.Of(test.n, test.noun); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}

func TestQuoted(t *testing.T) {
	t.Parallel()
	for want, names := range map[string][]string{
		"": nil, `"a"`: {"a"}, `"a b", "\x1b[31m"`: {"a b", "\x1b[31m"},
	} {
		if got := count.Quoted(names); got != want {
			t.Errorf("%q: got %s, want %s", names, got, want)
		}
	}
}
