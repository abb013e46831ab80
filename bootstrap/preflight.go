package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
)

// preflight refuses what could lock a user out or let another certificate be taken for a
// user's, before anything in etcd is touched; preflightComponents comes before auth is turned
// on. The questions are verify's own checks of members.
func (r *run) preflight(ctx context.Context) error {
	members, err := verify.Survey(ctx, r.World, nil)
	if err != nil {
		return err
	}
	r.members = members
	return r.judgeMembers("nothing was changed in etcd")
}

// preflightComponents asks every member whether it takes every component's
// certificate: after auth is on, a component that a member refuses can do nothing.
func (r *run) preflightComponents(ctx context.Context) error {
	var identities []verify.Identity
	stoodFor := represented(r.plan.Certificates.Steps)
	for _, c := range r.World.Policy.Holders() {
		if stoodFor[certgen.ComponentProfile(r.World.Policy, c).Path] {
			continue
		}
		identity, minted, err := verify.ComponentIdentity(ctx, r.World, c, true)
		if errors.Is(err, fs.ErrNotExist) && !c.Certificate.IsZero() {
			r.World.Warn("preflight", "%s's certificate is external and its key is not here: whether the members accept it was not tried", c.ID())
			continue
		}
		if minted {
			r.World.Say("preflight", "%s's key is not here: the members are tried with a certificate made for this in its name", c.ID())
		}
		if err != nil {
			return fmt.Errorf("reading %s's certificate: %w", c.ID(), err)
		}
		identities = append(identities, verify.Identity{Name: c.ID(), Certificate: *identity})
	}
	members, err := verify.Survey(ctx, r.World, identities)
	if err != nil {
		return err
	}
	r.members = members
	return r.judgeMembers("certificates, roles and users are made and stay, auth is still off")
}

// represented is the paths of the certificates for which another one stands: of those that
// this run issued, one is shown for each kind of key. The same CA signed them within the
// same minutes, with serial numbers that no revocation list can hold yet, so that a
// member which takes the one takes the others. What an earlier run issued may be
// revoked or expired by a member's own list or clock: it is shown itself.
func represented(issued []certgen.Step) map[string]bool {
	shown, out := map[policies.KeyAlgorithm]bool{}, map[string]bool{}
	for _, s := range issued {
		if s.Action != certgen.Issue && s.Action != certgen.Reissue && s.Action != certgen.Renew {
			continue
		}
		if shown[s.Profile.Key] {
			out[s.Profile.Path] = true
		}
		shown[s.Profile.Key] = true
	}
	return out
}

// judgeMembers needs the folder for its CAs only, which are as they were when it was read.
// Before auth is turned on nothing that the policy accepts counts: root could not be proven
// through an accepted learner, for instance, and a temporary superuser would stay.
func (r *run) judgeMembers(done string) error {
	policy := *r.World.Policy
	if !slices.ContainsFunc(r.members, func(m verify.Member) bool { return m.AuthOn }) {
		policy.Accept = nil
	}
	e := &verify.Evidence{Policy: &policy, Now: r.World.Now(), Folder: &r.Folder, Members: r.members}
	report := verify.Judge(e, verify.MemberChecks())
	var grave []string
	remedy := ""
	for _, f := range report.Findings {
		text := f.Text
		if f.Subject.Name != "" {
			text = f.Subject.Name + ": " + text
		}
		if f.Severity > verify.Error {
			if f.Severity == verify.Warning {
				r.warnOnce(text)
			}
			continue
		}
		if remedy == "" {
			remedy = f.Remedy
		}
		grave = append(grave, text)
	}
	if len(grave) > 0 {
		return hint.Refuse(remedy, "the members are not as they must be; %s: %s", done, strings.Join(grave, "; "))
	}
	return nil
}

// warnOnce says what the first look at the members already said only once.
func (r *run) warnOnce(text string) {
	if !slices.Contains(r.warned, text) {
		r.warned = append(r.warned, text)
		r.World.Warn("preflight", "%s", text)
	}
}
