package certgen

import (
	"crypto/x509"
	"io/fs"
)

// State is what the PKI folder holds.
type State struct {
	Pairs   map[string]Pair   // by Profile.Path, authorities included
	Files   map[string][]byte // everything else that lockstep writes: etcd.env, CA copies, CRLs, .gitignore
	Retired []Retired
	Stray   []string // paths that belong to nothing, sorted; never touched
}

// Pair is a certificate with its key, as found.
type Pair struct {
	Path    string
	Leaf    *x509.Certificate // nil when the file is missing or is not one certificate
	Problem string            // why Leaf is nil though a file is there; "" otherwise
	Key     KeyState
	KeyMode fs.FileMode // of the key file, when there is one
}

// KeyState tells what is known of a private key without keeping it. The zero value is no key.
type KeyState int

const (
	KeyAbsent KeyState = iota
	KeyMatches
	KeyForeign    // belongs to another certificate
	KeyUnreadable // a file is there, and it is not a PKCS#8 private key
)

// Retired is a certificate that was replaced or removed before it expired.
type Retired struct {
	Identity string
	Leaf     *x509.Certificate
}
