package certgen

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"lockstep/policies"
)

// Health is the state of one certificate or revocation list.
type Health string

// What a certificate can be, the gravest first.
const (
	HealthBroken    Health = "broken"    // it cannot be read, or it does not do for its place
	HealthAbsent    Health = "missing"   // the policy names it and it is not there
	HealthRevoked   Health = "revoked"   // it is on its CA's revocation list and still in its place
	HealthExpired   Health = "expired"   // also of a revocation list whose next update is past
	HealthDue       Health = "due"       // see [policies.Due]
	HealthDelivered Health = "delivered" // sound; its key is not in the folder
	HealthExternal  Health = "external"  // sound; made outside lockstep
	HealthSound     Health = "ok"
	HealthRetired   Health = "retired" // replaced or removed before it expired
)

// Attention reports whether the operator has something to do.
func (h Health) Attention() bool {
	return h == HealthBroken || h == HealthAbsent || h == HealthRevoked || h == HealthExpired || h == HealthDue
}

// Entry is one certificate, CA or revocation list of an inventory.
type Entry struct {
	Name   string // as commands take it: "calico-node", "members/etcd1/server", "ca/client", "client.crl"
	File   string // below the PKI folder, or outside of it
	Path   string // the Profile.Path of a member's, proxy's or component's certificate that the policy names; "" for others
	CA     CA     // the issuer
	Cert   *x509.Certificate
	Serial *big.Int  // of a revocation list its number; nil when it cannot be read
	Ends   time.Time // zero when it cannot be read
	Health Health
	Note   string // what else there is to know, as a sentence without a full stop; "" for nothing
}

// SerialText is the serial number in hexadecimal, as openssl prints it in small letters; ""
// when there is none.
func (e Entry) SerialText() string {
	if e.Serial == nil {
		return ""
	}
	return fmt.Sprintf("%x", e.Serial)
}

// Hosts is the names and addresses that the certificate is valid for.
func (e Entry) Hosts() []string {
	if e.Cert == nil {
		return nil
	}
	var out []string
	for _, ip := range e.Cert.IPAddresses {
		out = append(out, ip.String())
	}
	return append(out, e.Cert.DNSNames...)
}

// Holder is the user, of a certificate without a user its hosts.
func (e Entry) Holder() []string {
	if e.Cert != nil && UserOf(e.Cert) != "" {
		return []string{UserOf(e.Cert)}
	}
	return e.Hosts()
}

// Inventory lists every certificate that the policy or the folder knows, CAs and revocation
// lists included and retired ones not, by their ends: what cannot be read or is missing comes
// first. A certificate that cannot be read is an entry, not an error.
func Inventory(p *policies.Policy, s State, due policies.Due, now time.Time) []Entry {
	in := inventory{policy: p, wanted: Desired(p), state: s, due: due, now: now, revoked: Revocations(s)}
	in.named()
	in.unnamed()
	in.lists()
	slices.SortStableFunc(in.entries, byEnd)
	return in.entries
}

// Unjudged is an inventory of what the policy names alone, and no certificate is compared with
// what its place needs, which is what takes the time: none is broken for that.
func Unjudged(p *policies.Policy, s State, due policies.Due, now time.Time) []Entry {
	in := inventory{policy: p, wanted: Desired(p), state: s, due: due, now: now, revoked: Revocations(s), unjudged: true}
	in.named()
	return in.entries
}

// WithRetired adds the certificates in retired/ to an inventory of s.
func WithRetired(entries []Entry, s State) []Entry {
	in := inventory{state: s, revoked: Revocations(s), entries: slices.Clone(entries)}
	in.retired()
	slices.SortStableFunc(in.entries, byEnd)
	return in.entries
}

func byEnd(a, b Entry) int { return cmp.Or(a.Ends.Compare(b.Ends), strings.Compare(a.Name, b.Name)) }

type inventory struct {
	policy  *policies.Policy
	wanted  Wanted
	state   State
	due     policies.Due
	now     time.Time
	revoked map[CA]map[string]bool
	entries []Entry

	unjudged bool
}

func (in *inventory) add(e Entry) { in.entries = append(in.entries, e) }

// named lists what the policy names.
func (in *inventory) named() {
	seen := map[string]bool{}
	var profiles []Profile
	for _, p := range in.wanted.Profiles {
		if !seen[p.File()] { // one external CA signs for all purposes
			seen[p.File()] = true
			profiles = append(profiles, p)
		}
	}
	entries := make([]Entry, len(profiles))
	together(len(profiles), func(i int) { // a signature takes long
		p := profiles[i]
		entries[i] = in.certificate(p, in.state.Pair(p))
		if p.Kind != KindCA {
			entries[i].Path = p.Path
		}
	})
	in.entries = append(in.entries, entries...)
}

// unnamed lists the certificates in the folder that the policy does not name.
func (in *inventory) unnamed() {
	named := map[string]bool{}
	for _, p := range in.wanted.Profiles {
		named[p.Path] = true
	}
	for _, path := range slices.Sorted(maps.Keys(in.state.Pairs)) {
		if named[path] {
			continue
		}
		p := Profile{Path: path, CA: Locate(path + ".crt").CA, Identity: path}
		if path == RootPath {
			p = RootProfile(in.policy, 0)
			in.add(in.certificate(p, in.state.Pairs[path]))
			continue
		}
		e := in.measured(p, in.state.Pairs[path])
		switch {
		case e.Health == HealthBroken:
		case PlaceOf(path).Kind == PlaceCA:
			generation(&e, path)
		case path == NextCanaryPath && !in.revoked[p.CA][e.Serial.String()]:
			e.Note = "the next " + CRLFile(p.CA) + " will list it"
		case PlaceOf(path).Kind == PlaceCanary:
			if e.Note = CRLFile(p.CA) + " lists it on purpose"; !in.revoked[p.CA][e.Serial.String()] {
				e.Health, e.Note = HealthDue, CRLFile(p.CA)+" does not list it: the list was not written, or an older one was restored"
			}
		default:
			e.Note = "the policy does not name it"
		}
		in.add(e)
	}
}

// generation says what another generation of a CA is. Of what does not sign any more nothing is
// due.
func generation(e *Entry, path string) {
	switch path {
	case CAPlace(e.CA, Next).String():
		e.Note = "the next one: to be trusted already, does not sign yet"
	case CAPlace(e.CA, Previous).String():
		e.Health, e.Note = HealthSound, "the previous one: trusted still, does not sign any more"
	case CAPlace(e.CA, Dropped).String():
		e.Health, e.Note = HealthRetired, "in no copy any more; what was not restarted trusts it still"
	}
}

// certificate is the entry of one certificate that has a profile.
func (in *inventory) certificate(p Profile, pair Pair) Entry {
	e := in.measured(p, pair)
	if e.Cert == nil || in.unjudged {
		return e
	}
	trust, err := in.state.Trust(p.CA)
	if err != nil {
		e.Health, e.Note = HealthBroken, fmt.Sprintf("the %s CA's certificate cannot be read", p.CA)
		return e
	}
	if text := unsound(Fatal(Defects(e.Cert, in.state.Judged(p), trust.Of(e.Cert), in.now))); text != "" {
		e.Health, e.Note = HealthBroken, text
		return e
	}
	if p.Kind != KindCA && e.Note == "" {
		e.Note = in.shortened(p, e.Cert, trust.Current)
	}
	return e
}

// measured is what the pair alone tells.
func (in *inventory) measured(p Profile, pair Pair) Entry {
	e := Entry{Name: NameOf(p.Path), File: p.File(), CA: p.CA, Cert: pair.Leaf, Health: HealthSound}
	switch {
	case pair.Problem != "":
		e.Health, e.Note = HealthBroken, pair.Problem
		return e
	case pair.Leaf == nil && pair.Key != KeyAbsent:
		e.Health, e.Note = HealthBroken, "a key without its certificate"
		return e
	case pair.Leaf == nil:
		e.Health = HealthAbsent
		return e
	}
	e.Serial, e.Ends = pair.Leaf.SerialNumber, pair.Leaf.NotAfter
	switch {
	case pair.Key == KeyForeign:
		e.Health, e.Note = HealthBroken, ForeignKey
	case pair.Key == KeyUnreadable:
		e.Health, e.Note = HealthBroken, "its key cannot be read"
	case in.revoked[p.CA][e.Serial.String()] && serves(p.Path):
		e.Health = HealthRevoked
	case !in.now.Before(e.Ends):
		e.Health = HealthExpired
	case !in.now.Before(in.due.At(pair.Leaf.NotBefore, e.Ends)) && PlaceOf(p.Path).Kind != PlaceCanary: // made with its list
		e.Health = HealthDue
	case p.External != "" || p.ExternalCA != "":
		e.Health = HealthExternal
	case pair.Key == KeyAbsent:
		e.Health = HealthDelivered
	}
	return e
}

// unsound joins what makes a certificate not do, but for its time.
func unsound(defects []Defect) string {
	var texts []string
	for _, d := range defects {
		if d.Code != codeExpired {
			texts = append(texts, d.Text)
		}
	}
	return strings.Join(texts, "; ")
}

// shortened tells that a CA ends before a certificate that it issued now would.
func (in *inventory) shortened(p Profile, leaf, ca *x509.Certificate) string {
	switch {
	case p.External != "" || ends(p, ca, in.now).Before(ca.NotAfter):
		return ""
	case leaf.NotAfter.Equal(ca.NotAfter):
		return "ends with its CA"
	}
	return fmt.Sprintf("a new one ends with its CA, on %s", ca.NotAfter.UTC().Format(time.DateOnly))
}

// lists adds the first copy of each revocation list.
func (in *inventory) lists() {
	lists := WantedLists(in.wanted, in.state, in.now)
	for _, ca := range CAs() {
		name := CRLFile(ca)
		if _, wanted := lists[name]; !wanted {
			continue
		}
		e := Entry{Name: name, File: name, CA: ca, Health: HealthAbsent}
		if content, found := in.state.Files[name]; found {
			in.list(&e, content)
		}
		in.add(e)
	}
}

func (in *inventory) list(e *Entry, content []byte) {
	list, err := x509.ParseRevocationList(content)
	if err != nil {
		e.Health, e.Note = HealthBroken, "it is no revocation list in DER form"
		return
	}
	e.Serial, e.Ends, e.Health = list.Number, list.NextUpdate, HealthSound
	trust, err := in.state.Trust(e.CA)
	switch {
	case err == nil && !trust.signedList(list):
		e.Health, e.Note = HealthBroken, fmt.Sprintf("the %s CA has not signed it", e.CA)
	case !in.now.Before(list.NextUpdate):
		e.Health = HealthExpired
	case err == nil && dueList(list, trust.Current, in.now):
		e.Health = HealthDue
	}
}

func (in *inventory) retired() {
	for _, r := range in.state.Retired {
		file := r.Path()
		e := Entry{Name: r.Identity, File: file, Cert: r.Leaf, Serial: r.Leaf.SerialNumber, Ends: r.Leaf.NotAfter, Health: HealthRetired}
		for _, ca := range CAs() {
			if trust, err := in.state.Trust(ca); err == nil && trust.Issued(r.Leaf) {
				e.CA = ca
			}
		}
		if r.Revoked || slices.ContainsFunc(in.state.ListsNaming(r.Leaf), func(ca CA) bool { return in.revoked[ca][e.Serial.String()] }) {
			e.Note = "revoked"
		}
		in.add(e)
	}
}

// NameOf is the name by which commands take the certificate at a Profile.Path: of a component
// NAME or NAME/INSTANCE, else the path.
func NameOf(path string) string {
	place := PlaceOf(path)
	switch {
	case place.Kind != PlaceComponent:
		return path
	case place.Instance != "":
		return place.Name + "/" + place.Instance
	}
	return place.Name
}
