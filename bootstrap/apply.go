package bootstrap

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles"
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

	Withheld []Withheld // in the PKI folder: what is not done unasked
	Revived  []Revival  // users that Apply refuses to add unless Allowed.ReuseName
	Stray    []string   // paths in the PKI folder that belong to nothing and are left alone, sorted
}

// Withheld is a step in the PKI folder that is not done without a flag, or without
// something else that only the operator has.
type Withheld struct {
	certgen.Step
	Flag  string // as it is typed; "" for none
	Needs string // what it waits for where no flag does
}

// FlagCAKey gives the key of a CA that was brought along.
const FlagCAKey = "--ca-key FILE"

// Allowed is what the operator allows beyond the plain difference. The zero value
// allows nothing.
type Allowed struct {
	roles.Allow
	ReuseName bool // add a user although an earlier certificate in its name is still valid
}

// Propose looks at both halves. It makes no CA and does not turn auth on; a folder
// that needs that is refused. Without a PKI folder it looks at etcd's half alone, as
// the administrator whom the world names.
func Propose(ctx context.Context, w *world.World, allow Allowed) (*Proposal, error) {
	r, err := newApply(w, allow)
	if err != nil {
		return nil, err
	}
	defer r.close()
	return r.propose(ctx)
}

// Apply makes the proposal, asks confirm, and executes exactly that: certificates,
// roles and users, then certificates of removed components to retired/. It ends by
// looking again. What somebody else changes in etcd meanwhile is not answered with
// steps that nobody saw: that is a hint.Refused error before the first step, and a
// hint.NotInStep error after it.
func Apply(ctx context.Context, w *world.World, allow Allowed, confirm func(*Proposal) error) (*Proposal, error) {
	if w.Folder == nil {
		return nil, hint.Refuse("Run it where the PKI folder is, or name it with --pki.",
			"there is no PKI folder here: certificates would fall out of step with etcd, and nobody could tell whose users are whose")
	}
	r, err := newApply(w, allow)
	if err != nil {
		return nil, err
	}
	defer r.close()
	p, err := r.propose(ctx)
	if err != nil {
		return p, err
	}
	if err := refuseRevived(p.Revived); err != nil || p.Empty() {
		return p, err
	}
	if err := confirm(p); err != nil {
		return p, err
	}
	if err := r.refuseStale(ctx, p); err != nil {
		return p, err
	}
	return p, r.execute(ctx, p)
}

// newApply looks at the PKI folder. Whose users are ours it tells; without one, only
// users that the policy names and that have no password are.
func newApply(w *world.World, allow Allowed) (*run, error) {
	r := &run{World: w, desired: roles.Desired(w.Policy), owned: verify.OwnsNobody, allow: allow.Allow, reuseName: allow.ReuseName}
	if w.Folder == nil {
		return r, nil
	}
	state, err := w.Folder.Observe()
	if err != nil {
		return nil, err
	}
	owned, err := verify.Ownership(state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hint.Refuse("lockstep bootstrap makes the CAs; apply never does.", "the PKI folder holds no client CA")
	}
	if err != nil {
		return nil, err
	}
	r.folder, r.owned = state, owned
	return r, nil
}

// reach connects, also without a PKI folder, which would know the servers' CA and root,
// and says which alarms are raised.
func (r *run) reach(ctx context.Context) error {
	if a := r.Admin; r.World.Folder == nil && (a == nil || a.Servers == nil || a.Certificate == nil && a.User == "") {
		return hint.With(errors.New("there is no PKI folder here, and without it nobody knows whom to trust and who is root"),
			"lockstep bootstrap makes it, --pki names another one, and --cacert with --cert and --key (or --user) look at etcd alone.")
	}
	if err := r.connect(ctx); err != nil {
		return err
	}
	r.warnAlarms(ctx)
	return nil
}

func (r *run) propose(ctx context.Context) (*Proposal, error) {
	p := &Proposal{Policy: r.Policy.Digest.String()}
	if err := r.proposeCertificates(p); err != nil { // before anybody is asked: the folder tells whom to trust
		return nil, err
	}
	if err := r.reach(ctx); err != nil {
		return nil, err
	}
	observed, err := r.observe(ctx)
	if err != nil {
		return nil, err
	}
	if p.ClusterID, err = r.etcd.ClusterID(ctx); err != nil {
		return nil, fmt.Errorf("asking for the cluster's ID: %w", err)
	}
	p.Observed, p.Enabled, p.Former = digest(observed), observed.Enabled, formerComponents(r.folder, observed, r.Policy)
	p.Roles = r.rolesPlan(observed, nil)
	if !observed.Enabled {
		// Whoever made it: bootstrap makes root again, without a password, before it turns auth on.
		p.Roles.Refused = slices.DeleteFunc(p.Roles.Refused, func(refusal roles.Refusal) bool { return refusal.User == policies.Root().String() })
	}
	r.withholdCertificates(p)
	if !r.reuseName {
		p.Revived = revivals(r.folder, p.Roles, r.Now())
	}
	return p, nil
}

// proposeCertificates fills in the folder's half.
func (r *run) proposeCertificates(p *Proposal) error {
	if r.World.Folder == nil {
		return nil
	}
	p.Certificates = certgen.Diff(certgen.Desired(r.Policy), r.folder, r.Now())
	if err := refuseCAs(p.Certificates); err != nil {
		return err
	}
	if !r.allow.Prune {
		for _, s := range p.Certificates.Removable {
			p.Withheld = append(p.Withheld, Withheld{Step: s, Flag: roles.FlagPrune})
		}
		p.Certificates.Removable = nil
	}
	for _, s := range p.Certificates.Keyless {
		waits := Withheld{Step: s, Flag: FlagCAKey}
		if !p.Certificates.Brought {
			waits.Flag, waits.Needs = "", certgen.CAPath(s.Signer())+".key"
		}
		p.Withheld = append(p.Withheld, waits)
	}
	p.Folder, p.Stray = folderDigest(r.folder), strays(r.folder, r.Policy)
	return nil
}

// withholdCertificates keeps the certificate from a component whose user somebody else
// made: it would be power over that user, and make it ours by the next run's look.
func (r *run) withholdCertificates(p *Proposal) {
	flags := map[string]string{}
	for _, refusal := range p.Roles.Refused {
		if refusal.Flag != roles.FlagPrune && !r.owned(refusal.User) {
			flags[refusal.User] = refusal.Flag
		}
	}
	for _, c := range r.Policy.Components {
		flag := flags[c.User.String()]
		if flag == "" {
			continue
		}
		p.Certificates.Steps = slices.DeleteFunc(p.Certificates.Steps, func(s certgen.Step) bool {
			if !concerns(s, c.Name) {
				return false
			}
			s.Reason = "somebody else made its user"
			p.Withheld = append(p.Withheld, Withheld{Step: s, Flag: flag})
			return true
		})
	}
}

// refuseCAs stops what only bootstrap may do, and what nothing may.
func refuseCAs(p certgen.Plan) error {
	for _, s := range p.Steps {
		if s.Action == certgen.MakeCA {
			return hint.Refuse("lockstep bootstrap makes the CAs; apply never does.", "the %s CA is not in the PKI folder", s.Profile.CA)
		}
	}
	if len(p.Blocked) > 0 {
		return hint.Refuse("", "the PKI folder needs you: %s", strings.Join(p.Blocked, "; "))
	}
	if slices.ContainsFunc(p.Keyless, func(s certgen.Step) bool { return s.Action == certgen.Issue }) {
		return hint.Refuse("Nobody gets a right before the certificate that carries it; what is there already may wait for its renewal.",
			"the PKI folder needs you: %s", strings.Join(p.Waiting(), "; "))
	}
	return nil
}

// execute carries the proposal out. Up: certificates first. Down: a certificate goes
// last, when nothing in etcd answers to it any more.
func (r *run) execute(ctx context.Context, p *Proposal) error {
	up := certgen.Plan{Steps: p.Certificates.Steps}
	if err := r.applyCertificates(ctx, up); err != nil {
		return err
	}
	r.sayChanged(up.Steps)
	r.plan = p.Plan
	if err := r.convergeReviewed(ctx, p.Roles); err != nil {
		return err
	}
	return r.applyCertificates(ctx, certgen.Plan{Steps: p.Certificates.Removable})
}

// sayChanged names the folders that lie on members' hosts or with components already
// and are not the same any more.
func (r *run) sayChanged(steps []certgen.Step) {
	changed := slices.DeleteFunc(slices.Clone(steps), func(s certgen.Step) bool { return s.Action == certgen.Restrict })
	r.sayChangedFolders(stepsOf(changed, false))
	said := ""
	for _, s := range stepsOf(changed, true) {
		if dir := path.Dir(s.Path()); s.Reason != certgen.Missing && dir != said {
			r.Say("certificates", "%s has changed: copy it to its component again", dir)
			said = dir
		}
	}
}

// convergeReviewed is convergeRoles that does only what reviewed lists.
func (r *run) convergeReviewed(ctx context.Context, reviewed roles.Plan) error {
	r.mayFollow = onlyListed(reviewed)
	return r.convergeRoles(ctx)
}

// onlyListed judges the plans that follow reviewed: after a lost answer some of it is
// left to do, and everything else is somebody else's doing.
func onlyListed(reviewed roles.Plan) func(next roles.Plan) error {
	listed := map[string]bool{}
	for _, s := range reviewed.Steps {
		listed[s.String()] = true
	}
	return func(next roles.Plan) error {
		for _, s := range next.Steps {
			if !listed[s.String()] {
				return hint.Pending("lockstep plan shows how things are now.",
					"somebody else changed etcd's users or roles meanwhile; what was shown has been done, and this was not shown: %s (%s)", s, s.Reason)
			}
		}
		return nil
	}
}

// refuseStale stops when etcd has changed while somebody thought about the proposal.
// authRevision tells, at the price of one call or two (fact 25).
func (r *run) refuseStale(ctx context.Context, p *Proposal) error {
	ctx, cancel := context.WithTimeout(ctx, r.CallTimeout)
	defer cancel()
	now, err := r.etcd.ObserveSome(ctx, nil, nil, func(string) bool { return false })
	if err != nil {
		return fmt.Errorf("looking whether etcd is still as it was: %w", err)
	}
	if now.Revision != p.Roles.Revision || now.Enabled != p.Enabled {
		return hint.Refuse("Nothing was changed. Run the same command again.",
			"etcd's users or roles have changed since the plan was made (authRevision %d, now %d)", p.Roles.Revision, now.Revision)
	}
	return nil
}

// Steps counts what will be done, retired certificates included.
func (p *Proposal) Steps() int { return p.Plan.Steps() + len(p.Certificates.Removable) }

// Empty reports whether there is nothing to do. What is refused may still be there.
func (p *Proposal) Empty() bool { return p.Steps() == 0 }

// Settled reports whether nothing waits for the operator or for somebody else.
func (p *Proposal) Settled() bool {
	return len(p.Roles.Refused)+len(p.Withheld)+len(p.Revived)+len(p.Certificates.Outside) == 0
}

// InStep reports whether there is nothing to do and nothing that waits.
func (p *Proposal) InStep() bool { return p.Empty() && p.Settled() }

// FlagReuseName allows what Revived lists.
const FlagReuseName = "--reuse-name"

// Flags is the flags that allow what is refused, sorted.
func (p *Proposal) Flags() []string {
	var out []string
	for _, refusal := range p.Roles.Refused {
		out = append(out, refusal.Flag)
	}
	for _, w := range p.Withheld {
		if w.Flag != "" {
			out = append(out, w.Flag)
		}
	}
	if len(p.Revived) > 0 {
		out = append(out, FlagReuseName)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Fingerprint is one number for what the proposal does and why, and what it was made
// on. It holds no secret; two proposals with the same one do the same to the same.
func (p *Proposal) Fingerprint() string {
	steps := []string{}
	for _, s := range slices.Concat(p.Certificates.Steps, p.Certificates.Removable) {
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
	for _, path := range slices.Sorted(maps.Keys(s.Elsewhere)) {
		if p := s.Elsewhere[path]; p.Leaf != nil {
			found = append(found, path, string(p.Leaf.Raw))
		}
	}
	if s.Brought != nil {
		found = append(found, string(s.Brought.Raw))
	}
	return digest([]any{found, s.Unfinished})
}

// strays is what lies in the folder and belongs to nothing, but for a member's own data,
// which lies in its folder with install "." and a relative data directory.
func strays(s certgen.State, p *policies.Policy) []string {
	data, _, _ := strings.Cut(p.Cluster.Data, "/")
	own := map[string]bool{}
	for _, m := range p.Cluster.Members {
		own["members/"+m.Name+"/"+data] = true
	}
	return slices.DeleteFunc(slices.Clone(s.Stray), func(path string) bool { return own[strings.TrimSuffix(path, "/")] })
}

// digest is the SHA-256 of a value made of structs, slices, strings and numbers, hex.
// Go syntax keeps apart what JSON would not: keys in etcd are bytes, not always UTF-8.
func digest(v any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", v))
	return hex.EncodeToString(sum[:])
}
