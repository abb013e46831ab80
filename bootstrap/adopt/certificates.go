package adopt

import (
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
	Name    string // the CN: the user whom etcd takes its bearer for (fact 1); may be empty
	Key     string // ecdsa-p256; "" for a kind that no policy names
	Until   time.Time
	Server  bool   // a server may show it, too
	ByCA    bool   // the CA that would be brought along signed it
	Problem string // why nothing is known of the file; the rest is then empty
}

// ReadCertificates reads every .crt, .pem, .cert and .cer file in dir and below, by
// path. Files with keys or CAs alone are left out; private keys are never parsed. What ca,
// nil for none, has signed is ByCA. The answer is not nil, and one file that cannot be
// read spoils no other.
func ReadCertificates(dir fs.FS, ca *x509.Certificate) ([]Certificate, error) {
	out := []Certificate{}
	err := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() || !slices.Contains([]string{".crt", ".pem", ".cert", ".cer"}, strings.ToLower(path.Ext(name))) {
			return nil
		}
		leaf, err := firstLeaf(dir, name)
		if err != nil {
			out = append(out, Certificate{File: name, Problem: err.Error()})
		} else if leaf != nil {
			c := describeCertificate(name, leaf)
			c.ByCA = ca != nil && leaf.CheckSignatureFrom(ca) == nil
			out = append(out, c)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading certificates: %w", err)
	}
	return out, nil
}

// firstLeaf is nil for a file without one.
func firstLeaf(dir fs.FS, name string) (*x509.Certificate, error) {
	info, err := fs.Stat(dir, name) // what a link leads to: certificates in Kubernetes are mounted that way
	switch {
	case err != nil:
		return nil, reasonOf(err)
	case info.IsDir():
		return nil, nil
	case !info.Mode().IsRegular():
		return nil, errors.New("it is no regular file")
	case info.Size() > largest:
		return nil, fmt.Errorf("it is larger than %d MiB", largest>>20)
	}
	text, err := fs.ReadFile(dir, name)
	if err != nil {
		return nil, reasonOf(err)
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
