package bootstrap

import (
	"errors"
	"fmt"
	"syscall"
	"testing"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/world"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// Members that are not started and members without TLS wait for the operator; any
// other silence is a guard's refusal.
func TestWhoDoesNotAnswer(t *testing.T) {
	t.Parallel()
	absent := fmt.Errorf("dialling: %w", syscall.ECONNREFUSED)
	plain := &store.HandshakeError{Endpoint: "https://10.0.0.11:2379", Plain: true, Err: errors.New("EOF")}
	lost := errors.New("no route to host")
	for name, c := range map[string]struct {
		missing []silent
		code    hint.Exit
		text    string
	}{
		"not started":         {[]silent{{"a", absent}, {"b", absent}}, 2, "no member answers yet"},
		"all without TLS":     {[]silent{{"a", plain}, {"b", plain}}, 2, "every member speaks plain http"},
		"one without TLS":     {[]silent{{"a", plain}}, 3, "a cannot be reached: shaking hands with https://10.0.0.11:2379: it answers plain http and not TLS"},
		"without TLS, absent": {[]silent{{"a", plain}, {"b", absent}}, 3, "a, b cannot be reached: shaking hands with https://10.0.0.11:2379: it answers plain http and not TLS"},
		"one not started":     {[]silent{{"b", absent}}, 3, "b cannot be reached: dialling: connection refused"},
		"lost":                {[]silent{{"a", lost}, {"b", lost}}, 3, "a, b cannot be reached: no route to host"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &run{Change: &change.Change{World: &world.World{Policy: &policies.Policy{Cluster: policies.Cluster{Members: []policies.Member{{Name: "a"}, {Name: "b"}}}}}}}
			err := r.notAnswering(c.missing)
			if hint.Of(err) != c.code || err.Error() != c.text || hint.Text(err) == "" {
				t.Errorf("exit code %d: %v\nhint: %s", hint.Of(err), err, hint.Text(err))
			}
		})
	}
}
