package view

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap/verify"
	"lockstep/policies"
)

func user(t *testing.T, name string) policies.UserName {
	t.Helper()
	u, err := policies.ParseUserName(name)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A name is printed once, and the longest that a policy takes leaves the table within
// the width of a terminal, unbroken.
func TestProofTable(t *testing.T) {
	t.Parallel()
	until := time.Date(2027, 2, 22, 0, 0, 0, 0, time.UTC)
	long := strings.Repeat("long-", 12) + "name"
	app := verify.Proof{Component: "app", User: user(t, "app"), Role: "app", Allowed: 7, Refused: 14, NotAfter: until}
	for name, test := range map[string]struct {
		proofs []verify.Proof
		want   string
	}{
		"none":   {nil, "no components\n"},
		"equals": {[]verify.Proof{app}, "COMPONENT  PROVEN ALLOWED  PROVEN REFUSED  CERTIFICATE UNTIL\napp        7               14              2027-02-22\n"},
		"other users and roles": {[]verify.Proof{
			app,
			{Component: "till", User: user(t, "till"), Role: "sales", NotLive: "no key", Minted: true, NotAfter: until},
			{Component: "stock", User: user(t, "stock-user"), Role: "stock-user", Allowed: 1},
			{Component: "back", User: user(t, "back-user"), Role: "back-role", Allowed: 1},
		}, `COMPONENT  PROVEN ALLOWED  PROVEN REFUSED  CERTIFICATE UNTIL
app        7               14              2027-02-22
till       not proven      not proven      made for this proof
  role sales
stock      1               -               -
  user and role stock-user
back       1               -               -
  user back-user
  role back-role
`},
		"long names": {[]verify.Proof{
			app,
			{Component: long, User: user(t, long), Role: long, Allowed: 1, NotAfter: until},
			{Component: "till", User: user(t, long), Role: "r", Allowed: 1, NotAfter: until, Minted: true},
		}, `COMPONENT  PROVEN ALLOWED  PROVEN REFUSED  CERTIFICATE UNTIL
app        7               14              2027-02-22
` + long + `
           1               -               2027-02-22
till       1               -               made for this proof
  user ` + long + `
  role r
`},
	} {
		for _, colour := range []bool{false, true} {
			s := &Sheet{out: &bytes.Buffer{}, colour: colour}
			Proof{Evidence: &verify.Evidence{Proofs: test.proofs}}.table(s)
			for line := range strings.Lines(s.out.String()) {
				if n := columns(strings.TrimSuffix(line, "\n")); n > Width {
					t.Errorf("%s: %d columns: %q", name, n, line)
				}
			}
			if diff := cmp.Diff(test.want, s.out.String()); diff != "" && !colour {
				t.Errorf("%s (-want +got):\n%s", name, diff)
			}
		}
	}
}

// Prose in the last column goes on below itself.
func TestTableWrapsItsLastColumn(t *testing.T) {
	t.Parallel()
	s := &Sheet{out: &bytes.Buffer{}}
	s.Table([]string{"preset", "for"}, [][]any{
		{"calico/kube-controllers", "the controllers of Calico: they clean up after nodes, namespaces and workloads"},
		{"flannel", "日本語の説明 " + strings.Repeat("w", 54)},
	})
	want := `PRESET                   FOR
calico/kube-controllers  the controllers of Calico: they clean up after nodes,
                         namespaces and workloads
flannel                  日本語の説明
                         ` + strings.Repeat("w", 54) + "\n"
	if diff := cmp.Diff(want, s.out.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
