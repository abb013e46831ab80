package verify

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/roles"
)

// A user that got a password in place of a certificate: the certificate works until it ends, is
// revoked, or no trusted CA signed it.
func TestFormerCertificatesOfUsersWithAPassword(t *testing.T) {
	t.Parallel()
	checks := slices.DeleteFunc(authChecks(), func(c Check) bool { return c.Code != "users/former-certificate" })
	found := []string{`error users/former-certificate: flannel: by 1 former certificate with its CN a client is this user without the password, until 2027-02-22: serial `}
	for name, c := range map[string]struct {
		change func(e *Evidence, former *certgen.Retired)
		want   []string
	}{
		"works":                {func(*Evidence, *certgen.Retired) {}, found},
		"expired":              {func(e *Evidence, former *certgen.Retired) { e.Now = former.Leaf.NotAfter }, nil},
		"revoked":              {func(_ *Evidence, former *certgen.Retired) { former.Revoked = true }, nil},
		"without a CN":         {func(_ *Evidence, former *certgen.Retired) { former.Leaf.Subject.CommonName = "" }, nil},
		"another user's":       {func(_ *Evidence, former *certgen.Retired) { former.Leaf.Subject.CommonName = "calico" }, nil},
		"another CA's":         {func(_ *Evidence, former *certgen.Retired) { former.Leaf.Signature = []byte("none") }, nil},
		"the user is not here": {func(e *Evidence, _ *certgen.Retired) { e.Auth.Users = nil }, nil},
		"without a password":   {func(e *Evidence, _ *certgen.Retired) { e.Policy.Components[0].Password = false }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPKI(t)
			folder, policy := p.state(), *p.policy
			leaf := *folder.Pairs["components/flannel/client"].Leaf
			former := certgen.Retired{Identity: "flannel", Leaf: &leaf}
			policy.Components = slices.Clone(policy.Components)
			policy.Components[0].Password = true
			e := &Evidence{Policy: &policy, Now: p.now, Folder: &folder, Auth: &roles.State{Enabled: true, Users: []roles.User{{Name: "flannel"}}}}
			c.change(e, &former)
			folder.Retired = append(folder.Retired, former)
			want := slices.Clone(c.want)
			for i := range want {
				want[i] += certgen.Entry{Serial: leaf.SerialNumber}.SerialText()
			}
			if diff := cmp.Diff(want, lines(e, checks)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
