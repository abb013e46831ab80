package adopt

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// candidate is one file that may hold a certificate.
type candidate struct {
	name string
	info fs.FileInfo // of what a link leads to: certificates in Kubernetes are mounted that way
	link bool
	err  error // why info is not known
}

// distinct is every file in dir and below, by path, each once. Of several names of one
// file the links count, which stay the same when the file is renewed. Folders whose name
// begins with two dots are versions of a mounted Kubernetes Secret, which links beside
// them lead to; links to folders are not followed.
func distinct(dir fs.FS) ([]candidate, error) {
	var out []candidate
	err := fs.WalkDir(dir, ".", func(name string, entry fs.DirEntry, err error) error {
		switch base := path.Base(name); {
		case err != nil:
			return err
		case entry.IsDir() && strings.HasPrefix(base, ".."):
			return fs.SkipDir
		case entry.IsDir():
			return nil
		}
		file := candidate{name: name, link: entry.Type()&fs.ModeSymlink != 0}
		if file.info, file.err = fs.Stat(dir, name); file.err != nil || !file.info.IsDir() {
			out = append(out, file)
		}
		return nil
	})
	return once(out), err
}

// once leaves one name of each file, the first link or else the first name.
func once(all []candidate) []candidate {
	type likeness struct{ size, time int64 } // files that differ in it are not the same
	chosen := map[likeness][]int{}
	drop := map[int]bool{}
	for i, file := range all {
		if file.err != nil {
			continue
		}
		alike := likeness{file.info.Size(), file.info.ModTime().UnixNano()}
		at := slices.IndexFunc(chosen[alike], func(j int) bool { return os.SameFile(all[j].info, file.info) })
		switch {
		case at < 0:
			chosen[alike] = append(chosen[alike], i)
		case file.link && !all[chosen[alike][at]].link:
			drop[chosen[alike][at]] = true
			chosen[alike][at] = i
		default:
			drop[i] = true
		}
	}
	var out []candidate
	for i, file := range all {
		if !drop[i] {
			out = append(out, file)
		}
	}
	return out
}
