package certgen

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lockstep/policies"
)

// Diff plans the steps from s to w. It is pure, and nothing valid is replaced: see
// the package's promises.
func Diff(w Wanted, s State, now time.Time) Plan {
	d := newDiffer(w, s, now)
	d.unfinished()
	d.authorities()
	for _, p := range w.Profiles {
		switch {
		case p.External != "":
			d.external(p)
		case p.Kind != KindCA:
			d.leaf(p, "")
		}
	}
	d.files()
	d.restrict()
	d.removable()
	return d.plan
}

// DiffRoot plans root's certificate in root/, valid for ttl. It is asked for by name,
// so one that is there is replaced. The CAs must exist.
func DiffRoot(p *policies.Policy, ttl time.Duration, s State, now time.Time) Plan {
	w := Desired(p)
	root := RootProfile(p, ttl)
	authorities := slices.DeleteFunc(w.Profiles, func(p Profile) bool { return p.Kind != KindCA })
	w = Wanted{Profiles: authorities, Files: map[string][]byte{"root/etcdctl.env": RootEnv(p)}, Copies: map[string]CA{}}
	if knowsServerCA(p) {
		w.Copies["root/ca.crt"] = ServerCA
	}
	d := newDiffer(w, s, now)
	d.authorities()
	if len(d.plan.Steps) > 0 {
		return Plan{Blocked: []string{"root's certificate needs the client CA, which has not been made yet: bootstrap the cluster first"}}
	}
	d.leaf(root, "it was asked for")
	d.files()
	return d.plan
}

type differ struct {
	wanted Wanted
	state  State
	now    time.Time
	plan   Plan
	views  map[CA]*view
}

// view is what is known of one CA.
type view struct {
	profile Profile
	cert    *x509.Certificate // nil while it is being made, or blocked
	making  bool
	keyless bool
	blocked bool

	unsuited map[string]string // why it cannot sign certificates of a kind with certain names; "" if it can
}

func newDiffer(w Wanted, s State, now time.Time) *differ {
	return &differ{wanted: w, state: s, now: now, views: map[CA]*view{}}
}

func (d *differ) step(s Step) { d.plan.Steps = append(d.plan.Steps, s) }

// signed plans a step that needs the key of the CA that v shows.
func (d *differ) signed(v *view, s Step) {
	if v.keyless {
		d.plan.Keyless = append(d.plan.Keyless, s)
		return
	}
	d.step(s)
}

func (d *differ) block(format string, args ...any) {
	d.plan.Blocked = append(d.plan.Blocked, fmt.Sprintf(format, args...))
}

func (d *differ) unfinished() {
	for _, name := range d.state.Unfinished {
		d.step(Step{Action: Finish, File: name, Reason: "its writing was cut off"})
	}
}

// leaf plans one certificate. A non-empty asked replaces it without a defect.
func (d *differ) leaf(p Profile, asked string) {
	v := d.views[p.CA]
	if v == nil || v.blocked {
		return // the CA's own sentence tells why
	}
	pair := d.state.Pairs[p.Path]
	s := Step{Action: Issue, Profile: p, Reason: cmp.Or(asked, Missing)}
	if pair.Leaf != nil || pair.Problem != "" || pair.Key != KeyAbsent {
		s.Action, s.Reason = Reissue, cmp.Or(d.fault(p, pair, v.cert), asked)
	}
	if s.Reason != "" && d.suits(p, v) {
		s.Carries = s.Action == Reissue && d.carries(p, pair, v.cert)
		d.signed(v, s)
	}
}

// suits reports whether the CA may sign p, and blocks the plan where it may not: that is
// known before the first file is written. All that tells certificates apart to a CA is
// their kind and their names.
func (d *differ) suits(p Profile, v *view) bool {
	if v.cert == nil {
		return true // it is about to be made, for just that
	}
	like := fmt.Sprintf("%s %q", p.Kind, p.Hosts)
	text, judged := v.unsuited[like]
	if !judged {
		text = unsuited(p, v.cert, d.now)
		if v.unsuited == nil {
			v.unsuited = map[string]string{}
		}
		v.unsuited[like] = text
	}
	if text != "" && !judged {
		d.block("%s cannot sign %s%s: that certificate %s; %s", v.profile.authority(), p.Path, p.holder(), text, v.profile.otherwise())
	}
	return text == ""
}

// external looks at a certificate that somebody else makes. The folder keeps a copy, as
// it keeps what was issued: it tells later whose the user was.
func (d *differ) external(p Profile) {
	v := d.views[p.CA]
	if v == nil || v.blocked {
		return
	}
	theirs, noted := d.state.Pair(p), d.state.Pairs[p.Path]
	switch reason := d.fault(p, theirs, v.cert); {
	case reason != "":
		d.plan.Unfit = append(d.plan.Unfit, Unfit{p, reason, d.carries(p, theirs, v.cert)})
	case noted.Leaf == nil && noted.Problem == "" && noted.Key == KeyAbsent:
		d.step(Step{Action: Note, Profile: p, Content: EncodeCertificate(theirs.Leaf), Reason: NotNoted})
	case noted.Leaf == nil || !noted.Leaf.Equal(theirs.Leaf) || noted.Key != KeyAbsent:
		d.step(Step{Action: Note, Profile: p, Content: EncodeCertificate(theirs.Leaf), Reason: "somebody else has made a new one"})
	}
}

// carries reports whether pair's certificate is its user's under ca, be its time past.
func (d *differ) carries(p Profile, pair Pair, ca *x509.Certificate) bool {
	if pair.Leaf == nil || ca == nil {
		return false
	}
	return !slices.ContainsFunc(Fatal(Defects(pair.Leaf, p, ca, d.now)), func(x Defect) bool {
		return x.Code != CodeExpired && x.Code != CodeNotYetValid
	})
}

// fault says why pair does not do as p, or "".
func (d *differ) fault(p Profile, pair Pair, ca *x509.Certificate) string {
	switch {
	case pair.Problem != "":
		return "its certificate cannot be read: " + pair.Problem
	case pair.Leaf == nil:
		return "its certificate is missing"
	}
	var texts []string
	if ca == nil {
		texts = append(texts, fmt.Sprintf("is not signed by the %s CA", p.CA))
	} else {
		for _, defect := range Fatal(Defects(pair.Leaf, p, ca, d.now)) {
			texts = append(texts, defect.Text)
		}
	}
	if len(texts) > 0 {
		return "its certificate " + strings.Join(texts, "; ")
	}
	switch pair.Key { // an absent one is fine: keys are delivered, and need not stay here
	case KeyForeign:
		return "its key belongs to another certificate"
	case KeyUnreadable:
		return "its key cannot be read"
	}
	return ""
}

func (d *differ) files() {
	for _, name := range slices.Sorted(maps.Keys(d.wanted.Files)) {
		want := d.wanted.Files[name]
		got, found := d.state.Files[name]
		switch {
		case !found:
			d.step(Step{Action: Write, File: name, Content: want, Reason: Missing})
		case name != IgnoreFile && !bytes.Equal(got, want): // what git ignores is the operator's choice once it is there
			d.step(Step{Action: Write, File: name, Content: want, Reason: differs(name, got, want)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.wanted.Copies)) {
		d.copyOf(name, d.wanted.Copies[name])
	}
	for _, ca := range CAs() {
		d.revocationLists(ca)
	}
}

// differs says how a file is not what it is to be.
func differs(name string, got, want []byte) string {
	if strings.HasSuffix(name, ".env") && sameSettings(got, want) {
		return SameMeaning
	}
	return "differs from the policy"
}

func (d *differ) copyOf(name string, ca CA) {
	v := d.views[ca]
	got, found := d.state.Files[name]
	switch {
	case v == nil || v.cert == nil && !v.making:
	case !found:
		d.step(Step{Action: Write, File: name, CopyOf: ca, Reason: Missing})
	case v.making || !bytes.Equal(got, EncodeCertificate(v.cert)):
		d.step(Step{Action: Write, File: name, CopyOf: ca, Reason: fmt.Sprintf("differs from the %s CA's certificate", ca)})
	}
}

// revocationLists makes all copies of a CA's CRL equal to the newest valid one, or to
// a new empty one.
func (d *differ) revocationLists(ca CA) {
	v := d.views[ca]
	if v == nil || v.blocked {
		return
	}
	best := NewestCRL(d.state, ca, v.cert)
	for _, name := range slices.Sorted(maps.Keys(d.wanted.CRLs)) {
		if d.wanted.CRLs[name] != ca {
			continue
		}
		got, found := d.state.Files[name]
		reason := Missing
		if found {
			reason = "is not the newest valid revocation list of the " + string(ca) + " CA"
		}
		switch {
		case best != nil && bytes.Equal(got, best):
		case best != nil:
			d.step(Step{Action: Write, File: name, Content: best, Reason: reason})
		default:
			d.signed(v, Step{Action: Write, File: name, CRLOf: ca, Reason: reason})
		}
	}
}

// NewestCRL is the revocation list with the highest number among those of s that
// cert, ca's certificate, has signed; nil for none.
func NewestCRL(s State, ca CA, cert *x509.Certificate) []byte {
	var best []byte
	var newest *x509.RevocationList
	for _, name := range slices.Sorted(maps.Keys(s.Files)) {
		if item := Locate(name); item.Role != RoleCRL || item.CA != ca || cert == nil {
			continue
		}
		list, err := x509.ParseRevocationList(s.Files[name])
		if err != nil || list.CheckSignatureFrom(WithCRLSign(cert)) != nil || list.Number == nil {
			continue
		}
		if newest == nil || newer(list, newest) {
			best, newest = s.Files[name], list
		}
	}
	return best
}

// newer reports whether a replaces b. Lists that openssl or cfssl made may not count up:
// then the later one counts, and of two of the same time the one that revokes more.
func newer(a, b *x509.RevocationList) bool {
	return cmp.Or(a.Number.Cmp(b.Number), a.ThisUpdate.Compare(b.ThisUpdate),
		cmp.Compare(len(a.RevokedCertificateEntries), len(b.RevokedCertificateEntries))) > 0
}

// restrict mends lax modes, but for keys that are replaced anyway.
func (d *differ) restrict() {
	replaced := map[string]bool{}
	for _, s := range d.plan.Steps {
		replaced[s.Profile.Path] = true
	}
	for _, name := range slices.Sorted(maps.Keys(d.state.Pairs)) {
		if p := d.state.Pairs[name]; p.Lax() && !Guarded(name) && !replaced[name] {
			d.step(Step{Action: Restrict, File: name + ".key", Reason: fmt.Sprintf("its mode is %04o", p.KeyMode.Perm())})
		}
	}
}

func (d *differ) removable() {
	wanted := map[string]bool{}
	for _, p := range d.wanted.Profiles {
		wanted[p.Path] = true
	}
	for _, name := range slices.Sorted(maps.Keys(d.state.Pairs)) {
		parts := strings.Split(name, "/")
		if wanted[name] || Guarded(name) || len(parts) != 3 {
			continue
		}
		kind := map[string]Kind{
			"members/server": KindServer, "members/peer": KindPeer, "proxies/server": KindServer,
			"proxies/client": KindProxyClient, "components/client": KindComponent,
		}[parts[0]+"/"+parts[2]]
		p := Profile{Kind: kind, CA: Locate(name + ".crt").CA, Path: name, Identity: parts[1]}
		d.plan.Removable = append(d.plan.Removable, Step{Action: Retire, Profile: p, Reason: "the policy does not name it any more"})
	}
}

// shortened lists the first names only: there may be thousands.
func shortened(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
