package certgen

import (
	"crypto/x509"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// Revocation is what the operator revokes.
type Revocation struct {
	Name   string   // as commands take it: "calico-node", "calico-node/node-a", "members/etcd1", "proxies/proxy1", "root"
	Serial *big.Int // of one certificate; nil: see [DiffRevocation]
}

// RevocationPlan is what a revocation changes in the PKI folder, and whose user it concerns.
type RevocationPlan struct {
	Certificates []RevokedCertificate // sorted by their ends
	Users        []string             // in etcd, which lose their bindings and are deleted
	Lists        Plan                 // the revocation lists that name the certificates; pending without the CA's key
	Retire       []Step               // what is in its place and revoked
	SameKey      []RevokedCertificate // what stays valid although its key is that of a revoked certificate
}

// RevokedCertificate is a certificate that is revoked, or is about to be.
type RevokedCertificate struct {
	Leaf *x509.Certificate
	CA   CA     // whose list names it; [ServerCA] for one that no list can name: clients of etcd read none
	Path string // the Profile.Path where it lies; "" when it is retired
}

// CAs is the CAs whose lists the revocation concerns.
func (r RevocationPlan) CAs() []CA {
	return slices.DeleteFunc(CAs(), func(ca CA) bool {
		return ca == ServerCA || !slices.ContainsFunc(r.Certificates, func(c RevokedCertificate) bool { return c.CA == ca })
	})
}

// DiffRevocation plans r. With a serial number it is this certificate alone, and the user
// stays. Without, of a component it is every certificate that has not expired, those in
// retired/ included, and its user; of one instance its present certificate and those of the
// same key. Members, proxies and root have to go on working: of them it is every certificate
// but the one in its place, which must have another key by then.
func DiffRevocation(p *policies.Policy, r Revocation, s State, now time.Time) (RevocationPlan, error) {
	known, err := s.certificatesOf(p, r.Name, now)
	if err != nil {
		return RevocationPlan{}, err
	}
	chosen, err := r.choose(known)
	if err != nil {
		return RevocationPlan{}, err
	}
	plan := RevocationPlan{Certificates: chosen}
	place := placeNamed(r.Name)
	if place.Kind == PlaceComponent && place.Instance == "" && r.Serial == nil {
		plan.Users = usersOf(p, place.Name, chosen)
	}
	for _, c := range known {
		if !slices.ContainsFunc(chosen, c.is) && slices.ContainsFunc(chosen, c.sharesKey) {
			plan.SameKey = append(plan.SameKey, c)
		}
	}
	if len(plan.SameKey) > 0 && place.Kind != PlaceComponent && slices.ContainsFunc(plan.SameKey, func(c RevokedCertificate) bool { return c.Path != "" }) {
		return RevocationPlan{}, hint.Refuse(rekeyAdvice(r.Name), "the present certificate of %s has the key of one that would be revoked; nothing was changed", r.Name)
	}
	for _, c := range chosen {
		if at := PlaceOf(c.Path); c.Path != "" && s.Pairs[c.Path].Leaf != nil {
			plan.Retire = append(plan.Retire, Step{Action: Retire, Reason: "its certificate is revoked",
				Profile: Profile{Kind: at.certificate(), CA: c.CA, Path: c.Path, Identity: identityAt(at)}})
		}
	}
	plan.Lists, err = diffLists(p, plan, s, now)
	return plan, err
}

// identityAt is the name under which a certificate from there is kept in retired/.
func identityAt(place Place) string {
	if place.Kind == PlaceRoot {
		return string(PlaceRoot)
	}
	return place.Name
}

// diffLists plans the lists that name the certificates of plan.
func diffLists(p *policies.Policy, plan RevocationPlan, s State, now time.Time) (Plan, error) {
	w := Wanted{Profiles: authoritiesOf(p), CRLs: map[string]CA{}, Revoke: map[CA][]*big.Int{}}
	for _, c := range plan.Certificates {
		if c.CA != ServerCA {
			w.Revoke[c.CA] = append(w.Revoke[c.CA], c.Leaf.SerialNumber)
		}
	}
	for _, ca := range plan.CAs() {
		w.CRLs[CRLFile(ca)] = ca
		for name, of := range Desired(p).CRLs {
			if of == ca {
				w.CRLs[name] = ca
			}
		}
	}
	d := newDiffer(w, s, now)
	d.authorities()
	if blocked := d.plan.Blocked(); len(blocked) > 0 {
		return Plan{}, hint.Refuse("", "%s; nothing was changed", strings.Join(blocked, "; "))
	}
	d.plan.Steps = nil // of a CA that is there: apply does them
	for _, ca := range plan.CAs() {
		d.revocationLists(ca)
	}
	return d.plan, nil
}

// choose keeps the certificates that are meant.
func (r Revocation) choose(known []RevokedCertificate) ([]RevokedCertificate, error) {
	if r.Serial != nil {
		chosen := slices.DeleteFunc(slices.Clone(known), func(c RevokedCertificate) bool { return c.Leaf.SerialNumber.Cmp(r.Serial) != 0 })
		if len(chosen) == 0 {
			return nil, hint.Refuse("lockstep certs list --retired shows the serial numbers.",
				"%s has no certificate with the serial number %x that has not expired; nothing was changed", r.Name, r.Serial)
		}
		if kind := placeNamed(r.Name).Kind; kind != PlaceComponent && chosen[0].Path != "" {
			return nil, hint.Refuse(rekeyAdvice(r.Name), "the certificate with the serial number %x is in use by %s, which has to go on working; nothing was changed", r.Serial, r.Name)
		}
		return chosen, nil
	}
	if placeNamed(r.Name).Kind == PlaceComponent {
		return known, nil
	}
	chosen := slices.DeleteFunc(slices.Clone(known), func(c RevokedCertificate) bool { return c.Path != "" })
	if !slices.ContainsFunc(chosen, func(c RevokedCertificate) bool { return c.CA != ServerCA }) {
		return nil, hint.Refuse(rekeyAdvice(r.Name), "%s has no earlier certificate that could be revoked, and the present one has to go on working; nothing was changed", r.Name)
	}
	return chosen, nil
}

// rekeyAdvice is how a member, a proxy or root gets another key before the former one is revoked.
func rekeyAdvice(name string) string {
	if name == string(PlaceRoot) {
		return "lockstep certs issue root makes another key and certificate; then lockstep certs revoke root revokes the former ones."
	}
	return fmt.Sprintf("lockstep certs rekey %s --revoke makes another key and certificate, and revokes the former ones.", name)
}

// usersOf is the user of the component, by the policy. Of one that the policy does not name any
// more its certificates tell, but never the user of another component: a certificate may lie
// in the wrong place.
func usersOf(p *policies.Policy, component string, chosen []RevokedCertificate) []string {
	if c, found := p.Component(component); found {
		return []string{c.User.String()}
	}
	others := map[string]bool{"": true, policies.Root().String(): true}
	for _, c := range p.Components {
		others[c.User.String()] = true
	}
	var users []string
	for _, c := range chosen {
		if user := c.Leaf.Subject.CommonName; !others[user] {
			others[user] = true
			users = append(users, user)
		}
	}
	return users
}

// placeNamed is the folder of what a command names.
func placeNamed(name string) Place {
	if place, ok := ParsePlace(name); ok && (place.Kind == PlaceRoot || place.Kind == PlaceMember || place.Kind == PlaceProxy) && place.Use == "" {
		return place
	}
	component, instance, _ := strings.Cut(name, "/")
	return Place{Kind: PlaceComponent, Name: component, Instance: instance}
}

// certificatesOf is every certificate of name that has not expired, by their ends: in its
// place, outside of the folder, and retired. The error is that the name is not known.
func (s State) certificatesOf(p *policies.Policy, name string, now time.Time) ([]RevokedCertificate, error) {
	place := placeNamed(name)
	var all []RevokedCertificate
	add := func(leaf *x509.Certificate, path string) {
		c := RevokedCertificate{Leaf: leaf, CA: listOf(leaf), Path: path}
		if now.Before(leaf.NotAfter) && !slices.ContainsFunc(all, c.is) {
			all = append(all, c)
		}
	}
	for _, pairs := range []map[string]Pair{s.Pairs, s.External} {
		for _, path := range slices.Sorted(maps.Keys(pairs)) {
			if leaf, at := pairs[path].Leaf, PlaceOf(path); leaf != nil && at.Owner() == place.Owner() && (place.Instance == "" || at.Instance == place.Instance) {
				add(leaf, path)
			}
		}
	}
	present, revoked := slices.Clone(all), Revocations(s)
	found := place.Kind == PlaceRoot || len(present) > 0 || slices.ContainsFunc(Desired(p).Profiles, func(prof Profile) bool {
		at := prof.Place()
		return at.Owner() == place.Owner() && (place.Instance == "" || at.Instance == place.Instance)
	})
	for _, r := range s.Retired {
		former := RevokedCertificate{Leaf: r.Leaf}
		if r.Identity != identityAt(place) || kindOf(r.Leaf, place) != place.Kind {
			continue
		}
		found = found || place.Instance == ""
		again := len(present) == 0 && revoked[listOf(r.Leaf)][r.Leaf.SerialNumber.String()] // which instance it was of, is not known any more
		if place.Instance == "" || again || slices.ContainsFunc(present, former.sharesKey) {
			add(r.Leaf, "")
		}
	}
	if !found {
		return nil, s.unknownName(p, name)
	}
	slices.SortStableFunc(all, func(a, b RevokedCertificate) int { return a.Leaf.NotAfter.Compare(b.Leaf.NotAfter) })
	return all, nil
}

// unknownName says which name was meant.
func (s State) unknownName(p *policies.Policy, name string) error {
	known := []string{string(PlaceRoot)}
	for _, prof := range Desired(p).Profiles {
		if prof.Kind != KindCA {
			known = append(known, strings.TrimSuffix(NameOf(prof.Path), "/"+prof.Place().Use))
		}
	}
	for _, r := range s.Retired {
		known = append(known, r.Identity)
	}
	advice := "lockstep certs list --retired shows all names."
	if near := strict.Suggest(name, known, ""); near != "" {
		advice = near
	}
	return hint.With(fmt.Errorf("neither the policy nor the PKI folder has a certificate of %q", name), advice)
}

func (c RevokedCertificate) is(o RevokedCertificate) bool { return c.Leaf.Equal(o.Leaf) }

func (c RevokedCertificate) sharesKey(o RevokedCertificate) bool {
	return sameKey(c.Leaf.PublicKey, o.Leaf)
}

// listOf is the CA whose list names leaf, by what leaf is for: one external CA signs for all
// purposes.
func listOf(leaf *x509.Certificate) CA {
	client, server := slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth), slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	switch {
	case server && !client:
		return ServerCA
	case server && leaf.Subject.CommonName == "":
		return PeerCA
	}
	return ClientCA
}

// kindOf is the kind of place that a retired certificate comes from: components, members and
// proxies may have the same names. A server certificate may come from a member or a proxy;
// it is of the kind of at then.
func kindOf(leaf *x509.Certificate, at Place) PlaceKind {
	switch ca := listOf(leaf); {
	case leaf.Subject.CommonName == policies.Root().String():
		return PlaceRoot
	case leaf.Subject.CommonName != "":
		return PlaceComponent
	case ca == PeerCA:
		return PlaceMember
	case ca == ServerCA && at.Kind == PlaceMember:
		return PlaceMember
	}
	return PlaceProxy
}
