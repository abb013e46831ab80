package folder

import (
	"io/fs"
	"slices"
	"strings"

	"lockstep/certgen"
	"lockstep/policies/hint"
)

// refuseOthers stops at a folder that holds files and none of them lockstep's: easy-rsa
// keeps its CA in a folder pki as well, and kubeadm's is /etc/kubernetes/pki. What lockstep
// would write among them could be taken for theirs, and theirs for what lockstep left.
func (f *Folder) refuseOthers() error {
	names, err := f.list(".")
	if err != nil {
		return err
	}
	var others []string
	for _, name := range names {
		if strings.HasPrefix(name, ".") || name == "lost+found" { // of editors, git, mounts and file systems
			continue
		}
		ours, theirs := f.whose(name)
		if ours {
			return nil
		}
		if theirs {
			others = append(others, name)
		}
	}
	if len(others) == 0 {
		return nil
	}
	slices.Sort(others)
	const most = 4
	if len(others) > most {
		others = append(others[:most:most], "...")
	}
	return hint.Refuse("Name another folder with --pki. A CA that lies there is named by certificates.ca in the policy and --ca-key.",
		"%s is not a PKI folder of lockstep's: it holds %s, and nothing that lockstep wrote", f.path, strings.Join(others, ", "))
}

// whose reports whether an entry is a file of the layout, or a folder of it with one, and
// whether it is anything else. An empty folder of the layout is neither: a run was cut off.
// Links count by their names: ca/ may be a mount.
func (f *Folder) whose(name string) (ours, theirs bool) {
	_ = fs.WalkDir(f.root.FS(), name, func(at string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil: // what cannot be read is judged by what reads it
			return fs.SkipDir
		case entry.IsDir() && certgen.IsDir(at):
			return nil
		case entry.IsDir():
			theirs = true
			return fs.SkipDir
		case certgen.Locate(at).Purpose != certgen.ForStray:
			ours = true
			return fs.SkipAll
		}
		theirs = true
		return nil
	})
	return ours, theirs
}
