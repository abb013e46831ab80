package folder

import (
	"io/fs"
	"slices"

	"lockstep/certgen"
)

// others looks whether other users could exchange or change what lies at name, but for the
// modes of keys and passwords, which are judged apart, and of folders of the layout: see
// visit.private. In ca/ and root/ it is refused, elsewhere it is only reported.
func (v *visit) others(name string, item certgen.Item, info fs.FileInfo) error {
	if v.open {
		if err := v.f.planted(name, info); err != nil {
			return v.fault(certgen.FaultFolder, name, err)
		}
	}
	if !v.reports && !certgen.Guarded(name) {
		return nil
	}
	if err := v.fault(certgen.FaultOwner, name, v.f.owned(name, info, v.observer.owner, v.owner)); err != nil {
		return err
	}
	switch {
	case info.IsDir() && certgen.IsDir(name), item.Purpose == certgen.ForKey && !item.Staged:
		return nil
	case info.IsDir():
		return v.fault(certgen.FaultFolder, name, v.f.closed(name, info))
	case item.Purpose == certgen.ForKey, item.Purpose == certgen.ForSecret, item.Purpose == certgen.ForPassword:
		return v.secret(name, info)
	}
	return v.fault(certgen.FaultFile, name, v.f.unchanged(name, info))
}

// guard is Folder.guard. Of a key in a folder of the same other user it is said of the folder.
func (v *visit) guard(name string, info fs.FileInfo) error {
	if v.reports && owner(info) == v.owner && !certgen.Lax(permissions(info)) {
		return nil
	}
	return v.f.guard(name, info)
}

// secret looks whether others could use a password, or a key whose writing was cut off. What
// uses it refuses it then.
func (v *visit) secret(name string, info fs.FileInfo) error {
	if !v.reports {
		return nil
	}
	return v.fault(certgen.FaultKey, name, v.guard(name, info))
}

// oneOfKeys drops, of faults by path, what is said of a key's mode and owner beside a FaultKey:
// that says it already.
func oneOfKeys(faults []certgen.Fault) []certgen.Fault {
	key := ""
	return slices.DeleteFunc(faults, func(f certgen.Fault) bool {
		if f.Kind == certgen.FaultKey {
			key = f.Path
		}
		return key == f.Path && (f.Kind == certgen.FaultFile || f.Kind == certgen.FaultOwner)
	})
}
