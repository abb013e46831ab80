package members

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"lockstep/bootstrap/change"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
	"lockstep/policies/pending"
)

// joinSteps is what the folder of the member needs so that it can join, its etcd.env first.
func (r *run) joinSteps(v View, replaces uint64) (env, rest certgen.Plan, err error) {
	state, err := r.World.Folder.Observe()
	if err != nil {
		return env, rest, err
	}
	m, _ := r.World.Policy.Member(r.Name)
	v.Replaces = replaces
	path := certgen.MemberEnvPath(r.Name)
	want := certgen.JoinEnv(r.World.Policy, m, v.initialCluster(m), replaces)
	if !bytes.Equal(state.Files[path], want) {
		env.Steps = []certgen.Step{{Action: certgen.Write, File: path, Content: want, Reason: reasonOf(state, path)}}
	}
	rest, err = r.own(with(state, path, want))
	return env, rest, err
}

func reasonOf(state certgen.State, path string) string {
	if _, there := state.Files[path]; there {
		return "it joins a cluster that runs"
	}
	return certgen.Missing
}

// with is the state with another content of one file.
func with(state certgen.State, path string, content []byte) certgen.State {
	files := map[string][]byte{path: content}
	for name, text := range state.Files {
		if name != path {
			files[name] = text
		}
	}
	state.Files = files
	return state
}

// own is what the folder of the member needs by the policy, and of the revocation lists what it
// needs for that.
func (r *run) own(state certgen.State) (certgen.Plan, error) {
	all := certgen.Diff(certgen.Desired(r.World.Policy), state, r.World.Now())
	if err := change.RefuseCAs(all); err != nil {
		return certgen.Plan{}, err
	}
	for _, p := range all.Pending {
		if r.concerns(p.Step) && p.Needs != pending.Prune {
			return certgen.Plan{}, hint.Refuse(change.KeyAdvice(all), "%s cannot be written, nothing was changed: %s: %s", p.Step.Path(), p.Step, p.Reason)
		}
	}
	for _, use := range []string{"server", "peer", "gateway"} {
		pair := state.Pairs[certgen.Place{Kind: certgen.PlaceMember, Name: r.Name}.In(use).String()]
		if pair.Leaf != nil && pair.Key == certgen.KeyAbsent {
			return certgen.Plan{}, hint.Refuse("lockstep certs rekey members/"+r.Name+" makes another one.", "the key of %s is not in the PKI folder, and a host with an empty folder needs it; nothing was changed", pair.Path)
		}
	}
	return certgen.Plan{Steps: change.Keep(all.Steps, r.concerns)}, nil
}

// concerns reports whether a step is in the member's folder.
func (r *run) concerns(s certgen.Step) bool {
	place := s.Place()
	return place.Kind == certgen.PlaceMember && place.Name == r.Name
}

// written reports whether the member's entry in the policy file and its folder are as they have
// to be now.
func (r *run) written(v View, m Member) (bool, error) {
	if !bytes.Equal(r.Before.Text, r.After.Text) {
		return false, nil
	}
	state, err := r.World.Folder.Observe()
	if err != nil {
		return false, err
	}
	if m.Joining && !m.Started() {
		env, rest, err := r.joinSteps(v, v.Replaces)
		return len(env.Steps)+len(rest.Steps) == 0, err
	}
	plan, err := r.own(state)
	return len(plan.Steps) == 0, err
}

// write writes the folder and the policy file: etcd.env first, so that whatever cuts the run off,
// no other command takes the member for one that founds a cluster.
func (r *run) write(ctx context.Context, v View, s Step) error {
	env, rest, err := r.joinSteps(v, s.Replaces)
	if err != nil {
		return err
	}
	if err := r.change.Write(ctx, env.Steps); err != nil {
		return err
	}
	if err := r.writePolicy(); err != nil {
		return err
	}
	return r.change.Write(ctx, rest.Steps)
}

func (r *run) writePolicy() error {
	if bytes.Equal(r.Before.Text, r.After.Text) {
		return nil
	}
	if err := edit.Write(r.Before.Name, r.Before, r.After); err != nil {
		return err
	}
	r.Before = r.After
	r.World.Say("members", "wrote %s", r.After.Name)
	return nil
}

// settle lets the other files name the member, and last takes from its etcd.env that it joins.
func (r *run) settle(ctx context.Context) error {
	if err := r.writePolicy(); err != nil {
		return err
	}
	state, err := r.World.Folder.Observe()
	if err != nil {
		return err
	}
	m, _ := r.World.Policy.Member(r.Name)
	path := certgen.MemberEnvPath(r.Name)
	want := certgen.MemberEnv(r.World.Policy, m)
	plan := certgen.Diff(certgen.Desired(r.World.Policy), with(state, path, want), r.World.Now())
	steps := change.Keep(plan.Steps, func(s certgen.Step) bool { return r.concerns(s) || namesMembers(s) })
	if err := r.change.Write(ctx, steps); err != nil {
		return err
	}
	r.result.Copy = listing(r.World.Policy)
	if bytes.Equal(state.Files[path], want) {
		return nil
	}
	return r.change.Write(ctx, []certgen.Step{{Action: certgen.Write, File: path, Content: want, Reason: "it has joined"}})
}

// namesMembers reports whether a step writes a file that lists the members.
func namesMembers(s certgen.Step) bool {
	return s.Action == certgen.Write && strings.HasSuffix(s.File, ".env")
}

// listing is the folders that hold a list of the members and are copied somewhere: those of
// components and proxies.
func listing(p *policies.Policy) []string {
	var out []string
	for name := range certgen.Desired(p).Files {
		if place := certgen.PlaceOf(name); place.Kind == certgen.PlaceComponent || place.Kind == certgen.PlaceProxy {
			out = append(out, place.Folder().String())
		}
	}
	slices.Sort(out)
	return out
}

// retire retires the certificates of the member, takes it out of the lists in the other files, and
// last out of the policy file.
func (r *run) retire(ctx context.Context) error {
	state, err := r.World.Folder.Observe()
	if err != nil {
		return err
	}
	plan := certgen.Diff(certgen.Desired(r.Next), state, r.World.Now())
	if err := change.RefuseCAs(plan); err != nil {
		return err
	}
	steps := change.Keep(plan.Removals(), r.concerns)
	if err := r.change.Write(ctx, steps); err != nil {
		return err
	}
	lists := change.Keep(plan.Steps, func(s certgen.Step) bool { return namesMembers(s) && !r.concerns(s) })
	if err := r.change.Write(ctx, lists); err != nil {
		return err
	}
	r.result.Copy = listing(r.Next)
	return r.writePolicy()
}
