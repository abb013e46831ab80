package certgen

import (
	"crypto/x509"
	"slices"
)

func (j *judge) authority() {
	c := j.cert
	if !c.BasicConstraintsValid || !c.IsCA {
		j.fatal(CodeBasic, "is not a CA")
	}
	if c.KeyUsage&x509.KeyUsageCertSign == 0 || c.KeyUsage&x509.KeyUsageCRLSign == 0 {
		j.fatal(CodeKeyUsage, "may not sign certificates and revocation lists")
	} else if c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign {
		j.minor(CodeKeyUsage, "has more key usages than keyCertSign and cRLSign")
	}
	if c.MaxPathLen != 0 || !c.MaxPathLenZero {
		j.minor(CodePathLength, "may sign further CAs: its path length is not 0")
	}
	if j.p.CA == ClientCA && !excludesNames(c) {
		j.minor(CodeConstraints, "may sign for DNS names and IP addresses: its name constraints do not exclude them all")
	}
}

func excludesNames(c *x509.Certificate) bool {
	var v4, v6 bool
	for _, r := range c.ExcludedIPRanges {
		ones, bits := r.Mask.Size()
		v4 = v4 || ones == 0 && bits == 32
		v6 = v6 || ones == 0 && bits == 128
	}
	return v4 && v6 && slices.Contains(c.ExcludedDNSDomains, "")
}
