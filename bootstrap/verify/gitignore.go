package verify

import (
	"fmt"
	"maps"
	"slices"

	"lockstep/certgen"
	"lockstep/policies/count"
)

// findUnignored names the .gitignore by which git would take private keys into a repository.
// One that is missing or cannot be read is another check's.
func findUnignored(j *judgement) (out findings) {
	text, found := j.Folder.Files[certgen.IgnoreFile]
	if !found {
		return nil
	}
	taken := slices.DeleteFunc(j.secrets(), func(file string) bool { return certgen.GitIgnores(string(text), file) })
	if len(taken) == 0 {
		return nil
	}
	said := "git would take " + taken[0]
	if more := len(taken) - 1; more > 0 {
		said += fmt.Sprintf(" and %s with private keys", count.Of(more, "other file"))
	}
	out.add(Subject{SubjectFile, certgen.IgnoreFile}, said+" into a repository",
		"Replace keys that git has taken already (git ls-files); then: echo '*' > "+j.word(certgen.IgnoreFile))
	return out
}

// secrets is the files of the folder that hold a private key or a password, sorted.
func (j *judgement) secrets() []string {
	files := map[string]bool{certgen.RecoveryFile: j.Recovery}
	for name, pair := range j.Folder.Pairs {
		files[name+".key"] = pair.Key != certgen.KeyAbsent
	}
	for _, c := range j.Folder.Contents {
		files[c.Path] = files[c.Path] || c.Keys > 0
	}
	maps.DeleteFunc(files, func(_ string, secret bool) bool { return !secret })
	return slices.Sorted(maps.Keys(files))
}
