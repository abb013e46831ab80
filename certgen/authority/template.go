package authority

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"

	"lockstep/certgen"
)

// backdate allows for hosts whose clock is behind ours.
const backdate = 5 * time.Minute

func caTemplate(p certgen.Profile, id []byte, serial *big.Int, now time.Time) (*x509.Certificate, error) {
	if p.Lifetime <= 0 {
		return nil, errors.New("the profile has no lifetime")
	}
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               subject(p),
		NotBefore:             now.Add(-backdate).Truncate(time.Second),
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
		excludeNames(t)
	}
	return t, nil
}

// commonName is "edge client CA 1a2b3c4d". X.520 stops at 64 bytes, and cluster names
// may have as many.
func commonName(p certgen.Profile, id []byte) string {
	tail := fmt.Sprintf(" %s CA %x", p.CA, id[:4])
	return p.Cluster[:min(len(p.Cluster), 64-len(tail))] + tail
}

// excludeNames forbids every DNS name and IP address below t. The empty DNS name
// stands for all of them (RFC 5280, 4.2.1.10). Go, and so etcd, applies that to SANs
// only; openssl verify applies it to a CN with a dot as well, and refuses those.
func excludeNames(t *x509.Certificate) {
	t.PermittedDNSDomainsCritical = true
	t.ExcludedDNSDomains = []string{""}
	t.ExcludedIPRanges = []*net.IPNet{
		{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)},
		{IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)},
	}
}

func leafTemplate(p certgen.Profile, ca *x509.Certificate, id []byte, serial *big.Int, now time.Time) (*x509.Certificate, error) {
	if p.Lifetime <= 0 {
		return nil, errors.New("the profile has no lifetime")
	}
	t := &x509.Certificate{
		SerialNumber:          serial,
		Subject:               subject(p),
		NotBefore:             later(now.Add(-backdate).Truncate(time.Second), ca.NotBefore),
		NotAfter:              earlier(now.Add(p.Lifetime).Truncate(time.Second), ca.NotAfter),
		BasicConstraintsValid: true, // with IsCA false: CA:FALSE, critical
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           p.Usages(),
		SubjectKeyId:          id,
		AuthorityKeyId:        ca.SubjectKeyId,
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

func subject(p certgen.Profile) pkix.Name {
	return pkix.Name{
		Organization:       p.Organization(),
		OrganizationalUnit: p.Subject.OrganizationalUnit,
		Locality:           p.Subject.Locality,
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
