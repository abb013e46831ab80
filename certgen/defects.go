package certgen

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"lockstep/policies/count"
)

// Defect is one way in which a certificate is not what its profile asks for.
type Defect struct {
	Code  string // one of the Code constants
	Text  string // what is wrong, as the rest of a sentence about the certificate
	Fatal bool   // etcd or its clients refuse it, or take it for another identity or for more than it should be
}

// The codes of defects.
const (
	codeExpired     = "expired"
	codeNotYetValid = "not-yet-valid"
	codeSignature   = "signature"     // not signed by the CA
	codeChain       = "chain"         // signed by the CA, which may not sign this
	codeOutlives    = "outlives-ca"   // ends after its CA
	CodeCN          = "cn"            // not exactly the user, or a CN where none belongs
	codeSubject     = "subject"       // other O, OU or L than the policy's
	codeUsage       = "usage"         // extended key usage
	codeKeyUsage    = "key-usage"     // key usage
	CodeBasic       = "is-ca"         // CA:TRUE where a leaf belongs, or the reverse
	CodePathLength  = "path-length"   // a CA that may sign CAs
	codeHosts       = "hosts"         // SANs
	codeSerial      = "serial"        // not 1 to 20 bytes, or under 64 bits
	codeAlgorithm   = "algorithm"     // broken hash or short key
	codeKeyKind     = "key-algorithm" // sound, but not the policy's
	codeKeyID       = "key-id"        // SKI or AKI missing or wrong
	CodeConstraints = "constraints"   // a client CA that may sign for addresses
)

// Defects judges cert, a leaf or a CA, as p at the time now; ca is the CA that p.CA
// names, and of a CA itself. It is the one function that judges certificates, those
// of external CAs included. Whether a key belongs to cert it cannot know: see Pair.Key.
func Defects(cert *x509.Certificate, p Profile, ca *x509.Certificate, now time.Time) []Defect {
	j := judge{cert: cert, p: p, ca: ca, now: now}
	j.time()
	j.signature()
	j.names()
	j.usages()
	if p.Kind == KindCA {
		j.authority()
	} else {
		j.leaf()
	}
	j.keys()
	return j.found
}

// Fatal keeps the defects with which a certificate does not do.
func Fatal(all []Defect) []Defect {
	var out []Defect
	for _, d := range all {
		if d.Fatal {
			out = append(out, d)
		}
	}
	return out
}

type judge struct {
	cert, ca *x509.Certificate
	p        Profile
	now      time.Time
	found    []Defect
}

func (j *judge) fatal(code, format string, args ...any) {
	j.found = append(j.found, Defect{code, fmt.Sprintf(format, args...), true})
}

func (j *judge) minor(code, format string, args ...any) {
	j.found = append(j.found, Defect{code, fmt.Sprintf(format, args...), false})
}

func (j *judge) time() {
	if j.now.After(j.cert.NotAfter) {
		j.fatal(codeExpired, "expired on %s", day(j.cert.NotAfter))
	}
	if j.now.Before(j.cert.NotBefore) {
		j.fatal(codeNotYetValid, "is not valid before %s", day(j.cert.NotBefore))
	}
	if j.cert.NotAfter.After(j.ca.NotAfter) {
		j.minor(codeOutlives, "ends on %s, after its CA on %s", day(j.cert.NotAfter), day(j.ca.NotAfter))
	}
}

// signature checks signature and chain at a time when both are valid: expiry has its
// own defect.
func (j *judge) signature() {
	if j.p.Kind == KindCA {
		// An external CA is an anchor: its signature is not checked.
		if j.p.ExternalCA == "" && selfIssued(j.cert) && !Broken(j.cert.SignatureAlgorithm) && !signedBy(j.cert, j.cert) {
			j.fatal(codeSignature, "claims to have signed itself and has not")
		}
		return
	}
	if Broken(j.cert.SignatureAlgorithm) {
		return // keys says so
	}
	roots := x509.NewCertPool()
	roots.AddCert(j.ca)
	at := j.cert.NotBefore
	if j.ca.NotBefore.After(at) {
		at = j.ca.NotBefore
	}
	for _, usage := range j.p.Usages() {
		_, err := j.cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{usage}})
		if err == nil {
			continue
		}
		var invalid x509.CertificateInvalidError
		switch {
		case !signedBy(j.cert, j.ca):
			j.fatal(codeSignature, "is not signed by the %s CA %q", j.p.CA, j.ca.Subject.CommonName)
		case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
			j.fatal(codeChain, "was never valid at the same time as its CA")
		case errors.As(err, &invalid) && invalid.Reason == x509.IncompatibleUsage:
			if slices.Contains(j.cert.ExtKeyUsage, usage) { // else usages says it better
				j.fatal(codeChain, "is signed by a CA that may not sign for %s", usage)
			}
		default:
			j.fatal(codeChain, "does not verify: %v", err)
		}
		return
	}
}

// signedBy reports whether ca's key made cert's signature, whatever ca may sign.
func signedBy(cert, ca *x509.Certificate) bool {
	return ca.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) == nil
}

var oidCommonName = asn1.ObjectIdentifier{2, 5, 4, 3}

func (j *judge) names() {
	var cns []string
	for _, n := range j.cert.Subject.Names {
		if n.Type.Equal(oidCommonName) {
			cns = append(cns, fmt.Sprint(n.Value))
		}
	}
	user := j.p.User.String()
	switch {
	case j.p.ExternalCA != "":
		return // its subject is its owner's choice
	case j.p.Kind == KindCA:
	case user == "" && len(cns) > 0:
		j.fatal(CodeCN, "has CN %s, and etcd would take it for that user: no CN belongs here", count.Quoted(cns))
	case user != "" && len(cns) == 0:
		j.fatal(CodeCN, "has no CN, and should have %q", user)
	case user != "" && len(cns) > 1:
		j.fatal(CodeCN, "has %d CNs, %s, and should have one, %q", len(cns), count.Quoted(cns), user)
	case user != "" && cns[0] != user:
		j.fatal(CodeCN, "has CN %q, and should have %q", cns[0], user)
	}
	s := j.cert.Subject
	for _, field := range []struct {
		name      string
		got, want []string
	}{
		{"O", s.Organization, j.p.Organization()},
		{"OU", s.OrganizationalUnit, j.p.Subject.OrganizationalUnit},
		{"L", s.Locality, j.p.Subject.Locality},
	} {
		if !sameSet(field.got, field.want) {
			j.minor(codeSubject, "has %s %s, the policy says %s", field.name, orNone(field.got), orNone(field.want))
		}
	}
}

func (j *judge) usages() {
	got := append([]x509.ExtKeyUsage{}, j.cert.ExtKeyUsage...)
	want := j.p.Usages()
	slices.Sort(got)
	slices.Sort(want)
	none := len(got)+len(j.cert.UnknownExtKeyUsage) == 0
	switch {
	case len(j.cert.UnknownExtKeyUsage) == 0 && slices.Equal(got, want):
	case j.p.ExternalCA != "" && (none || covers(got, want)):
	case none && j.p.Kind == KindCA:
		j.minor(codeUsage, "is not limited to extended key usage %s", usageNames(want))
	case none:
		j.fatal(codeUsage, "has no extended key usage, which stands for every usage: it should be %s", usageNames(want))
	case (j.p.Kind == KindCA || j.p.External != "") && covers(got, want):
		j.minor(codeUsage, "has extended key usage %s, and %s would do", usageNames(got), usageNames(want))
	default:
		j.fatal(codeUsage, "has extended key usage %s, and should have %s", usageNames(got), usageNames(want))
	}
}

func (j *judge) leaf() {
	if j.cert.IsCA || j.cert.KeyUsage&x509.KeyUsageCertSign != 0 {
		j.fatal(CodeBasic, "may sign certificates: its key can sign a certificate for any user")
	} else if !j.cert.BasicConstraintsValid {
		j.minor(CodeBasic, "does not say CA:FALSE")
	}
	switch {
	case j.cert.KeyUsage == 0: // no limit: RFC 5280, 4.2.1.3
		if j.p.External == "" {
			j.minor(codeKeyUsage, "is not limited to key usage digitalSignature")
		}
	case j.cert.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		j.fatal(codeKeyUsage, "is limited to other key usages than digitalSignature")
	case j.cert.KeyUsage != x509.KeyUsageDigitalSignature:
		j.minor(codeKeyUsage, "has more key usages than digitalSignature")
	}
	j.hosts()
	if len(j.ca.SubjectKeyId) > 0 && !bytes.Equal(j.cert.AuthorityKeyId, j.ca.SubjectKeyId) {
		j.minor(codeKeyID, "does not name its CA's key (authority key identifier)")
	}
}

func (j *judge) hosts() {
	var got, want []string
	for _, ip := range j.cert.IPAddresses {
		got = append(got, ip.String())
	}
	for _, name := range j.cert.DNSNames {
		got = append(got, canonicalHost(name))
	}
	for _, name := range j.cert.EmailAddresses {
		got = append(got, "email:"+name)
	}
	for _, uri := range j.cert.URIs {
		got = append(got, "uri:"+uri.String())
	}
	for _, h := range j.p.Hosts {
		want = append(want, canonicalHost(h))
	}
	switch {
	case sameSet(got, want):
	case j.p.External != "" && len(want) == 0: // etcd looks at a client's names on the peer port alone
		j.minor(codeHosts, "is for %s, and needs to be for no name", listed(got))
	default:
		j.fatal(codeHosts, "is for %s, and should be for %s", listed(got), listed(want))
	}
}
