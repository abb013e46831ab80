package verify

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"

	"lockstep/certgen"
)

// filed is a certificate and where it lies.
type filed struct {
	path     string
	leaf     *x509.Certificate
	pair     string // the Profile.Path; "" of a retired one
	external bool
	retired  string // the identity that it was; "" of one in use
	revoked  bool   // a retired one whose revocation is recorded
}

func (f filed) ca() bool { return ofCA(f.pair) }

// identity is the name under which the certificate would be retired.
func (f filed) identity() string {
	place := certgen.PlaceOf(f.pair)
	return cmp.Or(place.Name, string(place.Kind))
}

// renewal is how the certificate c and the other one, o, get serial numbers of their own. Both
// get another one: what is retired keeps its number until it ends.
func (j *judgement) renewal(o, c filed) string {
	switch {
	case o.external:
		return fmt.Sprintf("the owner of %s has to make it again, with a random serial number", o.path)
	case c.external:
		return "its owner has to make it again, with a random serial number"
	}
	if names := namesOf(o, c); len(names) > 0 {
		return j.command("renew", false, names...)
	}
	return "" // the check's
}

// namesOf is the certificates in use that lockstep makes, as lockstep certs renew and rekey take
// their names.
func namesOf(all ...filed) (names []string) {
	for _, f := range all {
		kind, name := certgen.PlaceOf(f.pair).Kind, nameOf(f.pair)
		renewed := kind == certgen.PlaceMember || kind == certgen.PlaceProxy || kind == certgen.PlaceComponent
		if renewed && !f.external && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// rank is how hard it is to make the certificate again: what is easier is replaced.
func (f filed) rank() int {
	switch kind := certgen.PlaceOf(f.pair).Kind; {
	case f.ca():
		return 0
	case f.retired != "": // it is never made again, and named last
		return 4
	case f.external:
		return 1
	case kind == certgen.PlaceMember, kind == certgen.PlaceProxy:
		return 2
	}
	return 3
}

// precedes reports whether of two certificates that have what only one may have, f is the one
// that keeps it: the one that is harder to make again, or the older one. A retired one keeps
// what it has, and takes nothing from a CA.
func (f filed) precedes(o filed) bool {
	switch {
	case o.retired != "":
		return false
	case f.retired != "":
		return !o.ca()
	}
	return f.compare(o) < 0
}

func (f filed) compare(o filed) int {
	return cmp.Or(cmp.Compare(f.rank(), o.rank()), f.leaf.NotBefore.Compare(o.leaf.NotBefore), cmp.Compare(f.path, o.path))
}

// same reports whether both are one certificate, or generations of one CA.
func (f filed) same(o filed) bool {
	return f.leaf.Equal(o.leaf) || f.ca() && o.ca() && (certgen.SameCA(f.leaf, o.leaf) || certgen.Locate(f.path).CA == certgen.Locate(o.path).CA)
}

// everyCertificate is what the folder holds and what the policy names outside of it:
// leaves in use, by path, and CAs and what is retired.
func (e *Evidence) everyCertificate() (inUse, others []filed) {
	outside := map[string]bool{}
	for _, p := range certgen.Desired(e.Policy).Profiles {
		if leaf := e.Folder.Pair(p).Leaf; p.External != "" && leaf != nil {
			outside[p.Path] = true // the folder has a copy
			inUse = append(inUse, filed{path: p.External, leaf: leaf, pair: p.Path, external: true})
		}
	}
	for _, path := range slices.Sorted(maps.Keys(e.Folder.Pairs)) {
		switch leaf := e.Folder.Pairs[path].Leaf; {
		case leaf == nil:
		case ofCA(path):
			others = append(others, filed{path: path + ".crt", leaf: leaf, pair: path})
		case !outside[path]:
			inUse = append(inUse, filed{path: path + ".crt", leaf: leaf, pair: path})
		}
	}
	for _, r := range e.Folder.Retired {
		others = append(others, filed{path: r.Path(), leaf: r.Leaf, retired: r.Identity, revoked: r.Revoked})
	}
	return inUse, others
}
