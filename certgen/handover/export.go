package handover

import (
	"archive/tar"
	"bytes"
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"software.sslmate.com/src/go-pkcs12"

	"lockstep/certgen"
	"lockstep/certgen/authority"
)

// Export is what is handed over.
type Export struct {
	Files  []File   // of a format that is one file: that one, without a name
	Folder bool     // the files lie in a folder
	Notes  []string // what the operator has to know, in whole sentences
}

// Secret reports whether f holds a private key: it is then readable by its owner alone.
func (f File) Secret() bool { return f.Mode.Perm()&0o077 == 0 }

// single is an export of one file with a key.
func single(content []byte, notes ...string) Export {
	return Export{Files: []File{{Mode: 0o600, Content: content}}, Notes: notes}
}

// noServerCA is said where a component's folder has no ca.crt.
const noServerCA = "The CA of the members' certificates is not part of it: the policy names endpoints, whose certificates lockstep does not make."

// notes is what holds for every format of a component.
func (id Identity) notes() []string {
	if id.IsComponent() && id.file("ca.crt") == nil {
		return []string{noServerCA}
	}
	return nil
}

// certificateNotes is what holds for a format that has no place for a password.
func (id Identity) certificateNotes() []string {
	if !id.Component.Password {
		return id.notes()
	}
	return append(id.notes(), fmt.Sprintf("The password of user %q is not part of it: it is in %s/%s, and in the formats tar and kubernetes.", id.Component.User, id.Dir, certgen.PasswordFile))
}

// PEM is one file: the key, the certificate and the CA of the members' certificates.
func PEM(id Identity) (Export, error) {
	cert, key, err := id.one("pem")
	if err != nil {
		return Export{}, err
	}
	return single(bytes.Join([][]byte{key, cert, id.file("ca.crt")}, nil), id.certificateNotes()...), nil
}

// iterations is the cost of one guess at the password. The library's own number, 2048, is
// meant for random passwords; this one is OWASP's for PBKDF2 with SHA-256.
const iterations = 600_000

// PKCS12 is one file with key, certificate and the CA of the members' certificates, as
// OpenSSL 1.1.1, Java 12 and later read it (PBES2, AES-256, HMAC-SHA-256).
func PKCS12(id Identity, password string) (Export, error) {
	if _, _, err := id.one("pkcs12"); err != nil {
		return Export{}, err
	}
	cert, key, err := id.pair(id.Profiles[0])
	if err != nil {
		return Export{}, err
	}
	cas, err := id.serverCAs()
	if err != nil {
		return Export{}, err
	}
	content, err := pkcs12.Modern2023.WithIterations(iterations).Encode(key, cert, cas, password)
	if err != nil {
		return Export{}, fmt.Errorf("encoding %s as PKCS#12: %w", id.Name, err)
	}
	return single(content, id.certificateNotes()...), nil
}

// SamePKCS12 reports whether content, opened by the password, holds the certificate and key
// of id: encoding the same twice gives different bytes.
func SamePKCS12(id Identity, content []byte, password string) bool {
	if !id.IsComponent() {
		return false
	}
	want, err := id.serverCAs()
	if err != nil {
		return false
	}
	key, cert, cas, err := pkcs12.DecodeChain(content, password)
	if err != nil || !slices.EqualFunc(cas, want, (*x509.Certificate).Equal) {
		return false
	}
	signer, ok := key.(crypto.Signer)
	return ok && authority.Matches(cert, signer) && bytes.Equal(certgen.EncodeCertificate(cert), id.file("client.crt"))
}

// Tar is the whole folder as it is copied to its host, modes kept, owned by root.
func Tar(id Identity) (Export, error) {
	content, err := archive(id.base(), id.Files)
	return single(content), err
}

// Archive is the files of a folder export as one tar, for stdout.
func (e Export) Archive(id Identity) ([]byte, error) { return archive(id.base(), e.Files) }

// archive is a tar with one folder. Its owner is root by number: names differ by host.
func archive(dir string, files []File) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	newest := time.Unix(0, 0)
	for _, f := range files {
		if f.Modified.After(newest) {
			newest = f.Modified
		}
	}
	header := tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o700, ModTime: newest.Truncate(time.Second)}
	if err := w.WriteHeader(&header); err != nil {
		return nil, fmt.Errorf("writing a tar of %s: %w", dir, err)
	}
	for _, f := range files {
		header := tar.Header{Typeflag: tar.TypeReg, Name: dir + "/" + f.Name, Mode: int64(f.Mode.Perm()), Size: int64(len(f.Content)), ModTime: f.Modified.Truncate(time.Second)}
		if err := w.WriteHeader(&header); err != nil {
			return nil, fmt.Errorf("writing a tar of %s: %w", dir, err)
		}
		if _, err := w.Write(f.Content); err != nil {
			return nil, fmt.Errorf("writing a tar of %s: %w", dir, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("writing a tar of %s: %w", dir, err)
	}
	return out.Bytes(), nil
}
