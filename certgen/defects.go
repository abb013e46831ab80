package certgen

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/policies"
	"lockstep/policies/count"
)

// Defect is one way in which a certificate is not what its profile asks for.
type Defect struct {
	Code  string // one of the Code constants
	Text  string // what is wrong, as the rest of a sentence about the certificate
	Fatal bool   // etcd or its clients refuse it, or take it for another identity or for more than it should be
	Weak  bool   // it is accepted, and protects less than the policy asks for; never of a fatal one
}

// The codes of defects.
const (
	codeExpired     = "expired"
	codeNotYetValid = "not-yet-valid"
	codeSignature   = "signature"     // not signed by the CA
	codeChain       = "chain"         // signed by the CA, which may not sign this
	CodeOutlives    = "outlives-ca"   // ends after its CA
	CodeCN          = "cn"            // not exactly the user, or a CN where none belongs
	codeSubject     = "subject"       // other O, OU or L than the policy's
	codeUsage       = "usage"         // extended key usage
	codeKeyUsage    = "key-usage"     // key usage
	codeExtension   = "extension"     // one that lockstep does not write
	CodeBasic       = "is-ca"         // CA:TRUE where a leaf belongs, or the reverse
	CodePathLength  = "path-length"   // a CA that may sign CAs
	CodeHosts       = "hosts"         // SANs
	codeSerial      = "serial"        // not 1 to 20 bytes, or under 64 bits
	CodeAlgorithm   = "algorithm"     // broken hash or short key
	CodeKeyKind     = "key-algorithm" // sound, but not the policy's
	codeKeyID       = "key-id"        // SKI or AKI missing or wrong
	CodeConstraints = "constraints"   // a client CA that may sign for addresses
	CodeLifetime    = "lifetime"      // valid for another time than the policy's
)

// Defects judges cert, a leaf or a CA, as p at the time now; ca is the CA that p.CA
// names, and of a CA itself. It is the one function that judges certificates, those
// of external CAs included. Whether a key belongs to cert it cannot know: see Pair.Key.
func Defects(cert *x509.Certificate, p Profile, ca *x509.Certificate, now time.Time) []Defect {
	return judge{cert: cert, p: p, ca: ca, now: now}.all()
}

// DefectsBesideChain is Defects for a certificate whose signature and chain have been checked.
func DefectsBesideChain(cert *x509.Certificate, p Profile, ca *x509.Certificate, now time.Time) []Defect {
	return judge{cert: cert, p: p, ca: ca, now: now, chained: true}.all()
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
	chained  bool // the chain has been checked
	found    []Defect
}

func (j judge) all() []Defect {
	j.time()
	if !j.chained {
		j.signature()
	}
	j.names()
	j.usages()
	if j.p.Kind == KindCA {
		j.authority()
	} else {
		j.leaf()
	}
	j.keys()
	return j.found
}

func (j *judge) fatal(code, format string, args ...any) {
	j.found = append(j.found, Defect{Code: code, Text: fmt.Sprintf(format, args...), Fatal: true})
}

func (j *judge) minor(code, format string, args ...any) {
	j.found = append(j.found, Defect{Code: code, Text: fmt.Sprintf(format, args...)})
}

func (j *judge) weak(code, format string, args ...any) {
	j.found = append(j.found, Defect{Code: code, Text: fmt.Sprintf(format, args...), Weak: true})
}

func (j *judge) time() {
	if j.now.After(j.cert.NotAfter) {
		j.fatal(codeExpired, "expired on %s", day(j.cert.NotAfter))
	}
	if j.now.Before(j.cert.NotBefore) {
		j.fatal(codeNotYetValid, "is not valid before %s", day(j.cert.NotBefore))
	}
	if j.cert.NotAfter.After(j.ca.NotAfter) {
		j.minor(CodeOutlives, "ends on %s, after its CA on %s", day(j.cert.NotAfter), day(j.ca.NotAfter))
	}
	j.lifetime()
}

// lifetime compares how long the certificate is valid with what the policy says. A longer one
// weakens as long as it ends later than a certificate that is made now: it is for how long a key
// that leaks is good. A shorter one that ends with its CA was cut down. A fiftieth does not count.
func (j *judge) lifetime() {
	if j.external() || j.p.Lifetime <= 0 {
		return
	}
	slack := Backdate + j.p.Lifetime/50
	got := j.cert.NotAfter.Sub(j.cert.NotBefore)
	switch text := fmt.Sprintf("is valid for %s, and the policy says %s", lifespan(got), policies.FormatLifetime(j.p.Lifetime)); {
	case got > j.p.Lifetime+slack && j.p.Kind != KindCA && j.cert.NotAfter.After(j.now.Add(j.p.Lifetime+slack)):
		j.weak(CodeLifetime, "%s: if its key leaks, it is good until %s", text, earlier(j.cert.NotAfter, j.ca.NotAfter).UTC().Format(time.DateOnly))
	case got > j.p.Lifetime+slack, got < j.p.Lifetime-slack && !j.cert.NotAfter.Equal(j.ca.NotAfter):
		j.minor(CodeLifetime, "%s", text)
	}
}

// lifespan is a certificate's time as a policy would say it: the minutes before it was made do
// not count.
func lifespan(d time.Duration) string {
	unit := time.Minute
	switch {
	case d >= 48*time.Hour:
		unit = 24 * time.Hour
	case d >= 2*time.Hour:
		unit = time.Hour
	}
	return strings.TrimSuffix(policies.FormatLifetime(d.Round(unit)), "0s")
}

// external reports whether another than lockstep made the certificate: what it says beside what
// etcd looks at is its owner's choice.
func (j *judge) external() bool { return j.p.External != "" || j.p.ExternalCA != "" }

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
		case j.wrongHosts(): // hosts says it better
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

func (j *judge) usages() {
	got := append([]x509.ExtKeyUsage{}, j.cert.ExtKeyUsage...)
	want := j.p.Usages()
	slices.Sort(got)
	slices.Sort(want)
	none, unknown, names := len(got)+len(j.cert.UnknownExtKeyUsage) == 0, j.cert.UnknownExtKeyUsage, usageNames(got)
	for _, id := range unknown {
		names = strings.TrimPrefix(names+"+"+id.String(), "+")
	}
	switch {
	case len(unknown) == 0 && slices.Equal(got, want):
	case j.p.ExternalCA != "" && (none || covers(got, want)):
	case none && j.p.Kind == KindCA:
		j.minor(codeUsage, "is not limited to extended key usage %s", usageNames(want))
	case none:
		j.fatal(codeUsage, "has no extended key usage, which stands for every usage: it should be %s", usageNames(want))
	case (j.p.Kind == KindCA || j.p.External != "") && covers(got, want):
		j.minor(codeUsage, "has extended key usage %s, and %s would do", names, usageNames(want))
	default:
		j.fatal(codeUsage, "has extended key usage %s, and should have %s", names, usageNames(want))
	}
}

func (j *judge) leaf() {
	if j.cert.IsCA || j.cert.KeyUsage&x509.KeyUsageCertSign != 0 {
		j.fatal(CodeBasic, "may sign certificates: its key can sign a certificate for any user")
	} else if !j.cert.BasicConstraintsValid && !j.external() {
		j.minor(CodeBasic, "does not say CA:FALSE")
	}
	more := j.cert.KeyUsage &^ (x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign)
	switch {
	case j.cert.KeyUsage == 0: // no limit: RFC 5280, 4.2.1.3
		if !j.external() {
			j.minor(codeKeyUsage, "is not limited to key usage digitalSignature")
		}
	case j.cert.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		j.fatal(codeKeyUsage, "is limited to other key usages than digitalSignature")
	case more != 0 && !j.external():
		j.minor(codeKeyUsage, "has key usage %s, and digitalSignature would do", keyUsageNames(j.cert.KeyUsage))
	}
	j.hosts()
	j.issuerKey()
	j.extensions()
}

// extensions names those that lockstep does not write, and that nothing above looks at.
func (j *judge) extensions() {
	if j.external() {
		return
	}
	known := []string{"2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.35", "2.5.29.37"} // RFC 5280, 4.2.1
	var other []string
	for _, e := range j.cert.Extensions {
		if id := e.Id.String(); !slices.Contains(known, id) && !e.Critical { // a critical one is refused
			other = append(other, id)
		}
	}
	if len(other) > 0 {
		j.minor(codeExtension, "has %s that lockstep does not write: %s", count.Of(len(other), "extension"), strings.Join(other, ", "))
	}
}

// issuerKey looks at the identifier of the CA's key. Go does not compare it; openssl takes no
// chain in which it is another one.
func (j *judge) issuerKey() {
	if j.external() || len(j.ca.SubjectKeyId) == 0 || bytes.Equal(j.cert.AuthorityKeyId, j.ca.SubjectKeyId) {
		return
	}
	switch text := "names another key than its CA's (authority key identifier)"; {
	case len(j.cert.AuthorityKeyId) == 0:
		j.minor(codeKeyID, "does not name its CA's key (authority key identifier)")
	case j.p.Kind == KindServer:
		j.weak(codeKeyID, "%s: clients that use openssl refuse it", text)
	default:
		j.minor(codeKeyID, "%s", text)
	}
}
