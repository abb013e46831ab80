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
	Name   string            // as commands take it: "calico-node", "calico-node/node-a", "members/etcd1", "proxies/proxy1", "root"
	Serial *big.Int          // of one certificate; nil: see [DiffRevocation]
	Cert   *x509.Certificate // one certificate that the folder need not know, instead of Serial; nil for none
	Again  bool              // also what was made after an earlier revocation
}

// alone reports whether one certificate is meant.
func (r Revocation) alone() bool { return r.Serial != nil || r.Cert != nil }

// RevocationPlan is what a revocation changes in the PKI folder, and whose user it concerns.
type RevocationPlan struct {
	Certificates []RevokedCertificate // sorted by their ends
	Users        []string             // in etcd, which lose their bindings and are deleted
	Records      []Step               // what is recorded as revoked; the first to be written: what is recorded is not forgotten
	Lists        Plan                 // the revocation lists that name the certificates; pending without the CA's key
	Retire       []Step               // what is in its place and revoked
	SameKey      []RevokedCertificate // what stays valid although its key is that of a revoked certificate
	Since        []RevokedCertificate // what was made after an earlier revocation, and stays valid
}

// RevokedCertificate is a certificate that is revoked, or is about to be.
type RevokedCertificate struct {
	Leaf  *x509.Certificate
	Lists []CA   // whose lists name it; none of a server certificate: clients of etcd read no list
	Path  string // the Profile.Path where it lies; "" when it is retired

	taken bool // it is recorded as revoked with its name
}

// CAs is the CAs whose lists the revocation concerns.
func (r RevocationPlan) CAs() []CA {
	return slices.DeleteFunc(CAs(), func(ca CA) bool {
		return !slices.ContainsFunc(r.Certificates, func(c RevokedCertificate) bool { return slices.Contains(c.Lists, ca) })
	})
}

// DiffRevocation plans r. With a serial number or a certificate it is this one alone, and the
// user stays. Without, of a component it is every certificate that has not expired, those in
// retired/ included, and its user; of one instance its present certificate and those of the
// same key. What was made after an earlier revocation stays, and so does the user, unless r
// says again: a revocation that is repeated must not take the new certificate. Members, proxies
// and root have to go on working: of them it is every certificate but the one in its place,
// which must have another key by then.
func DiffRevocation(p *policies.Policy, r Revocation, s State, now time.Time) (RevocationPlan, error) {
	known, err := s.certificatesOf(p, r.Name, now)
	if err != nil {
		return RevocationPlan{}, err
	}
	if known, err = s.withUnknown(known, r, p, now); err != nil {
		return RevocationPlan{}, err
	}
	for i, c := range known { // members that lockstep does not set up have no peer CA here
		known[i].Lists = slices.DeleteFunc(c.Lists, func(ca CA) bool {
			return !slices.ContainsFunc(authoritiesOf(p), func(own Profile) bool { return own.CA == ca })
		})
	}
	chosen, since, err := r.choose(known)
	if err != nil {
		return RevocationPlan{}, err
	}
	if err := s.refuseSameSerial(chosen); err != nil {
		return RevocationPlan{}, err
	}
	place := placeNamed(r.Name)
	record := Retired{Identity: identityAt(place), Revoked: true, Alone: r.alone(), Instance: place.Instance}
	plan := RevocationPlan{Certificates: chosen, Since: since, Records: s.records(chosen, record)}
	if place.Kind == PlaceComponent && place.Instance == "" && !r.alone() && len(since) == 0 {
		plan.Users = usersOf(p, place.Name, chosen)
	}
	for _, c := range known {
		if !slices.ContainsFunc(chosen, c.is) && !slices.ContainsFunc(since, c.is) && slices.ContainsFunc(chosen, c.sharesKey) {
			plan.SameKey = append(plan.SameKey, c)
		}
	}
	if len(plan.SameKey) > 0 && place.Kind != PlaceComponent && slices.ContainsFunc(plan.SameKey, func(c RevokedCertificate) bool { return c.Path != "" }) {
		return RevocationPlan{}, hint.Refuse(rekeyAdvice(r.Name), "the present certificate of %s has the key of one that would be revoked; nothing was changed", r.Name)
	}
	for _, c := range chosen {
		if at := PlaceOf(c.Path); c.Path != "" && s.Pairs[c.Path].Leaf != nil {
			plan.Retire = append(plan.Retire, Step{Action: Retire, Reason: RevokedReason,
				Profile: Profile{Kind: at.certificate(), CA: listOf(c.Leaf), Path: c.Path, Identity: identityAt(at)}})
		}
	}
	plan.Lists, err = diffLists(p, plan, s.recorded(chosen, record), now)
	return plan, err
}

// identityAt is the name under which a certificate from there is kept in retired/.
func identityAt(place Place) string {
	if place.Kind == PlaceRoot {
		return string(PlaceRoot)
	}
	return place.Name
}

// refuseSameSerial refuses to revoke a number that another certificate in use has, too: etcd
// compares numbers alone (fact 15), and would refuse that one as well.
func (s State) refuseSameSerial(chosen []RevokedCertificate) error {
	for _, pairs := range []map[string]Pair{s.Pairs, s.External} {
		for _, path := range slices.Sorted(maps.Keys(pairs)) {
			leaf := pairs[path].Leaf
			same := leaf != nil && serves(path) && slices.ContainsFunc(chosen, func(c RevokedCertificate) bool {
				return len(c.Lists) > 0 && c.Leaf.SerialNumber.Cmp(leaf.SerialNumber) == 0 && !c.Leaf.Equal(leaf)
			})
			if same {
				name := strings.TrimSuffix(NameOf(path), "/"+PlaceOf(path).Use)
				return hint.Refuse(fmt.Sprintf("Make that of %s anew first, with another number: lockstep certs renew %[1]s, or its issuer does. Until then etcdctl user revoke-role takes the permission.", name),
					"%s has a certificate with the same serial number %x, and every member would refuse it, too; nothing was changed", name, leaf.SerialNumber)
			}
		}
	}
	return nil
}

// records is the steps that record what is not recorded yet, what is in its place first: see
// [Revocation.chooseComponent].
func (s State) records(chosen []RevokedCertificate, like Retired) (steps []Step) {
	inPlaceFirst := slices.Clone(chosen)
	slices.SortStableFunc(inPlaceFirst, func(a, b RevokedCertificate) int { return strings.Compare(b.Path, a.Path) })
	for _, c := range inPlaceFirst {
		recorded := slices.ContainsFunc(s.Retired, func(r Retired) bool {
			return r.Revoked && r.Leaf.Equal(c.Leaf) && (like.Alone || !r.Alone && (r.Instance == "" || r.Instance == like.Instance))
		})
		if len(c.Lists) > 0 && !recorded {
			like.Leaf = c.Leaf
			steps = append(steps, Step{Action: Write, File: like.Path(), Content: EncodeCertificate(c.Leaf), Reason: "it is revoked"})
		}
	}
	return steps
}

// recorded is s once the records are written.
func (s State) recorded(chosen []RevokedCertificate, like Retired) State {
	s.Retired = slices.Clone(s.Retired)
	for _, c := range chosen {
		like.Leaf = c.Leaf
		s.Retired = append(s.Retired, like)
	}
	return s
}

// diffLists plans the lists that name the certificates of plan.
func diffLists(p *policies.Policy, plan RevocationPlan, s State, now time.Time) (Plan, error) {
	w := Wanted{Profiles: authoritiesOf(p), CRLs: map[string]CA{}}
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

// choose keeps the certificates that are meant, and tells those that were made since an
// earlier revocation and stay.
func (r Revocation) choose(known []RevokedCertificate) (chosen, since []RevokedCertificate, err error) {
	kind := placeNamed(r.Name).Kind
	switch {
	case r.alone():
		chosen, err = r.chooseOne(known)
	case kind == PlaceComponent:
		chosen, since = r.chooseComponent(known)
	default:
		chosen = slices.DeleteFunc(slices.Clone(known), func(c RevokedCertificate) bool { return c.Path != "" })
		if !slices.ContainsFunc(chosen, func(c RevokedCertificate) bool { return len(c.Lists) > 0 }) {
			err = hint.Refuse(rekeyAdvice(r.Name), "%s has no earlier certificate that could be revoked, and the present one has to go on working; nothing was changed", r.Name)
		}
	}
	return chosen, since, err
}

func (r Revocation) chooseOne(known []RevokedCertificate) ([]RevokedCertificate, error) {
	serial := r.Serial
	if r.Cert != nil {
		serial = r.Cert.SerialNumber
	}
	chosen := slices.DeleteFunc(slices.Clone(known), func(c RevokedCertificate) bool {
		return c.Leaf.SerialNumber.Cmp(serial) != 0 || r.Cert != nil && !c.Leaf.Equal(r.Cert)
	})
	if len(chosen) == 0 {
		return nil, hint.Refuse("lockstep certs list --retired shows the serial numbers. Of a certificate that the folder does not know, give the file: --certificate FILE; without it only a new CA ends it: lockstep certs rotate-ca.",
			"%s has no certificate with the serial number %x that has not expired; nothing was changed", r.Name, serial)
	}
	if placeNamed(r.Name).Kind != PlaceComponent && chosen[0].Path != "" {
		return nil, hint.Refuse(rekeyAdvice(r.Name), "the certificate with the serial number %x is in use by %s, which has to go on working; nothing was changed", serial, r.Name)
	}
	return chosen, nil
}

// chooseComponent keeps all certificates. Where one that is retired was revoked with its name,
// and none that is in its place, an earlier revocation came to its end: it is that one which goes on, and
// what it did not take was made since.
func (r Revocation) chooseComponent(known []RevokedCertificate) (chosen, since []RevokedCertificate) {
	taken := func(c RevokedCertificate) bool { return c.taken }
	ended := slices.ContainsFunc(known, taken) && !slices.ContainsFunc(known, func(c RevokedCertificate) bool { return c.taken && c.Path != "" })
	for _, c := range known {
		if ended && !r.Again && !c.taken {
			since = append(since, c)
		} else {
			chosen = append(chosen, c)
		}
	}
	return chosen, since
}

// withUnknown adds the certificate that is given as a file. It must be one that a CA of ours
// signed for r.Name.
func (s State) withUnknown(known []RevokedCertificate, r Revocation, p *policies.Policy, now time.Time) ([]RevokedCertificate, error) {
	cert := r.Cert
	if cert == nil || slices.ContainsFunc(known, func(c RevokedCertificate) bool { return c.Leaf.Equal(cert) }) {
		return known, nil
	}
	refuse := func(format string, args ...any) ([]RevokedCertificate, error) {
		return nil, hint.Refuse("", "the certificate "+format+"; nothing was changed", args...)
	}
	lists, place := s.ListsNaming(cert), placeNamed(r.Name)
	signed := slices.ContainsFunc(lists, func(ca CA) bool {
		trust, err := s.Trust(ca)
		return slices.ContainsFunc(append(trust.All(), s.Former(ca)...), func(own *x509.Certificate) bool { return err == nil && signedBy(cert, own) })
	})
	c, named := p.Component(place.Name)
	switch {
	case len(lists) == 0:
		return refuse("is for servers: clients of etcd read no revocation list")
	case !signed:
		return refuse("is signed by no CA of the PKI folder")
	case !now.Before(cert.NotAfter):
		return refuse("has expired on %s", day(cert.NotAfter))
	case kindOf(cert, place) != place.Kind, place.Kind == PlaceComponent && named && UserOf(cert) != c.User.String():
		return refuse("has the CN %q, and is not for %s", cert.Subject.CommonName, r.Name)
	}
	return append(known, RevokedCertificate{Leaf: cert, Lists: lists}), nil
}

// rekeyAdvice is how a member, a proxy or root gets another key before the former one is revoked.
func rekeyAdvice(name string) string {
	if name == string(PlaceRoot) {
		return "lockstep certs issue root makes another key and certificate; then lockstep certs revoke root revokes the former ones. Of one that the folder does not know, give the file: --certificate FILE."
	}
	return fmt.Sprintf("lockstep certs rekey %s --revoke makes another key and certificate, and revokes the former ones.", name)
}

// usersOf is the user of the component, by the policy, and those that its certificates name:
// the policy may name another user since. Never the user of another component: a certificate may
// lie in the wrong place.
func usersOf(p *policies.Policy, component string, chosen []RevokedCertificate) []string {
	others := map[string]bool{"": true, policies.Root().String(): true}
	for _, c := range p.Components {
		others[c.User.String()] = true
	}
	var users []string
	if c, found := p.Component(component); found {
		users = append(users, c.User.String())
	}
	for _, c := range chosen {
		if user := UserOf(c.Leaf); !others[user] {
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
		c := RevokedCertificate{Leaf: leaf, Lists: s.ListsNaming(leaf), Path: path}
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
	present := slices.Clone(all)
	found := place.Kind == PlaceRoot || len(present) > 0 || slices.ContainsFunc(Desired(p).Profiles, func(prof Profile) bool {
		at := prof.Place()
		return at.Owner() == place.Owner() && (place.Instance == "" || at.Instance == place.Instance)
	})
	for _, r := range s.Retired {
		former := RevokedCertificate{Leaf: r.Leaf}
		if r.Identity != identityAt(place) || kindOf(r.Leaf, place) != place.Kind {
			continue
		}
		own := r.Revoked && r.Instance == place.Instance
		found = found || place.Instance == "" || own
		if place.Instance == "" || own || slices.ContainsFunc(present, former.sharesKey) {
			add(r.Leaf, "")
		}
	}
	for i, c := range all {
		all[i].taken = slices.ContainsFunc(s.Retired, func(r Retired) bool {
			return r.Revoked && !r.Alone && (r.Instance == "" || r.Instance == place.Instance) && r.Leaf.Equal(c.Leaf)
		})
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

// listOf is the CA that signs such a certificate, by what leaf is for: one external CA signs
// for all purposes.
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
	case UserOf(leaf) != "":
		return PlaceComponent
	case ca == PeerCA:
		return PlaceMember
	case at.Kind == PlaceMember: // a server certificate, or that of the member's HTTP gateway
		return PlaceMember
	}
	return PlaceProxy
}
