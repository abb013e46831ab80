package bootstrap

import (
	"context"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/bootstrap/change"
	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// Rotate does what can be done now of the rotation of a CA: it looks at the PKI folder and at
// what the ports of members and proxies trust and show, asks confirm, and executes exactly
// that. What it returns says what the operator has to do before the next run. Nothing of
// etcd's users and roles is read or changed.
func Rotate(ctx context.Context, w *world.World, choice certgen.Choice, confirm func(context.Context, certgen.Rotation) error) (certgen.Rotation, error) {
	r, err := planRotation(ctx, w, choice)
	if err != nil || len(r.Plan.Steps) == 0 {
		return r, err
	}
	if !choice.Compromised { // then nothing waits for the members
		if err := refuseUnlisted(ctx, w); err != nil {
			return r, err
		}
	}
	if err := change.RefuseForgotten(ctx, w, r.Plan.Steps, "nothing was changed"); err != nil {
		return r, err
	}
	if err := confirm(ctx, r); err != nil {
		return r, err
	}
	done := w.Counter("certificates", len(r.Plan.Steps))
	return r, w.Folder.Apply(ctx, r.Plan, w.Now, w.InFlight, func(s certgen.Step) { done(s.String()) })
}

// RotateExternal looks how far the owner of the CA that the policy names is with replacing it.
func RotateExternal(ctx context.Context, w *world.World) (certgen.ExternalRotation, error) {
	state, err := w.Folder.Observe()
	if err != nil {
		return certgen.ExternalRotation{}, err
	}
	ports := verify.Ports(ctx, w, certgen.ClientCA)
	return certgen.RotateExternal(w.Policy, ports, state), ctx.Err()
}

// planRotation plans it. A confirmation counts only where one is asked for: it is about what
// an earlier run told the operator to do.
func planRotation(ctx context.Context, w *world.World, choice certgen.Choice) (certgen.Rotation, error) {
	state, err := w.Folder.Observe()
	if err != nil {
		return certgen.Rotation{}, err
	}
	ports := verify.Ports(ctx, w, choice.CA)
	if err := ctx.Err(); err != nil {
		return certgen.Rotation{}, err
	}
	plan := func(c certgen.Choice) (certgen.Rotation, error) {
		r := certgen.Rotate(w.Policy, c, ports, state, w.Now())
		return r, refuseRotation(r, rotationAdvice(w.Policy, choice.CA, state, w.Now()))
	}
	unconfirmed := choice
	unconfirmed.Confirmed = false
	r, err := plan(unconfirmed)
	switch {
	case err != nil || !choice.Confirmed || confirmedBefore(choice.CA, state.Stage(choice.CA)):
		return r, err
	case !r.Confirm || len(r.Plan.Steps) > 0:
		return r, hint.Refuse("Leave out --confirm-clients: the next answer says when it is needed.", "there is nothing to confirm now in the rotation of the %s CA; nothing was changed", choice.CA)
	}
	return plan(choice)
}

// confirmedBefore reports whether an earlier run was told what --confirm-clients says, and has
// begun what follows from it.
func confirmedBefore(ca certgen.CA, stage certgen.Stage) bool {
	return ca == certgen.ClientCA && stage == certgen.StageDropped || ca == certgen.ServerCA && stage == certgen.StagePrevious
}

// refuseUnlisted stops where the cluster has a member that the policy does not name: it would
// neither be asked nor get files, and be cut off when the old CA is dropped. Without root's
// certificate that is not known.
func refuseUnlisted(ctx context.Context, w *world.World) error {
	if len(w.Policy.Cluster.Members) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout)
	defer cancel()
	var listed []store.Member
	etcd, err := w.Administrator(ctx)
	if err == nil {
		listed, err = etcd.Members(ctx)
		_ = etcd.Close() // nothing was written through it
	}
	if err != nil {
		w.Warn("etcd", "the cluster's own list of members is not known: %v", err)
	}
	for _, m := range listed {
		if _, named := w.Policy.Member(m.Name); !named {
			return hint.Refuse("Write it into the policy, or remove it from the cluster (etcdctl member remove) when you know that it does not belong there.",
				"the cluster has the member %q (%x), which the policy does not name; nothing was changed", m.Name, m.ID)
		}
	}
	return nil
}

// refuseRotation stops where the folder cannot be used, or a key is not here.
func refuseRotation(r certgen.Rotation, advice string) error {
	if blocked := r.Plan.Blocked(); len(blocked) > 0 {
		return hint.Refuse(advice, "the %s CA is not rotated, nothing was changed: %s", r.CA, strings.Join(blocked, "; "))
	}
	if waiting := r.Plan.Waiting(); len(waiting) > 0 {
		return hint.Refuse(change.KeyAdvice(r.Plan), "the %s CA is not rotated, nothing was changed: %s", r.CA, strings.Join(waiting, "; "))
	}
	return nil
}

// rotationAdvice is the way on where a CA cannot be rotated. A CA whose dates are at fault is
// replaced, with an outage, only when it is not the clock that is wrong.
func rotationAdvice(p *policies.Policy, ca certgen.CA, s certgen.State, now time.Time) string {
	path := certgen.CAPath(ca)
	current := s.Pairs[path].Leaf
	switch {
	case len(p.Cluster.Members) == 0 && ca != certgen.ClientCA:
		return "The policy names endpoints: of lockstep's own is the client CA alone. The owner of the members replaces the others."
	case current == nil:
		return ""
	case now.Before(current.NotBefore):
		return "Compare the clock of this host with another one (date -u), and set it if it is wrong. If it is right, wait until the CA is valid."
	case !now.Before(current.NotAfter):
		return fmt.Sprintf("Compare the clock of this host with another one (date -u). If it is right, lockstep certs rotate-ca %s --compromised replaces the CA at once, with an outage.", ca)
	case slices.ContainsFunc(s.Former(ca), func(former *x509.Certificate) bool { return certgen.SameCA(former, current) }):
		return fmt.Sprintf("If that key is lost, copy the certificate that the other folders have (members/*/%[1]s-ca.crt) to %[2]s.crt, delete %[2]s.key, and run lockstep certs rotate-ca %[1]s --again.", ca, path)
	}
	return ""
}
