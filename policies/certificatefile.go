package policies

import (
	"errors"
	"path/filepath"
	"strings"

	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// CertificateFile names the file of an external certificate or CA. It is read and never
// written. The zero value names none.
type CertificateFile struct {
	Path string // as the policy says

	folder string // of the policy file that says so
}

// IsZero reports whether no file is named.
func (o CertificateFile) IsZero() bool { return o.Path == "" }

// Resolve is the path to open: a relative one begins at its policy file's folder.
func (o CertificateFile) Resolve() string {
	if o.IsZero() || filepath.IsAbs(o.Path) {
		return o.Path
	}
	return filepath.Join(o.folder, o.Path)
}

// certificateFile is the type of such a path. What it refuses guards against mistakes: a
// key under another name is refused when it is read.
func certificateFile() strict.Type {
	return strict.Type{Kind: strict.Text, NonEmpty: true, Check: func(s string) error {
		base := strings.ToLower(filepath.Base(s))
		switch {
		case s == "":
			return errors.New("is empty")
		case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }):
			return errors.New("holds a control character")
		case strings.HasSuffix(s, "/"):
			return errors.New("names a folder")
		case strings.HasSuffix(base, ".key"), strings.HasSuffix(base, "-key.pem"):
			return hint.With(errors.New("names a private key"), "name the certificate; a policy never names a key")
		}
		return nil
	}}
}

// caFiles is the type of the path of a CA's certificate, or of two.
func caFiles() strict.Type {
	t := certificateFile()
	t.Several = 2
	return t
}

// readCAFiles reads the path of the CA that signs, and of the other one that is trusted.
func readCAFiles(v strict.Value) (signs, other CertificateFile) {
	items := v.Items()
	switch len(items) {
	case 0:
		return readCertificatePath(v), other
	case 2:
		other = readCertificatePath(items[1])
	}
	return readCertificatePath(items[0]), other
}

// readCertificatePath reads such a path. A policy on stdin has no folder: its relative paths
// begin where lockstep runs.
func readCertificatePath(v strict.Value) CertificateFile {
	if !v.Valid() {
		return CertificateFile{}
	}
	return CertificateFile{Path: v.Text(), folder: filepath.Dir(v.File)}
}
