package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"lockstep/bootstrap"
	"lockstep/certgen"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
)

// runAddInstance adds one instance to a component that the policy names.
func runAddInstance(ctx context.Context, opts addOptions) error {
	if opts.describes() {
		return hint.With(errors.New("--instance is for a component that the policy names already"),
			"Add the component first, without --instance; then add its instances one by one.")
	}
	files, err := policies.Read(opts.policy, opts.stdin)
	if err != nil {
		return err
	}
	component, _, before, err := opts.declared(files, opts.entry.Name, "lockstep certs list shows the components.")
	if err != nil {
		return err
	}
	after, err := edit.AddInstance(before, component.Name, opts.instance)
	if err != nil {
		return err
	}
	p, err := parsePolicy(replaced(files, after)...)
	if err != nil {
		return err
	}
	holder, _ := p.Holder(policies.Holder{Component: component, Instance: opts.instance}.ID())
	s, err := opts.enter(ctx, p, opts.connection, opts.locked)
	if err != nil {
		return err
	}
	defer s.leave()
	add := bootstrap.ComponentChange{Name: component.Name, Instance: opts.instance, ReuseName: opts.reuseName, Before: before, After: after}
	proofs, err := bootstrap.Add(ctx, s.World, add, terminal{opts.globals, s})
	s.pause()
	if err != nil {
		return err
	}
	return opts.added(s, holder, edit.Diff(before, after), proofs[0])
}

// folderOf is where the certificate of a holder lies.
func folderOf(s *session, h policies.Holder) string {
	dir := certgen.ComponentProfile(s.Policy, h).Place().Folder()
	return filepath.Join(s.Folder.Path(), filepath.FromSlash(dir.String()))
}

// runRemoveInstance removes one instance of a component.
func runRemoveInstance(ctx context.Context, opts removeOptions) error {
	files, err := policies.Read(opts.policy, opts.stdin)
	if err != nil {
		return err
	}
	component, p, before, err := opts.declared(files, opts.name, "lockstep certs list shows the components.")
	if err != nil {
		return err
	}
	after, err := edit.RemoveInstance(before, component.Name, opts.instance)
	if err != nil {
		return err
	}
	next, err := parsePolicy(replaced(files, after)...)
	if err != nil {
		return err
	}
	s, err := opts.enter(ctx, p, opts.connection, opts.locked)
	if err != nil {
		return err
	}
	defer s.leave()
	state, err := s.Folder.Observe()
	if err != nil {
		return err
	}
	holder := policies.Holder{Component: component, Instance: opts.instance}
	answer := view.RemovedInstance{Name: holder.ID(), Component: component.Name, User: component.User.String(), Diff: edit.Diff(before, after),
		Retired: filepath.Join(s.Folder.Path(), "retired", component.Name)}
	if leaf := state.Pairs[certgen.ComponentProfile(p, holder).Path].Leaf; leaf != nil {
		answer.Until, answer.Serial = leaf.NotAfter, fmt.Sprintf("%x", leaf.SerialNumber)
	}
	remove := bootstrap.ComponentChange{Name: component.Name, Instance: opts.instance, Before: before, After: after}
	err = bootstrap.RemoveInstance(ctx, s.World, next, remove, terminal{opts.globals, s})
	s.pause()
	if err != nil {
		return err
	}
	return opts.answer(answer)
}
