package change

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies/pending"
	"lockstep/roles"
)

// Plan is everything that a change will do, and what it leaves out. Every verb makes one,
// and one renderer shows them all. Making a plan changes nothing.
type Plan struct {
	Diff         string // of the policy file, unified; written first when a component is added, last when one is removed
	Certificates certgen.Plan
	Roles        roles.Plan
	EnableAuth   bool
	Seed         *Seed          // of members that never ran: Roles are not applied to etcd, it starts with them; nil otherwise
	Retire       []certgen.Step // executed after the steps in etcd: the certificates of users that are gone

	// What the plan was made on. A saved plan holds only if making it again gives the same
	// Fingerprint.
	ClusterID uint64
	Policy    string // digest of the policy's meaning, hex
	Observed  string // digest of etcd's users and roles as they were found, hex; "" while etcd was not read
	Folder    string // digest of what the PKI folder holds for members, proxies and components, hex; "" without one
	Enabled   bool   // auth is on

	// Restored is that etcd was restored since lockstep changed it last; executing the plan
	// ends with writing down what it is now. nil: it was not.
	Restored *verify.Restored

	// What the operator should know besides.
	Former   Former                   // the components of users and roles that the policy no longer names
	More     []verify.Finding         // what lockstep verify finds and the plan does not show
	Accepted []verify.AcceptedFinding // what would be pending, and the policy accepts
	Notes    []Note                   // of presets: of components that lose a permission, or all before auth is turned on
	Affected []string                 // which clients will notice that auth is turned on, in sentences
	Stray    []string                 // paths in the PKI folder that belong to nothing and are left alone, sorted
}

// Seed is the file from which all members start, with auth on.
type Seed struct {
	File                  string // its name in the PKI folder
	Users, Roles, Members int
}

// Steps counts what will be done in etcd and in the PKI folder.
func (p *Plan) Steps() int {
	n := len(p.Certificates.Steps) + len(p.Roles.Steps) + len(p.Retire)
	if p.EnableAuth {
		n++
	}
	if p.Restored != nil {
		n++
	}
	return n
}

// Empty reports whether there is nothing to do. Changes may still be pending.
func (p *Plan) Empty() bool { return p.Steps() == 0 && p.Diff == "" }

// silent reports whether the plan has nothing to say.
func (p *Plan) silent() bool {
	return p.InStep() && len(p.Notes)+len(p.Accepted)+len(p.Roles.Foreign)+len(p.Stray) == 0
}

// Settled reports whether no change is pending.
func (p *Plan) Settled() bool { return len(p.Roles.Pending)+len(p.Certificates.Pending) == 0 }

// InStep reports whether there is nothing to do and no change is pending.
func (p *Plan) InStep() bool { return p.Empty() && p.Settled() }

// Needs is the permissions that pending changes wait for, each once, in order.
func (p *Plan) Needs() []pending.Needs {
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

// Fingerprint is the digest of what the plan does and why, and of what it was made on. It
// holds no secret; two plans with the same fingerprint do the same to the same.
func (p *Plan) Fingerprint() string {
	steps := []string{}
	for _, s := range slices.Concat(p.Certificates.Steps, p.Retire) {
		steps = append(steps, s.String(), s.Reason)
	}
	for _, s := range p.Roles.Steps {
		steps = append(steps, s.String(), s.Reason)
	}
	if p.Restored != nil {
		steps = append(steps, p.Restored.String())
	}
	return digest([]any{p.ClusterID, p.Policy, p.Observed, p.Folder, p.Roles.Revision, steps})
}

// folderDigest is for what the folder holds but for CAs, which may be a mount that
// comes and goes, and root's certificate, which is written on request.
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
	for _, ca := range s.ExternalCA.All() {
		found = append(found, string(ca.Raw))
	}
	return digest([]any{found, s.Unfinished})
}

// digest is the SHA-256 of a value made of structs, slices, strings and numbers, hex.
// Go syntax keeps apart what JSON would not: keys in etcd are bytes, not always UTF-8.
func digest(v any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", v))
	return hex.EncodeToString(sum[:])
}
