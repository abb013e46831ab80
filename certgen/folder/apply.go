package folder

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"lockstep/certgen"
	"lockstep/certgen/authority"
)

// Apply carries out exactly the steps of plan, with the CAs in the folder, and calls
// done with each one that is on the disk, never two at a time; Step.Signed is set in those that
// signed. First comes what was cut off, then the CAs, then the records of revocations, then
// revocation lists, then everything else, each folder by folder, at most inFlight folders at a time.
// Of several errors it returns the first, which names step and path; what was begun is finished or
// cleared by the next plan. It takes the lock, without waiting, unless this Folder holds it already.
// An empty plan touches nothing.
func (f *Folder) Apply(ctx context.Context, plan certgen.Plan, now func() time.Time, inFlight int, done func(certgen.Step)) error {
	if len(plan.Steps) == 0 {
		return nil
	}
	if !f.held.Load() {
		unlock, err := f.Lock(ctx, 0)
		if err != nil {
			return err
		}
		defer unlock()
	}
	r := &run{f: f, now: now, report: done, authorities: map[certgen.CA]*authority.Authority{}, lists: map[certgen.CA][]byte{}}
	return advise(r.all(ctx, f.seen.Swap(nil), plan.Steps, max(inFlight, 1)))
}

// run is one Apply.
type run struct {
	f      *Folder
	now    func() time.Time
	report func(certgen.Step)

	state certgen.State // as it was after what was cut off had been finished, without keys

	mu          sync.Mutex // guards what follows
	authorities map[certgen.CA]*authority.Authority
	lists       map[certgen.CA][]byte

	reporting sync.Mutex
}

func (r *run) done(s certgen.Step) {
	if r.report == nil {
		return
	}
	r.reporting.Lock()
	defer r.reporting.Unlock()
	r.report(s)
}

// all carries out steps. seen is what the folder was shown to be under the same lock; nil for
// not known.
func (r *run) all(ctx context.Context, seen *certgen.State, steps []certgen.Step, inFlight int) error {
	if err := r.each(ctx, steps, certgen.Finish, func(s certgen.Step) error { return r.f.finish(s.File) }); err != nil {
		return err
	}
	finished := slices.ContainsFunc(steps, func(s certgen.Step) bool { return s.Action == certgen.Finish })
	switch {
	case !slices.ContainsFunc(steps, signs):
	case seen != nil && !finished:
		r.state = *seen
		r.f.serials.Add(r.state)
	default: // now: later the folder is in motion
		if err := r.observe(); err != nil {
			return err
		}
	}
	if err := r.each(ctx, steps, certgen.MakeCA, func(s certgen.Step) error { return r.makeCA(s.Profile) }); err != nil {
		return err
	}
	if err := r.each(ctx, steps, certgen.TakeInCA, func(s certgen.Step) error { return r.f.takeInCA(s) }); err != nil {
		return err
	}
	first, last := generations(steps)
	if err := r.generations(ctx, first); err != nil {
		return err
	}
	for _, stage := range inOrder(steps) {
		if err := r.units(ctx, unitsOf(stage), inFlight); err != nil {
			return err
		}
	}
	return r.generations(ctx, last)
}

// inOrder is steps in the order in which they come to the disk: the records of revocations, the
// revocation lists, the rest. A former key is not forgotten by a crash.
func inOrder(steps []certgen.Step) [3][]certgen.Step {
	var all [3][]certgen.Step
	for _, s := range steps {
		stage := 2
		switch {
		case s.Records():
			stage = 0
		case s.List != nil:
			stage = 1
		}
		all[stage] = append(all[stage], s)
	}
	return all
}

// signs reports whether a step needs to know the CAs.
func signs(s certgen.Step) bool {
	return s.Action == certgen.MakeCA || ofGeneration(s) || issues(s) || s.CopyOf != "" || s.List != nil
}

// each carries out the steps of one action, one after the other.
func (r *run) each(ctx context.Context, steps []certgen.Step, action certgen.Action, do func(certgen.Step) error) error {
	return r.inTurn(ctx, steps, func(s certgen.Step) bool { return s.Action == action && !ofGeneration(s) }, do)
}

// inTurn carries out the chosen steps, one after the other.
func (r *run) inTurn(ctx context.Context, steps []certgen.Step, chosen func(certgen.Step) bool, do func(certgen.Step) error) error {
	for _, s := range steps {
		if !chosen(s) {
			continue
		}
		err := ctx.Err()
		if err == nil {
			err = do(s)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", gerund(s), err)
		}
		r.done(s)
	}
	return nil
}

func (r *run) units(ctx context.Context, units []unit, inFlight int) error {
	var dirs []string
	for _, u := range units {
		dirs = append(dirs, u.dir)
		for _, s := range u.steps {
			if s.Action == certgen.Renew || s.Action == certgen.Reissue {
				dirs = append(dirs, path.Join(certgen.RetiredDir, s.Profile.Identity)) // their parent is forced to disk once
			}
		}
	}
	if err := r.f.mkdirs(dirs...); err != nil {
		return err
	}
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(inFlight)
	for _, u := range units {
		if inner.Err() != nil {
			break
		}
		group.Go(func() error { return r.unit(inner, u) })
	}
	if err := errors.Join(group.Wait(), ctx.Err()); err != nil {
		return err
	}
	for _, u := range units {
		if place := certgen.PlaceOf(u.dir); place.Instance != "" && u.retires() {
			if err := r.f.removeAbove(place); err != nil {
				return err
			}
		}
	}
	return nil
}

// gerund is what a step was doing when it failed.
func gerund(s certgen.Step) string {
	switch s.Action {
	case certgen.Finish:
		return "finishing " + s.Path()
	case certgen.MakeCA:
		return fmt.Sprintf("making the %s CA", s.Profile.CA)
	case certgen.Promote, certgen.Replace:
		return fmt.Sprintf("putting the next %s CA in place", s.Profile.CA)
	case certgen.Drop:
		return fmt.Sprintf("dropping the previous %s CA", s.Profile.CA)
	case certgen.TakeInCA:
		return fmt.Sprintf("taking in the %s CA", s.Profile.CA)
	case certgen.Issue:
		return "issuing " + s.Path()
	case certgen.Reissue:
		return "reissuing " + s.Path()
	case certgen.Sign:
		return "signing " + s.Path()
	case certgen.Renew:
		return "renewing " + s.Path()
	case certgen.Note:
		return "noting " + s.Profile.External
	case certgen.Retire:
		return "retiring " + s.Path()
	case certgen.Restrict:
		return "restricting " + s.Path()
	case certgen.MakePassword:
		return "making " + s.Path()
	case certgen.DropPassword:
		return "deleting " + s.Path()
	}
	return "writing " + s.Path()
}

// unit is all that happens in one folder: it is forced to disk together.
type unit struct {
	dir   string
	steps []certgen.Step
}

// retires reports whether a pair goes from the folder.
func (u unit) retires() bool {
	return slices.ContainsFunc(u.steps, func(s certgen.Step) bool { return s.Action == certgen.Retire })
}

// unitsOf groups steps by folder, in the order in which the folders first appear.
func unitsOf(steps []certgen.Step) []unit {
	var units []unit
	index := map[string]int{}
	for _, s := range steps {
		if s.Action == certgen.Finish || s.Action == certgen.MakeCA || s.Action == certgen.TakeInCA || ofGeneration(s) {
			continue
		}
		dir := path.Dir(s.Path())
		i, ok := index[dir]
		if !ok {
			i = len(units)
			index[dir] = i
			units = append(units, unit{dir: dir})
		}
		units[i].steps = append(units[i].steps, s)
	}
	return units
}

// unit stages every file of a folder, forces them to disk, renames them, and forces
// that to disk.
func (r *run) unit(ctx context.Context, u unit) error {
	for i := range u.steps {
		s := &u.steps[i]
		if err := ctx.Err(); err != nil {
			return r.undo(u.steps[:i], fmt.Errorf("%s: %w", gerund(*s), err))
		}
		if err := r.stage(ctx, s); err != nil {
			return r.undo(u.steps[:i+1], fmt.Errorf("%s: %w", gerund(*s), err))
		}
	}
	if slices.ContainsFunc(u.steps, pairs) {
		if err := r.f.disk.SyncDir(u.dir); err != nil {
			return r.undo(u.steps, fmt.Errorf("%s: %w", gerund(u.steps[0]), err))
		}
	}
	for i, s := range u.steps {
		if err := r.commit(s); err != nil {
			return r.undo(u.steps[i+1:], fmt.Errorf("%s: %w", gerund(s), err))
		}
	}
	if err := r.f.tidy(u); err != nil {
		return fmt.Errorf("%s: %w", gerund(u.steps[0]), err)
	}
	for _, s := range u.steps {
		r.done(s)
	}
	return nil
}

// issues reports whether a step puts a new certificate in place, with a new key or not.
func issues(s certgen.Step) bool {
	return s.Action == certgen.Issue || s.Action == certgen.Reissue || s.Action == certgen.Sign || s.Action == certgen.Renew
}

// pairs reports whether a step touches both halves of a pair: both new names have to be on the
// disk before the first is renamed. A renewal renames one file.
func pairs(s certgen.Step) bool { return issues(s) && s.Action != certgen.Renew }

// undo clears what was staged for steps that did not come to pass. What cannot be
// cleared now is cleared by the next plan, so that cause remains the one error.
func (r *run) undo(steps []certgen.Step, cause error) error {
	for _, s := range steps {
		switch s.Action {
		case certgen.Issue, certgen.Reissue:
			_ = r.f.unstage(s.Path() + ".key")
			_ = r.f.unstage(s.Path() + ".crt")
		case certgen.Renew, certgen.Sign, certgen.Note:
			_ = r.f.unstage(s.Path() + ".crt")
		case certgen.Write, certgen.MakePassword:
			_ = r.f.unstage(s.Path())
		}
	}
	return cause
}
