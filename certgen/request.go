package certgen

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lockstep/policies/count"
)

// oidHosts is the extension that holds subject alternative names.
var oidHosts = asn1.ObjectIdentifier{2, 5, 29, 17}

// ParseRequest reads a certificate signing request, PEM or DER, and nothing beside it.
func ParseRequest(content []byte) (*x509.CertificateRequest, error) {
	der := content
	if block, rest := pem.Decode(content); block != nil {
		switch {
		case block.Type != "CERTIFICATE REQUEST" && block.Type != "NEW CERTIFICATE REQUEST":
			return nil, fmt.Errorf("a PEM block %q is where a certificate request belongs", block.Type)
		case hasPEM(rest):
			next, _ := pem.Decode(rest)
			return nil, fmt.Errorf("a PEM block %q comes after the certificate request", next.Type)
		}
		der = block.Bytes
	} else if len(bytes.TrimSpace(content)) == 0 {
		return nil, errors.New("the file is empty")
	}
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return nil, fmt.Errorf("this is no certificate request in PEM or DER form: %w", err)
	}
	return request, nil
}

// RequestDefect says why request is not signed as p, as the rest of a sentence about the
// request; "" for a good one. Of a good request only the public key is taken.
func RequestDefect(request *x509.CertificateRequest, p Profile) string {
	if text := badKey(request.PublicKey, p.Kind); text != "" {
		return text
	}
	if err := request.CheckSignature(); err != nil {
		return fmt.Sprintf("is not signed with its own key (%v)", err)
	}
	var users []string
	for _, name := range request.Subject.Names {
		if name.Type.Equal(oidCommonName) {
			users = append(users, fmt.Sprintf("%q", name.Value))
		}
	}
	switch {
	case p.Password && len(users) > 0:
		return fmt.Sprintf("has the CN %s, and the component %s has no CN: its user has a password", strings.Join(users, " and "), p.Identity)
	case p.Password:
	case len(users) == 0:
		return fmt.Sprintf("has no CN, and the component %s has the CN %q", p.Identity, p.User)
	case len(users) > 1 || request.Subject.CommonName != p.User.String():
		return fmt.Sprintf("has the CN %s, and the component %s has the CN %q", strings.Join(users, " and "), p.Identity, p.User)
	}
	if slices.ContainsFunc(request.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidHosts) }) {
		return "asks for subject alternative names" + hostsOf(request) + ", and a certificate for clients has none"
	}
	return ""
}

// hostsOf lists the names and addresses that a request asks for, as far as they are read.
func hostsOf(request *x509.CertificateRequest) string {
	found := slices.Concat(request.DNSNames, request.EmailAddresses)
	for _, ip := range request.IPAddresses {
		found = append(found, ip.String())
	}
	for _, uri := range request.URIs {
		found = append(found, uri.String())
	}
	if len(found) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s)", count.Quoted(found))
}

// KeyUse says what else the public key is or was used for than as p, as a part of a
// sentence; "" for nothing. Two identities with one key are one identity to the holder of the
// key, and a revoked certificate's key is taken for no new one.
func (s State) KeyUse(key crypto.PublicKey, p Profile) string {
	same := func(cert *x509.Certificate) bool { return sameKey(key, cert) }
	revoked := Revocations(s)[p.CA]
	for _, path := range slices.Sorted(maps.Keys(s.Pairs)) {
		leaf := s.Pairs[path].Leaf
		switch {
		case !same(leaf):
		case path != p.Path:
			return path + ".crt"
		case revoked[leaf.SerialNumber.String()]:
			return path + ".crt, which is revoked"
		}
	}
	for _, r := range s.Retired {
		switch {
		case !same(r.Leaf):
		case r.Identity != p.Identity:
			return r.Path()
		case revoked[r.Leaf.SerialNumber.String()]:
			return r.Path() + ", which is revoked"
		}
	}
	for _, path := range slices.Sorted(maps.Keys(s.External)) {
		if same(s.External[path].Leaf) {
			return "the external certificate of " + NameOf(path)
		}
	}
	for _, ca := range CAs() {
		if trust, err := s.Trust(ca); err == nil && slices.ContainsFunc(trust.All(), same) {
			return fmt.Sprintf("the %s CA", ca)
		}
	}
	return ""
}
