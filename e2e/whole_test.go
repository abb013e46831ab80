package e2e

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// whole is the program "whole DIR": under no final name below DIR lies half a file. A
// key parses, is its owner's alone and fits the certificate beside it, if that is there
// yet, or the one that comes next: a pair is put in place key first, so that its new certificate
// may be .new still, and the next CA's key comes before its certificate. Certificates and
// revocation lists parse. A copy of a CA holds two while it is rotated. Files that end in .new
// are unfinished and may be anything. A folder that is not there is whole.
func whole() {
	for _, dir := range os.Args[1:] {
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if path == dir && errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			return wholeFile(path)
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func wholeFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	switch ext := filepath.Ext(path); ext {
	case ".key":
		err = wholeKey(path, text)
	case ".crt":
		err = wholeCertificate(path, text)
	case ".crl":
		_, err = x509.ParseRevocationList(text)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

func wholeKey(path string, text []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		return fmt.Errorf("mode %o", mode)
	}
	block, rest := pem.Decode(text)
	if block == nil || len(rest) > 0 {
		return errors.New("not exactly one PEM block")
	}
	if _, err := x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		return err
	}
	var mismatch error
	for i, ext := range []string{".crt", ".crt.new", ".next.crt"} {
		certificate, err := os.ReadFile(strings.TrimSuffix(path, ".key") + ext)
		if errors.Is(err, fs.ErrNotExist) {
			if i == 0 {
				return nil
			}
			continue
		}
		if err != nil {
			return err
		}
		if _, err = tls.X509KeyPair(certificate, text); err == nil {
			return nil
		}
		mismatch = cmp.Or(mismatch, err)
	}
	return mismatch
}

func wholeCertificate(path string, text []byte) error {
	block, rest := pem.Decode(text)
	if block != nil && len(rest) > 0 && strings.HasSuffix(path, "ca.crt") {
		block, rest = pem.Decode(rest)
	}
	if block == nil || len(rest) > 0 {
		return errors.New("not exactly one PEM block")
	}
	_, err := x509.ParseCertificate(block.Bytes)
	return err
}
