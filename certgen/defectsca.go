package certgen

import (
	"crypto/x509"
	"fmt"
)

func (j *judge) authority() {
	c := j.cert
	if !c.BasicConstraintsValid || !c.IsCA {
		j.fatal(CodeBasic, "is not a CA")
		return
	}
	if j.p.ExternalCA != "" {
		if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 { // without the extension it may: RFC 5280, 4.2.1.3
			j.fatal(codeKeyUsage, "may not sign certificates (its key usage lacks keyCertSign)")
		}
		return // what it lacks beside that is its owner's choice: see Costs
	}
	if c.KeyUsage&x509.KeyUsageCertSign == 0 || c.KeyUsage&x509.KeyUsageCRLSign == 0 {
		j.fatal(codeKeyUsage, "may not sign certificates and revocation lists")
	} else if c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign {
		j.minor(codeKeyUsage, "has key usage %s, and keyCertSign+cRLSign would do", keyUsageNames(c.KeyUsage))
	}
	if c.MaxPathLen != 0 || !c.MaxPathLenZero {
		j.minor(CodePathLength, "may sign further CAs: its path length is not 0")
	}
	if j.p.CA == ClientCA && !excludesAddresses(c) {
		j.minor(CodeConstraints, "may sign for IP addresses: its name constraints do not exclude them all")
	}
}

// Costs says what it costs that ca, an external CA, signs for all purposes.
func Costs(ca *x509.Certificate) []string {
	out := []string{"one CA signs for all purposes: what it ever signed with the CN of a user is that user, and where members trust it too every client certificate is good for the peer port"}
	if ca.MaxPathLen != 0 || !ca.MaxPathLenZero {
		out = append(out, "it may sign further CAs (its path length is not 0), and each of those can make any user, root too")
	}
	if ca.KeyUsage == 0 {
		out = append(out, "its key is good for everything (it has no key usage)")
	}
	if selfIssued(ca) && Broken(ca.SignatureAlgorithm) {
		out = append(out, fmt.Sprintf("it signed itself with the broken %s: etcd does not look at that, other software may", ca.SignatureAlgorithm))
	}
	if ca.KeyUsage != 0 && ca.KeyUsage&x509.KeyUsageCRLSign == 0 {
		out = append(out, "it may not sign revocation lists (no key usage cRLSign): etcd takes them all the same, other software will not")
	}
	return out
}

// WithCRLSign is ca as a judge of revocation lists must see it. An external CA
// may lack the key usage cRLSign or a key identifier; etcd looks neither at that nor at the
// signature (fact 15), and without a list it refuses every client.
func WithCRLSign(ca *x509.Certificate) *x509.Certificate {
	c := *ca
	c.KeyUsage |= x509.KeyUsageCRLSign
	if id, err := authorityKeyID(ca); err == nil { // else signing says that it is missing
		c.SubjectKeyId = id
	}
	return &c
}

// excludesAddresses leaves DNS names aside: the CAs of earlier versions exclude them, later
// ones do not (docs/adr/0001-three-cas.md).
func excludesAddresses(c *x509.Certificate) bool {
	var v4, v6 bool
	for _, r := range c.ExcludedIPRanges {
		ones, bits := r.Mask.Size()
		v4 = v4 || ones == 0 && bits == 32
		v6 = v6 || ones == 0 && bits == 128
	}
	return v4 && v6
}
