package bootstrap

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies/pending"
)

// Proposal is everything that would make etcd and the PKI folder equal to the policy,
// made without changing anything. What identifies it pins what it was made on: a saved
// proposal holds only if making it again gives the same Fingerprint.
type Proposal struct {
	Plan
	ClusterID uint64
	Policy    string // digest of the policy's meaning, hex
	Observed  string // digest of etcd's users and roles as they were found, hex
	Folder    string // digest of what the PKI folder holds for members, proxies and components, hex; "" without one
	Enabled   bool   // auth is on
	Former    Former // whose users and roles those are that the policy no longer names

	More     []verify.Finding         // what lockstep verify finds and the plan does not show
	Accepted []verify.AcceptedFinding // what would be refused, and the policy accepts
	Notes    []Note                   // of the presets whose components lose a right, or would with a flag
	Stray    []string                 // paths in the PKI folder that belong to nothing and are left alone, sorted
}

// Settled reports whether no change is pending.
func (p *Proposal) Settled() bool { return len(p.Roles.Pending)+len(p.Certificates.Pending) == 0 }

// InStep reports whether there is nothing to do and nothing that waits.
func (p *Proposal) InStep() bool { return p.Empty() && p.Settled() }

// Needs is the permissions that pending changes wait for, each once, in order.
func (p *Proposal) Needs() []pending.Needs {
	var out []pending.Needs
	for _, c := range p.Roles.Pending {
		out = append(out, c.Needs)
	}
	for _, c := range p.Certificates.Pending {
		out = append(out, c.Needs)
	}
	out = slices.DeleteFunc(out, func(n pending.Needs) bool { return !n.Allowed() })
	slices.Sort(out)
	return slices.Compact(out)
}

// Fingerprint is one number for what the proposal does and why, and what it was made
// on. It holds no secret; two proposals with the same one do the same to the same.
func (p *Proposal) Fingerprint() string {
	steps := []string{}
	for _, s := range slices.Concat(p.Certificates.Steps, p.Retire) {
		steps = append(steps, s.String(), s.Reason)
	}
	for _, s := range p.Roles.Steps {
		steps = append(steps, s.String(), s.Reason)
	}
	return digest([]any{p.ClusterID, p.Policy, p.Observed, p.Folder, p.Roles.Revision, steps})
}

// folderDigest is for what the folder holds but for CAs, which may be a mount that
// comes and goes, and root's certificate, which is written when somebody asks for it.
func folderDigest(s certgen.State) string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(s.Pairs)) {
		p := s.Pairs[name]
		if certgen.Guarded(name) {
			continue
		}
		found = append(found, name, p.Problem, fmt.Sprint(p.Key, p.KeyMode))
		if p.Leaf != nil {
			found = append(found, string(p.Leaf.Raw))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		if !certgen.Guarded(name) {
			found = append(found, name, string(s.Files[name]))
		}
	}
	for _, path := range slices.Sorted(maps.Keys(s.External)) {
		if p := s.External[path]; p.Leaf != nil {
			found = append(found, path, string(p.Leaf.Raw))
		}
	}
	if s.Brought != nil {
		found = append(found, string(s.Brought.Raw))
	}
	return digest([]any{found, s.Unfinished})
}

// digest is the SHA-256 of a value made of structs, slices, strings and numbers, hex.
// Go syntax keeps apart what JSON would not: keys in etcd are bytes, not always UTF-8.
func digest(v any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", v))
	return hex.EncodeToString(sum[:])
}
