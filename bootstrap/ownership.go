package bootstrap

import (
	"crypto/x509"
	"strings"
	"time"

	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles"
)

// ownership is whose users are ours by the PKI folder: those that a certificate names
// which our client CA signed and which lies in a component's folder or in retired/. A
// file that somebody planted makes nobody ours: only the CA's key makes such a
// certificate. An expired one counts: it tells who made the user.
func ownership(s certgen.State) (roles.Ownership, error) {
	ours := map[string]bool{}
	ca, err := s.Authority(certgen.ClientCA)
	if err != nil {
		return nil, err
	}
	claim := func(leaf *x509.Certificate) {
		if leaf != nil && leaf.CheckSignatureFrom(ca) == nil && leaf.Subject.CommonName != "" {
			ours[leaf.Subject.CommonName] = true
		}
	}
	for path, pair := range s.Pairs {
		if strings.HasPrefix(path, "components/") {
			claim(pair.Leaf)
		}
	}
	for _, r := range s.Retired {
		claim(r.Leaf)
	}
	delete(ours, "root")
	return func(user string) bool { return ours[user] }, nil
}

// refuseRevival stops a plan that adds a user whose earlier certificate is still valid:
// whoever kept a copy of it and its key would come back to life with the name.
func refuseRevival(s certgen.State, plan roles.Plan, now time.Time) error {
	for _, step := range plan.Steps {
		if step.Action != roles.UserAdd {
			continue
		}
		for _, r := range s.Retired {
			if r.Leaf.Subject.CommonName == step.User && now.Before(r.Leaf.NotAfter) {
				return hint.Refuse("Choose another name, wait until that certificate has ended, or repeat with --reuse-name if nobody has a copy of its key.",
					"user %q had a certificate before, which is valid until %s and would come back to life with the user; nothing was changed",
					step.User, r.Leaf.NotAfter.UTC().Format(time.DateOnly))
			}
		}
	}
	return nil
}
