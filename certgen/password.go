package certgen

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
)

// PasswordFile is the name of the file with the password of a component's user, in its folder:
// one line.
const PasswordFile = "password"

// oidUserID is the user ID of a subject (RFC 4519, uid). The certificate of a user with a password
// has no CN, and the folder has to tell later whose it was: etcd reads the CN alone.
var oidUserID = asn1.ObjectIdentifier{0, 9, 2342, 19200300, 100, 1, 1}

// UserOf is the etcd user that a certificate of the folder stands for: its CN, or the user ID in
// the subject of one without a CN. Only a CN is a user to etcd: a certificate without one gives
// no permission by itself. "" for none.
func UserOf(leaf *x509.Certificate) string {
	if leaf.Subject.CommonName != "" {
		return leaf.Subject.CommonName
	}
	return userID(leaf.Subject)
}

func userID(subject pkix.Name) string {
	for _, n := range subject.Names {
		if n.Type.Equal(oidUserID) {
			return fmt.Sprint(n.Value)
		}
	}
	return ""
}

// PasswordPath is where the password of a component's user lies.
func PasswordPath(component string) string {
	return Place{Kind: PlaceComponent, Name: component, Use: PasswordFile}.String()
}

// password plans the file with the password of p's user. It is made once, with the certificate,
// and replaced when that is revoked. Where the certificate is here and the password is not, none is
// made: it was delivered, as a key may be, or the user was adopted and only its software knows it.
func (d *differ) password(p Profile) {
	if p.Kind != KindComponent || !p.Password && len(d.state.Passwords) == 0 {
		return
	}
	file := p.Place().In(PasswordFile).String()
	_, there := d.state.Passwords[file]
	leaf := d.state.Pairs[p.Path].Leaf
	switch {
	case !p.Password && there:
		d.step(Step{Action: DropPassword, File: file, Reason: "its user has a certificate and no password"})
	case !p.Password:
	case leaf != nil && d.isRevoked(p, leaf):
		d.step(Step{Action: MakePassword, File: file, Reason: RevokedReason})
	case !there && (leaf == nil || leaf.Subject.CommonName != "" || userID(leaf.Subject) == ""):
		d.step(Step{Action: MakePassword, File: file, Reason: Missing})
	}
}
