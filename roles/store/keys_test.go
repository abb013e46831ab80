package store_test

import (
	"testing"

	"lockstep/policies/keyrange"
)

func TestHoldsKeySeesExactlyTheKeysOfThePermission(t *testing.T) {
	t.Parallel()
	s := startEtcd(t)
	bare, c := s.as(t, "unbound"), s.connect(t, "unbound")
	for _, key := range []string{"/a/b", "/a/c", "/z"} {
		_, err := bare.Put(t.Context(), key, "1")
		must(t, err)
	}
	for _, test := range []struct {
		p    keyrange.Permission
		want bool
	}{
		{keyrange.Prefix("/a/", keyrange.Read), true},
		{keyrange.Prefix("/a/d", keyrange.Read), false},
		{keyrange.Key("/a/b", keyrange.Write), true},
		{keyrange.Key("/a/", keyrange.Write), false},
		{keyrange.Between("/b", "/z", keyrange.Read), false},
		{keyrange.FromKey("/z", keyrange.Read), true},
		{keyrange.FromKey("/zz", keyrange.Read), false},
		{keyrange.Everything(keyrange.ReadWrite), true},
	} {
		got, err := c.HoldsKey(t.Context(), test.p)
		must(t, err)
		if got != test.want {
			t.Errorf("%s: got %v, want %v", test.p, got, test.want)
		}
	}
}
