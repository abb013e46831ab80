package certgen

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"

	"lockstep/policies/count"
)

var oidCommonName = asn1.ObjectIdentifier{2, 5, 4, 3}

func (j *judge) names() {
	var cns []string
	for _, n := range j.cert.Subject.Names {
		if n.Type.Equal(oidCommonName) {
			cns = append(cns, fmt.Sprint(n.Value))
		}
	}
	user := j.p.CN()
	switch {
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
	if j.p.Password && userID(j.cert.Subject) != j.p.User.String() {
		j.fatal(CodeCN, "does not name the user %q (subject user ID): nothing else tells whose it is", j.p.User)
	}
	j.subject()
}

// subject compares what the subject holds beside the CN. etcd does not look at it.
func (j *judge) subject() {
	if j.external() {
		return
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
		text := fmt.Sprintf("has %s %s, the policy says %s", field.name, orNone(field.got), orNone(field.want))
		switch {
		case sameSet(field.got, field.want):
		case field.name == "O" && slices.Contains(j.p.Usages(), x509.ExtKeyUsageClientAuth) && j.p.Kind != KindCA && slices.ContainsFunc(field.got, ofKubernetes):
			j.weak(codeSubject, "%s: a Kubernetes API server that trusts its CA takes it for a member of that group", text)
		default:
			j.minor(codeSubject, "%s", text)
		}
	}
	other := otherParts(s)
	if j.p.Password {
		other = slices.DeleteFunc(other, func(part string) bool { return strings.HasPrefix(part, userIDPart) })
	}
	if len(other) > 0 {
		j.minor(codeSubject, "has %s in its subject, and the policy has no such part", strings.Join(other, ", "))
	}
}

// ofKubernetes reports whether Kubernetes takes the organization of a client for one of its own
// groups; system:masters may do everything there.
func ofKubernetes(organization string) bool {
	return strings.HasPrefix(organization, "system:") || strings.HasPrefix(organization, "kubeadm:")
}

// userIDPart begins the user ID among other parts of a subject.
const userIDPart = "UID="

// otherParts is the parts of a subject that no policy can ask for.
func otherParts(s pkix.Name) (out []string) {
	known := map[string]string{"2.5.4.3": "", "2.5.4.7": "", "2.5.4.10": "", "2.5.4.11": "",
		"2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.8": "ST", "2.5.4.9": "STREET", "2.5.4.17": "postalCode", "1.2.840.113549.1.9.1": "emailAddress", oidUserID.String(): strings.TrimSuffix(userIDPart, "=")}
	for _, n := range s.Names {
		name, found := known[n.Type.String()]
		if !found {
			name = n.Type.String()
		}
		if name != "" {
			out = append(out, fmt.Sprintf("%s=%q", name, fmt.Sprint(n.Value)))
		}
	}
	return out
}

// hosts compares the subject alternative names, of every form.
func (j *judge) hosts() {
	got, want := j.gotHosts(), j.wantHosts()
	switch {
	case sameSet(got, want):
	case j.wrongHosts():
		j.fatal(CodeHosts, "is for %s, and should be for %s", listed(got), listed(want))
	default: // etcd looks at a client's names on the peer port alone
		j.minor(CodeHosts, "is for %s, and needs to be for no name", listed(got))
	}
}

// wrongHosts reports whether hosts finds a fatal defect.
func (j *judge) wrongHosts() bool {
	want := j.wantHosts()
	return !sameSet(j.gotHosts(), want) && (j.p.External == "" || len(want) > 0)
}

// MoreHosts is the names that cert has and p does not.
func MoreHosts(cert *x509.Certificate, p Profile) []string {
	j := judge{cert: cert, p: p}
	want := j.wantHosts()
	return slices.DeleteFunc(j.gotHosts(), func(name string) bool { return slices.Contains(want, name) })
}

func (j *judge) wantHosts() (want []string) {
	for _, h := range j.p.Hosts {
		want = append(want, canonicalHost(h))
	}
	return want
}

func (j *judge) gotHosts() (got []string) {
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
	return append(got, otherNames(j.cert)...)
}

// otherNames is the subject alternative names of the forms that crypto/x509 leaves aside.
func otherNames(cert *x509.Certificate) (names []string) {
	for _, e := range cert.Extensions {
		var all []asn1.RawValue
		if !e.Id.Equal(oidHosts) {
			continue
		}
		if rest, err := asn1.Unmarshal(e.Value, &all); err != nil || len(rest) > 0 {
			return []string{"names that cannot be read"}
		}
		for _, name := range all {
			if text := otherName(name); text != "" {
				names = append(names, text)
			}
		}
	}
	return names
}

// otherName is one GeneralName (RFC 5280, 4.2.1.6); "" for the forms that crypto/x509 reads.
func otherName(name asn1.RawValue) string {
	switch name.Tag {
	case 1, 2, 6, 7:
		return ""
	case 0:
		var id asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(name.Bytes, &id); err == nil {
			return "otherName:" + id.String()
		}
	case 4:
		var dn pkix.RDNSequence
		if _, err := asn1.Unmarshal(name.Bytes, &dn); err == nil {
			return "dirName:" + dn.String()
		}
	case 8:
		var id asn1.ObjectIdentifier
		if _, err := asn1.UnmarshalWithParams(name.FullBytes, &id, "tag:8"); err == nil {
			return "RID:" + id.String()
		}
	}
	return fmt.Sprintf("a name of form %d", name.Tag)
}
