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
	t.Subject.CommonName = p.User.String()
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
	return pkix.Name{
		Organization:       p.Organization(),
		OrganizationalUnit: p.Subject.OrganizationalUnit,
		Locality:           p.Subject.Locality,
	}
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
