package verify

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"lockstep/policies/hint"
)

// enoughTogether is from how many on findings of one text are told as one.
const enoughTogether = 3

// manyNames is from how many names on a command takes --all instead.
const manyNames = 20

// together makes one finding of several that one cause made: those of one check with one text,
// where the check says by which remedy all of them end. What the policy accepts is told alone.
func (r *Report) together(j *judgement, checks []Check) {
	groups := map[string][]Finding{}
	key := func(f Finding) string {
		return strings.Join([]string{f.Code, f.Severity.String(), f.Text, verb(f.Remedy)}, "\n")
	}
	joins := map[string]func(*judgement, []Finding) string{}
	for _, c := range checks {
		joins[c.Code] = c.Together
	}
	for _, f := range r.Findings {
		if joins[f.Code] != nil && f.Subject.Kind == SubjectFile {
			groups[key(f)] = append(groups[key(f)], f)
		}
	}
	told := map[string]bool{}
	r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool {
		again := told[key(f)]
		told[key(f)] = true
		return again && len(groups[key(f)]) >= enoughTogether
	})
	for i, f := range r.Findings {
		if all := groups[key(f)]; len(all) >= enoughTogether {
			r.Findings[i].Remedy = joins[f.Code](j, all)
			for _, other := range all[1:] {
				r.Findings[i].Also = append(r.Findings[i].Also, other.Subject)
			}
		}
	}
}

// verb is what a remedy does to a certificate, which findings of one text may differ in; "" for the rest.
func verb(remedy string) string {
	words := strings.Fields(remedy)
	if len(words) < 3 || words[0] != "lockstep" && words[0] != "nothing" {
		return ""
	}
	return words[2]
}

// About is what the finding is about: its subject, and how many others.
func (f Finding) About() string {
	switch names := len(f.Also); {
	case names > 2:
		return fmt.Sprintf("%s and %d more", f.Subject.Name, names)
	case names > 0:
		about := f.Subject.Name
		for _, s := range f.Also {
			about += ", " + s.Name
		}
		return about
	}
	return f.Subject.Name
}

// sameRemedy is for findings whose remedy names no file.
func sameRemedy(_ *judgement, all []Finding) string { return all[0].Remedy }

// openTogether is for modes of the whole folder.
func openTogether(j *judgement, _ []Finding) string {
	return "look whether everything there is yours, and compare it with a copy that you trust; then: chmod -R go-w " + hint.Word(j.Folder.Root)
}

// keysTogether is for keys that others may read.
func keysTogether(j *judgement, _ []Finding) string {
	return "find " + hint.Word(j.Folder.Root) + " -name '*.key' -exec chmod 600 {} +; if others had access, replace the certificates: lockstep certs rekey --all --revoke"
}

// caKeysTogether is for keys of CAs that others may use.
func caKeysTogether(j *judgement, _ []Finding) string {
	return "if no other user can have read them: chmod 600 " + hint.Word(j.Folder.Root) + "/ca/*.key; else replace each CA: lockstep certs rotate-ca CA --compromised"
}

// ownersTogether is for files of another owner.
func ownersTogether(j *judgement, _ []Finding) string {
	return "look whether everything there is still yours, then, as root: chown -R OWNER " + hint.Word(j.Folder.Root)
}

// renewedTogether is one command of certs for all of the certificates.
func renewedTogether(j *judgement, all []Finding) string {
	words := strings.Fields(all[0].Remedy)
	if !strings.HasPrefix(all[0].Remedy, "lockstep certs ") {
		return "nothing has to be done; lockstep certs rotate-ca makes each CA as the policy says"
	}
	var names []string
	for _, f := range all {
		if name := nameOf(strings.TrimSuffix(f.Subject.Name, path.Ext(f.Subject.Name))); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) >= manyNames {
		names = []string{"--all"}
	}
	return j.command(words[2], false, names...)
}
