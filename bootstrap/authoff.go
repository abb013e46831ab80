package bootstrap

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/bootstrap/authon"
	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// Opening is auth turned off: what it opens, and how it ended.
type Opening struct {
	Reason    string   // as the operator gave it
	ClusterID uint64   // of the cluster that every member belongs to
	Members   []string // by name
	Opens     []string // who may do what while auth is off, in sentences
	Already   bool     // auth was off before; nothing was changed
	At        time.Time
	Revision  uint64 // etcd's authRevision afterwards
}

// TurnAuthOff turns auth off as root, and looks at every member whether it is. confirm is asked
// first, with what that opens; an error of it ends the run, and nothing was changed. Every
// member of the policy must answer, and root must get in by its certificate. Cut off anywhere,
// the same command ends the work.
func TurnAuthOff(ctx context.Context, w *world.World, reason string, confirm func(context.Context, Opening) error) (Opening, error) {
	w, _ = w.ByCertificate()
	if authon.Left(w.Folder) {
		return Opening{}, hint.Refuse("Run lockstep bootstrap first: it finishes or undoes what that run began.",
			"the PKI folder holds the recovery file of an interrupted bootstrap; nothing was changed")
	}
	folder, err := w.Folder.Observe()
	if err != nil {
		return Opening{}, err
	}
	members, err := verify.Survey(ctx, w, nil)
	if err != nil {
		return Opening{}, err
	}
	if err := refuseUnasked(w, folder, members); err != nil {
		return Opening{}, err
	}
	o := Opening{Reason: reason, ClusterID: members[0].ClusterID, Opens: opens(w.Policy, folder, members, w.Now())}
	for _, m := range members {
		o.Members = append(o.Members, m.Name)
	}
	w.SayCluster(o.ClusterID)
	if state := (AuthState{Members: members}); !state.On() {
		o.Already, o.At, o.Revision = true, w.Now(), members[0].AuthRevision
		return o, nil
	}
	root := gettingIn(members)
	if len(root) == 0 {
		return Opening{}, hint.Refuse("On each member's host, restart etcd with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true, which its etcd.env holds): root then gets in by certificate.",
			"root gets in through no member; nothing was changed")
	}
	if err := confirm(ctx, o); err != nil {
		return Opening{}, err
	}
	if err := ctx.Err(); err != nil {
		return Opening{}, err
	}
	return turnOff(ctx, w, o, root)
}

// refuseUnasked refuses where a member of the cluster does not answer, or is not the policy's:
// one that is down would open its port later, without a word.
func refuseUnasked(w *world.World, folder certgen.State, members []verify.Member) error {
	advice := "Run the same command again when every member answers."
	var texts []string
	for _, m := range members {
		if m.Err != nil {
			texts = append(texts, m.Name+" cannot be asked: "+m.Err.Error())
		}
	}
	checks := slices.DeleteFunc(verify.MemberChecks(), func(c verify.Check) bool { return c.Code != "members/unknown" })
	report := verify.Judge(&verify.Evidence{Policy: w.Policy, Now: w.Now(), Folder: &folder, Members: members}, checks)
	for _, f := range report.Findings {
		texts = append(texts, strings.TrimPrefix(f.Subject.Name+": "+f.Text, ": "))
		advice = f.Remedy
	}
	if len(texts) == 0 {
		return nil
	}
	return hint.Refuse(advice, "auth is turned off only where every member of the cluster answers and the policy names it; nothing was changed: %s", strings.Join(texts, "; "))
}

// gettingIn is the URLs of the members through which root gets in by its certificate.
func gettingIn(members []verify.Member) (urls []string) {
	for _, m := range members {
		if m.Root.Outcome == verify.Accepted && !m.Learner {
			urls = append(urls, m.URL)
		}
	}
	return urls
}

// turnOff turns auth off through the members at urls, and sees on each member that it is. No
// signal cuts it short: the answer says how it ended.
func turnOff(ctx context.Context, w *world.World, o Opening, urls []string) (Opening, error) {
	ctx, end := w.Critical(ctx, switchCalls*w.CallTimeout)
	defer end()
	root, err := w.Root(ctx)
	if err != nil {
		return o, err
	}
	etcd, err := w.Connect(ctx, root, urls...)
	if err != nil {
		return o, fmt.Errorf("connecting to etcd: %w", err)
	}
	defer etcd.Close()
	w.Say("auth", "turning auth off")
	if err := etcd.DisableAuth(ctx); err != nil {
		return o, hint.With(err, "Run the same command again: it finds out whether auth is off and continues.")
	}
	w.Say("auth", "auth is off, looking at every member")
	o.At = w.Now()
	for _, m := range w.Members() {
		if o.Revision, err = seenOff(ctx, w, m); err != nil {
			return o, err
		}
	}
	return o, nil
}

// seenOff asks the member whether auth is off, and for its authRevision. A learner does not tell.
func seenOff(ctx context.Context, w *world.World, m world.Member) (uint64, error) {
	root, err := w.Root(ctx)
	if err != nil {
		return 0, err
	}
	var on bool
	var revision uint64
	c, err := w.Connect(ctx, root, m.URL)
	if err == nil {
		defer c.Close()
		on, revision, err = c.Auth(ctx)
	}
	switch {
	case store.IsLearner(err):
		return revision, nil
	case err != nil:
		return 0, hint.With(fmt.Errorf("auth is off, and %s does not answer any more: %w", m.Name, err), "lockstep auth status shows how things are.")
	case on:
		return 0, hint.With(fmt.Errorf("auth was turned off, and %s says that it is on: another client turned it on", m.Name), "lockstep auth status shows how things are.")
	}
	return revision, nil
}
