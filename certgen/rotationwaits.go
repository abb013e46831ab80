package certgen

import (
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// unready is the ports of which text says something. They have to take over the CA, else a
// certificate.
func (r rotation) unready(text func(Port) string) []Wait {
	newCA := r.choice.CA != ServerCA && !(r.choice.CA == PeerCA && r.state.Stage(PeerCA) == StagePrevious)
	var waits []Wait
	for _, p := range r.ports {
		if said := text(p); said != "" {
			waits = append(waits, Wait{Place: p.Place, Name: p.Name, Text: said, NewCA: newCA, NewCertificate: !newCA})
		}
	}
	return waits
}

// untrusting says why a port is not known to take certificates of ca; "" where it is.
func (r rotation) untrusting(p Port, ca *x509.Certificate) string {
	switch {
	case p.Err != nil:
		return fmt.Sprintf("cannot be asked: %v", p.Err)
	case !p.accepts(ca):
		return fmt.Sprintf("does not trust %q yet", ca.Subject.CommonName)
	}
	return ""
}

// showing says why a port is not known to show a certificate of ca; "" where it is.
func (r rotation) showing(p Port, ca *x509.Certificate) string {
	switch {
	case p.Err != nil && (p.Shown == nil || signedBy(p.Shown, ca)):
		return fmt.Sprintf("cannot be asked: %v", p.Err)
	case !p.shows(ca):
		return fmt.Sprintf("does not show a certificate of %q yet", ca.Subject.CommonName)
	}
	return ""
}

// unsound says why a port is not as it has to be before a rotation of current begins; "" where
// it is.
func (r rotation) unsound(p Port, current *x509.Certificate) string {
	if r.choice.CA == ServerCA {
		return r.showing(p, current)
	}
	return r.untrusting(p, current)
}

// behind says why a port is not known to have left the dropped generation; "" where it has.
func (r rotation) behind(p Port) string {
	if text := r.unsound(p, r.at(Current)); text != "" || r.choice.CA == ServerCA {
		return text
	}
	if former := r.state.Former(r.choice.CA); slices.ContainsFunc(former, p.accepts) {
		return fmt.Sprintf("still trusts %q", former[slices.IndexFunc(former, p.accepts)].Subject.CommonName)
	}
	return ""
}

// toTrust is the holders of copies of the CA, which read them anew.
func (r rotation) toTrust() []Wait {
	var waits []Wait
	w := Desired(r.policy)
	for _, name := range slices.Sorted(maps.Keys(w.Copies)) {
		if dir := PlaceOf(name).Folder(); w.Copies[name] == r.choice.CA && !(r.choice.CA == ServerCA && dir.Kind == PlaceMember) {
			waits = append(waits, Wait{Place: dir, Name: NameOf(dir.String()), NewCA: true}) // of the server CA a member has a copy for etcdctl on its host
		}
	}
	if r.choice.CA != ClientCA {
		return waits
	}
	for _, url := range r.policy.Cluster.Endpoints {
		waits = append(waits, Wait{Name: url, NewCA: true})
	}
	return waits
}

// toUse is the holders of certificates and revocation lists of the CA, which use new ones
// from now on. Where there is no certificate, as after a revocation, nothing is made anew.
func (r rotation) toUse() []Wait {
	var waits []Wait
	w := Desired(r.policy)
	for _, p := range w.Profiles {
		if p.CA == r.choice.CA && p.Kind != KindCA && r.state.Pair(p).Leaf != nil {
			dir := p.Place().Folder()
			waits = append(waits, Wait{Place: dir, Name: NameOf(dir.String()), NewCertificate: true})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.CRLs)) {
		if dir := PlaceOf(name).Folder(); w.CRLs[name] == r.choice.CA && dir.Name != "" {
			waits = joined(waits, Wait{Place: dir, Name: NameOf(dir.String()), NewList: true})
		}
	}
	return waits
}

// toTakeOver is the holders of certificates and copies of the CA, each once.
func (r rotation) toTakeOver() []Wait {
	waits := r.toUse()
	for _, w := range r.toTrust() {
		waits = joined(waits, w)
	}
	return waits
}

// joined is waits with w, each holder once.
func joined(waits []Wait, w Wait) []Wait {
	i := slices.IndexFunc(waits, func(other Wait) bool { return other.Name == w.Name })
	if i < 0 {
		return append(waits, w)
	}
	waits[i].NewCA = waits[i].NewCA || w.NewCA
	waits[i].NewCertificate = waits[i].NewCertificate || w.NewCertificate
	waits[i].NewList = waits[i].NewList || w.NewList
	return waits
}

// unnamed is the certificates of the CA's previous generation that the policy does not name:
// they are not made anew.
func (r rotation) unnamed() []Wait {
	var waits []Wait
	named := map[string]bool{}
	for _, p := range Desired(r.policy).Profiles {
		named[p.Path] = true
	}
	previous := r.at(Previous)
	for _, path := range slices.Sorted(maps.Keys(r.state.Pairs)) {
		leaf := r.state.Pairs[path].Leaf
		if named[path] || Guarded(path) || leaf == nil || PlaceOf(path).Kind == PlaceCanary || !signedBy(leaf, previous) {
			continue
		}
		waits = append(waits, Wait{Name: strings.TrimSuffix(path, "/client"),
			Text: "has a certificate of the previous CA, and the policy does not name it: write it into the policy, or let lockstep apply --prune retire it"})
	}
	return waits
}
