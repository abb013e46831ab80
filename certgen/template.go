package certgen

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"time"
)

// Backdate allows for hosts whose clock is behind ours.
const Backdate = 5 * time.Minute

// LeafTemplate is the certificate that ca signs as p at the time now, for the key with the
// identifier id.
func LeafTemplate(p Profile, ca *x509.Certificate, id []byte, serial *big.Int, now time.Time) (*x509.Certificate, error) {
	if p.Lifetime <= 0 {
		return nil, errors.New("the profile has no lifetime")
	}
	issuer, err := authorityKeyID(ca)
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               p.Name(),
		NotBefore:             From(now, ca),
		NotAfter:              earlier(now.Add(p.Lifetime).Truncate(time.Second), ca.NotAfter),
		BasicConstraintsValid: true, // with IsCA false: CA:FALSE, critical
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           p.Usages(),
		SubjectKeyId:          id,
		AuthorityKeyId:        issuer,
	}
	t.Subject.CommonName = p.CN()
	for _, host := range p.Hosts {
		if ip := net.ParseIP(host); ip != nil {
			t.IPAddresses = append(t.IPAddresses, ip)
		} else {
			t.DNSNames = append(t.DNSNames, host)
		}
	}
	return t, nil
}

// Name is the subject without its CN.
func (p Profile) Name() pkix.Name {
	name := pkix.Name{
		Organization:       p.Organization(),
		OrganizationalUnit: p.Subject.OrganizationalUnit,
		Locality:           p.Subject.Locality,
	}
	if p.Password {
		name.ExtraNames = []pkix.AttributeTypeAndValue{{Type: oidUserID, Value: p.User.String()}}
	}
	return name
}

// From is when what ca signs at the time now begins to be valid.
func From(now time.Time, ca *x509.Certificate) time.Time {
	from := now.Add(-Backdate).Truncate(time.Second)
	if ca.NotBefore.After(from) {
		return ca.NotBefore
	}
	return from
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// CATemplate is the certificate with which the CA of the profile p signs itself at the time now,
// for the key with the identifier id.
func CATemplate(p Profile, id []byte, serial *big.Int, now time.Time) (*x509.Certificate, error) {
	if p.Lifetime <= 0 {
		return nil, errors.New("the profile has no lifetime")
	}
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               p.Name(),
		NotBefore:             now.Add(-Backdate).Truncate(time.Second),
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
	if p.CA == ClientCA {
		excludeAddresses(t)
	}
	return t, nil
}

// commonName is "edge client CA 1a2b3c4d". X.520 stops at 64 bytes, and cluster names
// may have as many.
func commonName(p Profile, id []byte) string {
	tail := nameTail(p.CA, id)
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
