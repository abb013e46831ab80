package certgen

import (
	"crypto/x509"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"lockstep/policies"
	"lockstep/policies/pending"
)

// Diff plans the steps from s to w. It is pure, and nothing valid is replaced: see
// the package's promises.
func Diff(w Wanted, s State, now time.Time) Plan {
	d := newDiffer(w.whileJoining(s), s, now)
	d.unfinished()
	d.leftovers()
	d.authorities()
	d.judgeAhead(w.Profiles)
	for _, p := range w.Profiles {
		switch {
		case p.External != "":
			d.external(p)
		case p.Kind != KindCA:
			d.password(p) // before the certificate: once that is in place, a password that is missing was delivered
			d.leaf(p, "")
		}
	}
	d.wanted.CRLs = WantedLists(w, s, now)
	d.files()
	d.restrict()
	d.removable()
	return d.plan
}

// DiffRoot plans root's certificate in root/, valid for ttl. It is asked for by name,
// so one that is there is replaced. The CAs must exist.
func DiffRoot(p *policies.Policy, ttl time.Duration, s State, now time.Time) Plan {
	root := RootProfile(p, ttl)
	w := Wanted{Profiles: authoritiesOf(p), Files: map[string][]byte{rootEnvPath: RootEnv(p)}, Copies: map[string]CA{}, policy: p}
	if knowsServerCA(p) {
		w.Copies["root/ca.crt"] = ServerCA
	}
	d := newDiffer(w.whileJoining(s), s, now)
	d.authorities()
	if len(d.plan.Steps) > 0 {
		return unmade(root, "root's certificate")
	}
	d.leaf(root, "it was asked for")
	d.files()
	return d.plan
}

// authoritiesOf is the profiles of the CAs of p.
func authoritiesOf(p *policies.Policy) []Profile {
	return slices.DeleteFunc(Desired(p).Profiles, func(p Profile) bool { return p.Kind != KindCA })
}

// unmade is the plan for a certificate that was asked for before there was a CA.
func unmade(p Profile, what string) Plan {
	return Plan{Pending: []Pending{{Step: Step{Action: Repair, Profile: p}, Needs: pending.Operator,
		Reason: what + " needs the client CA, which has not been made yet: bootstrap the cluster first"}}}
}

type differ struct {
	wanted Wanted
	state  State
	now    time.Time
	plan   Plan
	views  map[CA]*view

	rotates bool // the plan is one of [Rotate]
	judged  judgements
	revoked map[CA]map[string]bool
}

// view is what is known of one CA.
type view struct {
	profile Profile
	cert    *x509.Certificate // what signs; nil while it is being made, or blocked
	trust   TrustSet          // cert, and the other generations that are trusted
	making  bool
	keyless bool
	blocked bool

	unsuited map[string]string // why it cannot sign certificates of a kind with certain names; "" if it can
}

func newDiffer(w Wanted, s State, now time.Time) *differ {
	return &differ{wanted: w, state: s, now: now, views: map[CA]*view{}, judged: newJudgements(now), plan: Plan{Defects: map[string][]Defect{}}}
}

// judgeAhead judges the certificates of profiles that are not CAs', as far as their CAs are known.
func (d *differ) judgeAhead(profiles []Profile) {
	d.judged.ahead(profiles, d.state, func(p Profile) *TrustSet {
		v := d.views[p.CA]
		if p.Kind == KindCA || v == nil || v.blocked {
			return nil
		}
		return &v.trust
	})
}

func (d *differ) step(s Step) { d.plan.Steps = append(d.plan.Steps, s) }

// signed plans a step that needs the key of the CA that v shows.
func (d *differ) signed(v *view, s Step) {
	if v.keyless {
		needs := pending.FolderKey
		if v.profile.ExternalCA != "" {
			needs = pending.CAKey
		}
		if ca := v.profile.CA; d.state.Inherited(ca) && !slices.Contains(d.plan.Inherited, ca) {
			d.plan.Inherited = append(d.plan.Inherited, ca)
		}
		d.wait(needs, s, s.Reason)
		return
	}
	d.step(s)
}

// wait plans a step that is not executed.
func (d *differ) wait(needs pending.Needs, s Step, reason string) {
	s.Reason = reason
	d.plan.Pending = append(d.plan.Pending, Pending{Step: s, Reason: reason, Needs: needs})
}

// block plans that the operator has to mend the CA that v shows. An external CA
// is three in one: what is wrong with it is said once.
func (d *differ) block(v *view, format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(d.plan.Blocked(), text) {
		d.wait(pending.Operator, Step{Action: Repair, Profile: v.profile}, text)
	}
}

func (d *differ) unfinished() {
	for _, name := range d.state.Unfinished {
		d.step(Step{Action: Finish, File: name, Reason: "its writing was cut off"})
	}
}

// leftovers plans to clear the folders of a component, member or proxy whose removal was cut
// off: an empty one, and one of which the certificate is in retired/ and other files are there
// still.
func (d *differ) leftovers() {
	retired, used := map[string]bool{}, d.used()
	for _, r := range d.state.Retired {
		retired[r.Identity] = true
	}
	left := map[string]bool{}
	for _, dir := range d.state.Empty {
		left[dir] = true
	}
	for name := range d.state.Files {
		if place := PlaceOf(name); place.Name != "" && retired[place.Name] {
			left[place.Folder().String()] = true
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(left)) {
		if !used[dir] {
			d.step(Step{Action: Finish, File: dir, Reason: "its removal was cut off"})
		}
	}
}

// used is the folders below which a certificate lies, or is to lie.
func (d *differ) used() map[string]bool {
	used := map[string]bool{}
	add := func(name string) {
		for dir := path.Dir(name); dir != "." && !used[dir]; dir = path.Dir(dir) {
			used[dir] = true
		}
	}
	for _, p := range d.wanted.Profiles {
		add(p.Path)
	}
	for name := range d.state.Pairs {
		add(name)
	}
	return used
}

func (d *differ) removable() {
	wanted := map[string]bool{}
	for _, p := range d.wanted.Profiles {
		wanted[p.Path] = true
	}
	for _, name := range slices.Sorted(maps.Keys(d.state.Pairs)) {
		place := PlaceOf(name)
		if wanted[name] || Guarded(name) || place.Kind == PlaceCanary || place.Use == "" {
			continue
		}
		p := Profile{Kind: place.certificate(), CA: Locate(name + ".crt").CA, Path: name, Identity: place.Name}
		if p.Kind == KindGateway && wanted[place.In("server").String()] {
			d.step(Step{Action: Retire, Profile: p, Reason: "no component needs the HTTP gateway"})
			continue
		}
		d.wait(pending.Prune, Step{Action: Retire, Profile: p}, unnamed(place, wanted))
	}
}

// unnamed says why the policy does not want the pair at place. A component has a certificate
// of its own or instances.
func unnamed(place Place, wanted map[string]bool) string {
	others := slices.Collect(maps.Keys(wanted))
	named := slices.ContainsFunc(others, func(name string) bool { return PlaceOf(name).Owner() == place.Owner() })
	switch {
	case place.Component() == "" || !named:
		return "the policy does not name it any more"
	case place.Instance == "":
		return "the component has instances now, each with a certificate of its own"
	case wanted[place.Owner().In(place.Use).String()]:
		return "the component has no instances any more"
	}
	return "the policy does not name this instance any more"
}

// shortened lists the first names only: there may be thousands.
func shortened(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
