package authority

import (
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"time"

	"lockstep/certgen"
)

func caTemplate(p certgen.Profile, id []byte, serial *big.Int, now time.Time) (*x509.Certificate, error) {
	if p.Lifetime <= 0 {
		return nil, errors.New("the profile has no lifetime")
	}
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               p.Name(),
		NotBefore:             now.Add(-certgen.Backdate).Truncate(time.Second),
		NotAfter:              now.Add(p.Lifetime).Truncate(time.Second),
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           p.Usages(),
		SubjectKeyId:          id,
	}
	// Fact 13: who looks at a port tells authorities apart by their subjects alone.
	t.Subject.CommonName = commonName(p, id)
	if p.CA == certgen.ClientCA {
		excludeAddresses(t)
	}
	return t, nil
}

// commonName is "edge client CA 1a2b3c4d". X.520 stops at 64 bytes, and cluster names
// may have as many.
func commonName(p certgen.Profile, id []byte) string {
	tail := certgen.NameTail(p.CA, id)
	return p.Cluster[:min(len(p.Cluster), 64-len(tail))] + tail
}

// excludeAddresses forbids every IP address below t. DNS names are not constrained:
// openssl verify applies such a constraint to a CN that looks like a name as well, and
// would refuse the user "app.example". See docs/adr/0001-three-cas.md.
func excludeAddresses(t *x509.Certificate) {
	t.PermittedDNSDomainsCritical = true // of all name constraints, in spite of its name
	t.ExcludedIPRanges = []*net.IPNet{
		{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)},
		{IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)},
	}
}
