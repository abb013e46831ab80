package verify

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A member's flags tell what its settings are, and a member that tells none has no finding.
func TestSettings(t *testing.T) {
	t.Parallel()
	const empty = "warning members/auth-token: etcd1: was started with --auth-token '': no user with a password can log in, not even to turn auth off"
	for name, c := range map[string]struct {
		pages Pages
		want  []string
	}{
		"unseen":       {Pages{}, nil},
		"no flags":     {Pages{Gateway: Refused, Command: []string{"etcd"}}, nil},
		"simple":       {Pages{Command: []string{"etcd", "--auth-token", "simple", "--name=a"}}, nil},
		"none":         {Pages{Command: []string{"etcd", "--auth-token", "", "--name=a"}}, []string{empty}},
		"none, joined": {Pages{Command: []string{"etcd", "-auth-token="}}, []string{empty}},
		"none, last":   {Pages{Command: []string{"etcd", "--name=a", "--auth-token", ""}}, []string{empty}},
		"signs":        {Pages{Command: []string{"etcd", "--auth-token=jwt,pub-key=a.pub,priv-key=a.key,sign-method=RS256"}}, nil},
		"verifies": {Pages{Command: []string{"etcd", "--auth-token=jwt,pub-key=a.pub,sign-method=RS256"}},
			[]string{`warning members/auth-token: etcd1: was started with --auth-token "jwt,pub-key=a.pub,sign-method=RS256", whose key only verifies: no user with a password can log in, not even to turn auth off`}},
		"another flag's value": {Pages{Command: []string{"etcd", "--name", "auth-token="}}, nil},
		"gateway": {Pages{Gateway: Accepted},
			[]string{"info members/gateway: etcd1: answers the HTTP gateway (/v3/...): it refuses a certificate with a CN, and takes a password of any user"}},
		"weak": {Pages{Command: []string{"etcd", "--unsafe-no-fsync", "--enable-pprof=false", "-bcrypt-cost", "4", "--auto-tls=true"}}, []string{
			"info members/settings: etcd1: was started with --auto-tls=true: the member makes its own certificate for clients",
			"info members/settings: etcd1: was started with --bcrypt-cost=4: passwords are easier to guess from a copy of the data than with etcd's default of 10",
			"info members/settings: etcd1: was started with --unsafe-no-fsync: a crash of the host can undo a change of users and roles that etcd confirmed",
		}},
		"strong": {Pages{Command: []string{"etcd", "--bcrypt-cost=12", "--peer-auto-tls=false"}}, nil},
	} {
		e := sound()
		e.Members[0].Pages = c.pages
		if diff := cmp.Diff(c.want, lines(e, settingChecks())); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
