package verify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/certgen"
	"lockstep/policies/count"
)

// findFormerCertificates finds users with a password that had a certificate with a CN before: its
// holder is the user by gRPC (fact 1), also after the password is replaced.
func findFormerCertificates(j *judgement) (out findings) {
	for _, c := range j.Policy.Components {
		user := c.User.String()
		if _, there := j.Auth.User(user); !there || !c.Password {
			continue
		}
		var serials []string
		var last time.Time
		for _, r := range j.workingRetired(user) {
			serials = append(serials, fmt.Sprintf("%x", r.Leaf.SerialNumber))
			if r.Leaf.NotAfter.After(last) {
				last = r.Leaf.NotAfter
			}
		}
		if len(serials) > 0 {
			slices.Sort(serials)
			out.add(Subject{SubjectUser, user}, fmt.Sprintf("by %s with its CN a client is this user without the password, until %s: serial %s",
				count.Of(len(serials), "former certificate"), last.UTC().Format(time.DateOnly), strings.Join(serials, ", ")),
				fmt.Sprintf("lockstep certs revoke %s --serial HEX ends the certificate and leaves the user; copy client.crl to the members", c.Name))
		}
	}
	return out
}

// workingRetired is the retired certificates with that CN which members take: a CA that they trust
// signed them, and they are valid and not revoked.
func (j *judgement) workingRetired(user string) []certgen.Retired {
	listed := j.Folder.Listed(certgen.ClientCA)
	trust, err := j.Folder.Trust(certgen.ClientCA)
	return slices.DeleteFunc(slices.Clone(j.Folder.Retired), func(r certgen.Retired) bool {
		return r.Leaf.Subject.CommonName != user || !j.Now.Before(r.Leaf.NotAfter) || r.Revoked ||
			listed[r.Leaf.SerialNumber.String()] || err == nil && !trust.Issued(r.Leaf)
	})
}
