package certgen

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"maps"
	"slices"

	"lockstep/policies/count"
)

// authorities plans the CAs first: whether anything can be signed depends on them.
func (d *differ) authorities() {
	for _, p := range d.wanted.Profiles {
		if p.Kind == KindCA {
			v := &view{profile: p}
			d.views[p.CA] = v
			d.authority(p, v)
		}
	}
}

func (d *differ) authority(p Profile, v *view) {
	if p.ExternalCA != "" {
		d.takeIn(p, v)
		return
	}
	pair := d.state.Pairs[p.Path]
	trust, err := d.state.Trust(p.CA)
	v.keyless = pair.Key == KeyAbsent
	switch {
	case d.state.left() && !d.rotates && !d.state.rotating():
		d.blockView(v, "ca/ holds the CA %q, which certificates.ca named, and the policy does not name it any more: write certificates.ca again, bootstrap with another folder (--pki), or replace it by CAs of lockstep's own (lockstep certs rotate-ca)",
			d.state.Pairs[CAPath(ClientCA)].Leaf.Subject)
	case pair.Problem != "":
		d.blockView(v, "%s.crt cannot be read (%s): bring back the right file from a copy", p.Path, pair.Problem)
	case pair.Leaf == nil && pair.Key != KeyAbsent:
		d.blockView(v, "%s.key is here and %s.crt is not: bring back the certificate; members, proxies and components have copies of it", p.Path, p.Path)
	case d.state.outdated(p.CA) != "":
		d.blockView(v, "%s", d.state.outdated(p.CA))
	case errors.Is(err, fs.ErrNotExist):
		d.missing(p, v)
	case err != nil:
		d.blockView(v, "%v: bring back %s.crt, which decides", err, p.Path)
	default:
		v.cert, v.trust = trust.Current, trust
		d.existing(p, v)
	}
}

// missing makes a CA, but only where there has never been one: a new CA beside the
// certificates of an old one would replace it.
func (d *differ) missing(p Profile, v *view) {
	orphans := d.orphans(p.CA)
	if len(orphans) == 0 {
		v.making, v.keyless = true, false
		d.step(Step{Action: MakeCA, Profile: p, Reason: Missing})
		return
	}
	d.blockView(v, "the %s CA is not here, and %s that came from it still %s (%s): bring back %s.crt, and %s.key if something is to be signed; a CA is never replaced",
		p.CA, count.Of(len(orphans), "file"), verb(len(orphans)), shortened(orphans), p.Path, p.Path)
}

func verb(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// orphans are the paths that show that there has been a CA. What is in retired/ may
// come from any of them.
func (d *differ) orphans(ca CA) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(d.state.Pairs)) {
		if name != CAPath(ca) && PlaceOf(name).Kind != PlaceCanary && Locate(name+".crt").CA == ca && d.state.Pairs[name].Leaf != nil {
			found = append(found, name+".crt")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.state.Files)) {
		if item := Locate(name); item.Purpose == ForCRL && item.CA == ca {
			found = append(found, name)
		}
	}
	for _, r := range d.state.Retired {
		found = append(found, r.Path())
	}
	return found
}

// existing checks that a CA can still do its work, and that it is the one that the
// certificates here came from.
func (d *differ) existing(p Profile, v *view) {
	d.plan.Defects[p.Path] = Defects(v.cert, d.state.Judged(p), v.cert, d.now)
	for _, defect := range Fatal(d.plan.Defects[p.Path]) {
		advice := p.otherwise()
		switch defect.Code { // a clock is wrong more often than a CA
		case codeNotYetValid:
			advice = "nothing can be signed or trusted until then; the clock of this host, or of the one that made the CA, may be wrong"
		case codeExpired:
			advice += "; the clock of this host may be wrong"
		}
		d.blockView(v, "%s %s: %s", p.authority(), defect.Text, advice)
	}
	if v.blocked {
		return
	}
	if rival, signed := d.rival(p.CA, v); rival != "" {
		v.cert, v.trust = nil, TrustSet{}
		d.blockView(v, "%s is another %s CA than %s, from which %s came (%s): put the right one into ca/; a CA is never replaced",
			p.File(), p.CA, rival, count.Of(len(signed), "certificate"), shortened(signed))
	}
}

// rival is a copy of another CA than v shows, and the certificates that it signed.
// They would all be reissued, and no member trusts what came out.
func (d *differ) rival(ca CA, v *view) (string, []string) {
	seen := map[string]bool{string(v.trust.Encode()): true}
	for _, name := range slices.Sorted(maps.Keys(d.state.Files)) {
		if item := Locate(name); item.Purpose != ForCopy || item.CA != ca || seen[string(d.state.Files[name])] {
			continue
		}
		seen[string(d.state.Files[name])] = true
		copied, err := ParseTrustSet(d.state.Files[name])
		if err != nil {
			continue
		}
		for _, other := range copied.All() {
			if v.trust.Holds(other) || holds(d.state.Former(ca), other) {
				continue
			}
			if signed := d.signedByOther(ca, other); len(signed) > 0 {
				return name, signed
			}
		}
	}
	return "", nil
}

// signedByOther is the certificates here in the place of ca's that other signed.
func (d *differ) signedByOther(ca CA, other *x509.Certificate) []string {
	var signed []string
	for _, path := range slices.Sorted(maps.Keys(d.state.Pairs)) {
		leaf := d.state.Pairs[path].Leaf
		if leaf != nil && serves(path) && Locate(path+".crt").CA == ca && leaf.CheckSignatureFrom(other) == nil {
			signed = append(signed, path+".crt")
		}
	}
	return signed
}
