package verify

import (
	"crypto/x509"
	"slices"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/roles"
)

// Ownership is whose users are ours by the PKI folder: those that a certificate names
// which our client CA signed and which lies in a component's folder or in retired/. A
// planted file makes no user ours: only the CA's key makes such a
// certificate. Under an external CA others have such certificates too, and
// only the folder's mode keeps them out; what it costs is that --prune, which shows it
// before, may delete the user. An expired one counts: it tells who made the user. The
// error is fs.ErrNotExist when the folder holds no client CA. A signature is checked when its user
// is asked about: most never are.
func Ownership(s certgen.State) (roles.Ownership, error) {
	trust, err := s.Trust(certgen.ClientCA)
	if err != nil {
		return nil, err
	}
	named := map[string][]*x509.Certificate{}
	claim := func(leaf *x509.Certificate) {
		if leaf != nil {
			named[certgen.UserOf(leaf)] = append(named[certgen.UserOf(leaf)], leaf)
		}
	}
	for path, pair := range s.Pairs {
		if certgen.PlaceOf(path).Component() != "" {
			claim(pair.Leaf)
		}
	}
	for _, r := range s.Retired {
		claim(r.Leaf)
	}
	delete(named, "")
	delete(named, policies.Root().String())
	return func(user string) bool { return slices.ContainsFunc(named[user], trust.Issued) }, nil
}

// OwnsNone is the ownership where no folder tells: no user is ours by name. Users that
// the policy names and that are shown to have no password are in any case, by
// roles.Diff's own rule.
func OwnsNone(string) bool { return false }
