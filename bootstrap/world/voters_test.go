package world

import (
	"errors"
	"slices"
	"testing"
)

// A member of another cluster than most is not asked, and where no cluster has most of them
// all are.
func TestChosen(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	for name, c := range map[string]struct {
		heard map[string]voter
		want  []string
	}{
		"all":           {map[string]voter{"a": {cluster: 1}, "b": {cluster: 1}, "c": {cluster: 1}}, []string{"a", "b", "c"}},
		"one is down":   {map[string]voter{"a": {err: down}, "b": {cluster: 1}, "c": {cluster: 1}}, []string{"b", "c"}},
		"one is late":   {map[string]voter{"b": {cluster: 1}, "c": {cluster: 1}}, []string{"b", "c"}},
		"one elsewhere": {map[string]voter{"a": {cluster: 2}, "b": {cluster: 1}, "c": {cluster: 1}}, []string{"b", "c"}},
		"one each":      {map[string]voter{"a": {cluster: 2}, "b": {cluster: 1}}, []string{"a", "b"}},
		"alone":         {map[string]voter{"a": {}}, []string{"a"}},
		"none":          {map[string]voter{"a": {err: down}, "b": {err: down}}, nil},
	} {
		for url, v := range c.heard {
			v.url = url
			c.heard[url] = v
		}
		got, err := chosen([]string{"a", "b", "c"}, c.heard)
		if !slices.Equal(got, c.want) || (err == nil) != (len(c.want) > 0) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}
