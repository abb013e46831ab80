package folder

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/handover"
	"lockstep/policies"
)

// Handout reads the folder of one component, member or proxy of p, keys included, and
// judges its certificates at the time now: what is not sound is not handed over. Files that
// do not belong into it are left out.
func (f *Folder) Handout(p *policies.Policy, name string, now time.Time) (handover.Identity, error) {
	id, err := handover.Find(p, name)
	if err != nil {
		return id, err
	}
	names, err := f.list(id.Dir)
	if err != nil {
		return id, adviseOpening(fmt.Errorf("reading %s of the PKI folder: %w", id.Dir, err))
	}
	slices.Sort(names)
	for _, base := range names {
		where := path.Join(id.Dir, base)
		if item := certgen.Locate(where); item.Purpose == certgen.ForStray || item.Staged {
			continue
		}
		content, info, err := f.read(where)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another run may just have removed it
		}
		if err != nil {
			return id, adviseOpening(fmt.Errorf("reading %s of the PKI folder: %w", where, err))
		}
		id.Files = append(id.Files, handover.File{Name: base, Mode: info.Mode().Perm(), Modified: info.ModTime(), Content: content})
	}
	state, err := f.Look()
	if err != nil {
		return id, err
	}
	return id, id.Check(state, now)
}
