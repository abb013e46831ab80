package certgen

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"strings"
)

// Content is what a file holds, whatever its name says. Nothing of a private key is in it.
type Content struct {
	Path   string // slash-separated, below the PKI folder
	Mode   fs.FileMode
	Keys   int                 // how many PEM private keys of any form
	Public []crypto.PublicKey  // of the keys that could be read
	Leaves []*x509.Certificate // the certificates that are no CA's
}

// ReadContent looks for certificates and private keys anywhere in text. public is the
// public key of a private key in PEM, nil where it cannot be read (it is encrypted).
func ReadContent(text []byte, public func(*pem.Block) crypto.PublicKey) Content {
	var c Content
	if !bytes.Contains(text, []byte("-----BEGIN ")) {
		return c
	}
	plain := make([]byte, 0, len(text)+1)
	for line := range bytes.Lines(text) { // in YAML, PEM is indented
		plain = append(append(plain, bytes.TrimSpace(line)...), '\n')
	}
	defer clear(plain)
	for block, rest := pem.Decode(plain); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			c.Keys++
			if key := public(block); key != nil {
				c.Public = append(c.Public, key)
			}
			clear(block.Bytes)
		case block.Type == "CERTIFICATE":
			if leaf, err := x509.ParseCertificate(block.Bytes); err == nil && !leaf.IsCA {
				c.Leaves = append(c.Leaves, leaf)
			}
		}
	}
	if c.Keys == 0 && bytes.Contains(plain, []byte("PRIVATE KEY-----")) {
		c.Keys = 1 // cut off, or inside of other text
	}
	return c
}
