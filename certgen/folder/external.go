package folder

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/certgen/authority/pbes2"
	"lockstep/policies"
	"lockstep/policies/hint"
)

// External is what a policy and its operator name outside of the PKI folder.
// The zero value brings nothing.
type External struct {
	CA           certgen.TrustSet  // one external CA for all purposes; the zero value for none
	Key          crypto.Signer     // the key of the one that signs, for this run; nil where nothing is signed
	Certificates map[string]string // files of external certificates, by Profile.Path
}

// Passphrase gives the passphrase of the key that what names. It is called when it is
// needed; nil, or nothing without an error, is for a run that has none and does not ask.
type Passphrase func(what string) ([]byte, error)

// ReadExternal reads what p names outside the PKI folder, and the CA's key from the file
// caKey, "" for none. External certificates are read when the folder is.
func ReadExternal(p *policies.Policy, caKey string, passphrase Passphrase) (External, error) {
	o := External{Certificates: map[string]string{}}
	for _, c := range p.Holders() {
		if profile := certgen.ComponentProfile(p, c); profile.External != "" {
			o.Certificates[profile.Path] = profile.External
		}
	}
	if !p.HasExternalCA() {
		if caKey != "" {
			return o, hint.Refuse("Name that CA's certificate by certificates.ca in the policy; the keys of lockstep's own CAs belong into the PKI folder's ca/.",
				"--ca-key names a key, and the policy names no CA (certificates.ca)")
		}
		return o, nil
	}
	var err error
	if o.CA, err = readCAs(p.Certificates); err == nil && caKey != "" {
		o.Key, err = readCAKey(caKey, o.CA.Current, passphrase)
	}
	return o, err
}

// readCAs reads the CA that signs, and the other one that is trusted, if the policy names one.
func readCAs(c policies.Certificates) (certgen.TrustSet, error) {
	var certs []*x509.Certificate
	for _, file := range []policies.CertificateFile{c.CA, c.OtherCA} {
		if file.IsZero() {
			continue
		}
		content, _, err := readAny(file.Resolve())
		var cert *x509.Certificate
		if err == nil {
			cert, err = certgen.ParseCertificate(content)
		}
		if err != nil {
			return certgen.TrustSet{}, hint.With(fmt.Errorf("reading the CA %s: %w", file.Path, err),
				"certificates.ca.cert in the policy names its certificate, one in PEM; a relative path begins at the policy file.")
		}
		certs = append(certs, cert)
	}
	set, _ := certgen.NewTrustSet(certs...) // of two, one is never in the way of the other
	return set, nil
}

// readCAKey reads the key of ca, in any of the forms that openssl, cfssl and kubeadm write,
// encrypted PKCS#8 included.
func readCAKey(path string, ca *x509.Certificate, passphrase Passphrase) (crypto.Signer, error) {
	content, info, err := readAny(path)
	if err != nil {
		return nil, fmt.Errorf("reading the CA's key: %w", err)
	}
	defer clear(content)
	if err := guardAt(path, path, info); err != nil {
		return nil, err
	}
	key, err := authority.ParseAnyKey(content)
	if errors.Is(err, authority.ErrEncrypted) {
		key, err = decryptExternal(path, content, passphrase)
	}
	if hint.Of(err) == hint.Refused {
		return nil, fmt.Errorf("reading the CA's key %s: %w", path, err)
	}
	if err != nil {
		return nil, hint.With(fmt.Errorf("reading the CA's key %s: %w", path, err), "It is to be one private key in PEM: PKCS#8 (encrypted or not), PKCS#1 or SEC1. "+
			"openssl pkcs8 -topk8 -in OLD -out NEW makes an encrypted one of every other form.")
	}
	if !authority.Matches(ca, key) {
		return nil, hint.Refuse("Give the key of the CA that certificates.ca names.", "the key %s belongs to another certificate than the CA %q", path, ca.Subject)
	}
	return key, nil
}

// decryptExternal opens the encrypted key that the file at path holds.
func decryptExternal(path string, content []byte, passphrase Passphrase) (crypto.Signer, error) {
	var secret []byte
	if passphrase != nil {
		var err error
		if secret, err = passphrase(path); err != nil {
			return nil, err
		}
	}
	if len(secret) == 0 {
		return nil, hint.Refuse("Give its passphrase by --passphrase-file FILE or --passphrase-fd N, or leave --ca-key out where nothing is signed.",
			"%w, and this command does not ask for its passphrase", authority.ErrEncrypted)
	}
	key, err := authority.DecryptKey(content, secret)
	if errors.Is(err, pbes2.ErrPassphrase) {
		err = hint.Refuse("Give the passphrase with which this key was encrypted; openssl pkey -in FILE -noout shows whether it is the right one.", "%w", err)
	}
	return key, err
}

// readAny reads a file that the operator keeps, symbolic links allowed.
// What is no file is not opened: a pipe would block the process that opens it.
func readAny(path string) ([]byte, fs.FileInfo, error) {
	before, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%s is no file", path)
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !os.SameFile(before, info) {
		return nil, nil, fmt.Errorf("%s changed while it was opened", path)
	}
	content, err := all(in, path)
	return content, info, err
}

// externalCertificates reads the external certificates. One that is not there is
// absent; why another cannot be read is its Problem.
func (f *Folder) externalCertificates() map[string]certgen.Pair {
	out := map[string]certgen.Pair{}
	for path, file := range f.external.Certificates {
		pair := certgen.Pair{Path: path}
		content, _, err := readAny(file)
		if err == nil {
			pair.Leaf, err = certgen.ParseLeaf(content)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			pair.Problem = err.Error()
		}
		out[path] = pair
	}
	return out
}
