package certgen

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"slices"
	"strings"
	"sync"

	"lockstep/policies"
)

// State is what the PKI folder holds.
type State struct {
	Pairs      map[string]Pair        // by Profile.Path, authorities included
	Files      map[string][]byte      // everything else that lockstep writes: etcd.env, CA copies, CRLs, .gitignore
	Passwords  map[string]fs.FileMode // the files with passwords of components' users, by path, with their permissions
	Retired    []Retired
	Unfinished []string  // paths of pairs (without .crt and .key) and files whose writing was cut off, sorted
	Empty      []string  // folders of members, proxies, components and instances without anything in them, sorted
	Stray      []string  // paths that belong to nothing, sorted; never touched
	Contents   []Content // certificates and keys by what files hold, by path; from folder.Inspect alone
	Root       string    // the folder's path as the user gave it; from folder.Inspect alone
	Faults     []Fault   // what is not used as it is, by path; from folder.Inspect alone

	// What the policy names outside the folder.
	ExternalCA TrustSet        // the external CA; the zero value for none
	HasKey     bool            // and the key of the one that signs, for this run
	External   map[string]Pair // external certificates, by Profile.Path, without keys

	copied map[CA]agreement // see Settled; nil before
}

// Pair is what there is of p, in the folder or outside of it.
func (s State) Pair(p Profile) Pair {
	if p.External != "" {
		return s.External[p.Path]
	}
	return s.Pairs[p.Path]
}

// Pair is a certificate with its key, as found. One whose new key is in place while
// its new certificate still is in Path.crt.new is shown as finished.
type Pair struct {
	Path    string
	Leaf    *x509.Certificate // nil when the file is missing or is not one certificate
	Problem string            // why Leaf is nil though a file is there; "" otherwise
	Key     KeyState
	KeyMode fs.FileMode // permissions of the key file, when there is one; 0 where the system has none
}

// KeyState tells what is known of a private key without keeping it. The zero value is no key.
type KeyState int

const (
	KeyAbsent KeyState = iota
	KeyMatches
	KeyForeign    // belongs to another certificate, or there is no certificate
	KeyUnreadable // a file is there, and it is not a PKCS#8 private key
	KeyUnopened   // a file is there: a CA's key is opened by what signs, never by what looks
)

// Lax reports whether the mode of a key or a password permits more than that its owner reads and
// writes it.
func Lax(mode fs.FileMode) bool { return mode.Perm()&0o177 != 0 }

// Retired is a certificate that was replaced, removed or revoked. It stays in the folder as
// the record that its serial number is used and that its identity was ours.
type Retired struct {
	Identity string
	Leaf     *x509.Certificate
	// Revoked is that the operator has revoked it. It is recorded before a list names it, so that
	// a revocation is forgotten neither without the CA's key nor by an older list. The certificate
	// may still lie in its place.
	Revoked  bool
	Alone    bool   // only certificates were revoked, and the name goes on
	Instance string // of which all was revoked; "" where it was the whole name
}

// Path is where the file lies.
func (r Retired) Path() string {
	if r.Revoked {
		return recordPath(r)
	}
	return RetiredPath(r.Identity, r.Leaf)
}

// Strays is what belongs to nothing, but for members' own data: with install "." and a
// relative data directory it lies in their folders.
func (s State) Strays(p *policies.Policy) []string {
	data, _, _ := strings.Cut(p.Cluster.Data, "/")
	own := map[string]bool{}
	for _, m := range p.Cluster.Members {
		own[Place{Kind: PlaceMember, Name: m.Name}.String()+"/"+data] = true
	}
	return slices.DeleteFunc(slices.Clone(s.Stray), func(path string) bool { return own[strings.TrimSuffix(path, "/")] })
}

// Serials is every serial number in the folder, retired ones included.
func (s State) Serials() *Serials {
	all := &Serials{}
	all.Add(s)
	return all
}

// Serials is a set of used serial numbers, shared by the CAs: etcd's revocation looks
// at the number alone (fact 15). It is safe for concurrent use; the zero value is empty.
type Serials struct {
	mu   sync.Mutex
	used map[string]bool
}

// Add marks every serial number of the folder as used, retired ones included.
func (s *Serials) Add(state State) {
	for _, p := range state.Pairs {
		if p.Leaf != nil {
			s.Take(p.Leaf.SerialNumber)
		}
	}
	for _, p := range state.External {
		if p.Leaf != nil {
			s.Take(p.Leaf.SerialNumber)
		}
	}
	for _, r := range state.Retired {
		s.Take(r.Leaf.SerialNumber)
	}
}

// Take marks n as used and reports whether it was free.
func (s *Serials) Take(n *big.Int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used == nil {
		s.used = map[string]bool{}
	}
	key := n.String()
	if s.used[key] {
		return false
	}
	s.used[key] = true
	return true
}

// ParseCertificate reads a PEM file that holds exactly one certificate and nothing else.
func ParseCertificate(content []byte) (*x509.Certificate, error) {
	block, rest := pem.Decode(content)
	switch {
	case len(content) == 0:
		return nil, errors.New("the file is empty")
	case block == nil:
		return nil, errors.New("this is not PEM")
	case block.Type != "CERTIFICATE":
		return nil, fmt.Errorf("a PEM block %q is where a certificate belongs", block.Type)
	}
	if next, _ := pem.Decode(rest); next != nil {
		return nil, errors.New("the file holds more than one certificate")
	}
	return x509.ParseCertificate(block.Bytes)
}

// ParseLeaf reads a PEM file of certificates as servers and clients are given them: the
// leaf, and perhaps what stands above it, which is left aside.
func ParseLeaf(content []byte) (*x509.Certificate, error) {
	first, rest := pem.Decode(content)
	if first == nil {
		return ParseCertificate(content)
	}
	for next, more := pem.Decode(rest); next != nil; next, more = pem.Decode(more) {
		if next.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("a PEM block %q is where a certificate belongs", next.Type)
		}
	}
	return ParseCertificate(content[:len(content)-len(rest)])
}

// EncodeCertificate is the PEM form in which certificates are written.
func EncodeCertificate(cert *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})
}
