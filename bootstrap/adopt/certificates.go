package adopt

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"lockstep/certgen"
)

// largest is the size above which a file is taken for something else than certificates.
const largest = 1 << 20

// Certificate is what a file of certificates shows of its first one that is no CA's.
type Certificate struct {
	File    string // slash-separated, below the folder that was named
	Name    string // the CN: the user that etcd takes its bearer for (fact 1); may be empty
	Key     string // ecdsa-p256; "" for a kind that no policy names
	Until   time.Time
	Server  bool   // a server may show it, too
	ByCA    bool   // the external CA that is proposed signed it
	Problem string // why nothing is known of the file; the rest is then empty
}

// ReadCertificates reads every file in dir and below, by path: a certificate is known by
// what is in the file, whatever its name. Files with keys or CAs alone, and with anything
// else, are left out; private keys are never parsed. A file that several names lead to is
// one, and so is a mounted Kubernetes Secret. What ca, nil for none, has signed is ByCA.
// The answer is not nil, and one file that cannot be read spoils no other.
func ReadCertificates(dir fs.FS, ca *x509.Certificate) ([]Certificate, error) {
	files, err := distinct(dir)
	if err != nil {
		return nil, fmt.Errorf("reading certificates: %w", err)
	}
	out := []Certificate{}
	for _, file := range files {
		leaf, err := firstLeaf(dir, file)
		if err != nil {
			out = append(out, Certificate{File: file.name, Problem: err.Error()})
		} else if leaf != nil {
			c := describeCertificate(file.name, leaf)
			c.ByCA = ca != nil && leaf.CheckSignatureFrom(ca) == nil
			out = append(out, c)
		}
	}
	return out, nil
}

// called reports whether the name says that the file is a certificate: then it is told
// why it is none.
func called(name string) bool {
	return slices.Contains([]string{".crt", ".pem", ".cert", ".cer", ".der"}, strings.ToLower(path.Ext(name)))
}

// firstLeaf is nil for a file without one.
func firstLeaf(dir fs.FS, file candidate) (*x509.Certificate, error) {
	switch {
	case file.err != nil && called(file.name):
		return nil, reasonOf(file.err)
	case file.err != nil:
		return nil, nil
	case !file.info.Mode().IsRegular() && called(file.name):
		return nil, errors.New("it is not a regular file")
	case file.info.Size() > largest && called(file.name):
		return nil, fmt.Errorf("it is larger than %d MiB", largest>>20)
	case !file.info.Mode().IsRegular(), file.info.Size() > largest:
		return nil, nil
	}
	text, err := fs.ReadFile(dir, file.name)
	if err != nil && !called(file.name) && path.Ext(file.name) != "" {
		return nil, nil // a key, as it may well be
	}
	if err != nil {
		return nil, reasonOf(err)
	}
	if err := otherForm(text, called(file.name)); err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("it holds no certificate that can be read: %w", err)
		}
		if !cert.IsCA {
			return cert, nil
		}
	}
	return nil, nil
}

// otherForm names a certificate in a form that etcd's clients do not read either.
func otherForm(text []byte, named bool) error {
	if cert, err := x509.ParseCertificate(text); err == nil {
		if cert.IsCA {
			return nil
		}
		return fmt.Errorf("it is DER, of %q; lockstep and etcd's clients read PEM: openssl x509 -inform DER", cert.Subject.CommonName)
	}
	begin := []byte("-----BEGIN ")
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if rest, ok := bytes.CutPrefix(text, []byte(mark)); ok && (named || bytes.HasPrefix(rest, begin)) {
			return errors.New("it begins with a byte order mark, and PEM must not: save it as plain ASCII")
		}
	}
	if named && !bytes.Contains(text, begin) {
		return errors.New("it holds nothing in PEM")
	}
	return nil
}

// reasonOf is an error without the path, which is said anyway.
func reasonOf(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

func describeCertificate(file string, leaf *x509.Certificate) Certificate {
	serves := slices.ContainsFunc(leaf.ExtKeyUsage, func(u x509.ExtKeyUsage) bool {
		return u == x509.ExtKeyUsageServerAuth || u == x509.ExtKeyUsageAny
	})
	return Certificate{
		File: file, Name: leaf.Subject.CommonName, Key: string(certgen.AlgorithmOf(leaf.PublicKey)),
		Until: leaf.NotAfter, Server: serves || len(leaf.ExtKeyUsage) == 0,
	}
}

// String is c in a sentence of a comment.
func (c Certificate) String() string {
	if c.Problem != "" {
		return fmt.Sprintf("%q: %s", c.File, strings.Join(strings.FieldsFunc(c.Problem, func(r rune) bool { return !unicode.IsPrint(r) }), " "))
	}
	text := fmt.Sprintf("%q until %s", c.File, c.Until.UTC().Format(time.DateOnly))
	if c.Key != "" {
		text += ", " + c.Key
	}
	if c.Server {
		text += ", and a server may show it: who has the server's key is this user (CVE-2018-16886)"
	}
	return text
}
