package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/certgen"
)

// issueRoot is how root's certificate is made anew.
const issueRoot = "lockstep certs issue root --ttl 1h"

// rootChecks is about root's certificate in the folder, which no policy names.
func rootChecks() []Check {
	return []Check{{
		Code: "certificates/root", Severity: Error, Needs: NeedsFolder, Brief: "faulty certificate of root",
		Sentence: "what lies in root/ is a certificate by which etcd takes its holder for root, and it ends soon",
		Remedy:   issueRoot + " makes another one; where none is needed, remove root/",
		Find:     findRoot,
	}}
}

// profiles is what the policy asks for, and root's certificate if one is here that has not
// expired.
func (j *judgement) profiles() []certgen.Profile {
	all := j.wanted().Profiles
	if !j.rootLives() {
		return all
	}
	return append(slices.Clip(all), certgen.RootProfile(j.Policy, 0))
}

// rootLives reports whether a certificate that has not expired is in root/.
func (e *Evidence) rootLives() bool {
	leaf := e.Folder.Pairs[certgen.RootPath].Leaf
	return leaf != nil && e.Now.Before(leaf.NotAfter)
}

// findRoot says all that is wrong with root's certificate but its user, of which
// certificates/identity tells. One that has expired is left over from its use.
func findRoot(j *judgement) (out findings) {
	pair, found := j.Folder.Pairs[certgen.RootPath]
	if !found || pair.Leaf != nil && !j.rootLives() || j.Folder.Unread()(certgen.RootPath) {
		return nil
	}
	if texts, remedy := j.rootFaults(pair); len(texts) > 0 {
		out.add(Subject{SubjectFile, certgen.RootPath + ".crt"}, strings.Join(texts, "; "), remedy)
	}
	for _, s := range certgen.DiffRoot(j.Policy, 0, *j.Folder, j.Now).Steps {
		switch {
		case s.Reason == certgen.Missing || s.Reason == certgen.SameMeaning:
		case s.CopyOf != "": // what etcdctl trusts
			out.add(Subject{SubjectFile, s.File}, s.Reason, issueRoot)
		case s.File == rootEnv && otherwiseAlike(j.Folder.Files[rootEnv], certgen.RootEnv(j.Policy)):
			out = append(out, Finding{Severity: Info, Subject: Subject{SubjectFile, s.File}, Text: "names other endpoints than the policy", Remedy: issueRoot})
		case s.File == rootEnv:
			out.add(Subject{SubjectFile, s.File}, s.Reason, issueRoot)
		}
	}
	return out
}

// rootEnv is what etcdctl reads as root.
const rootEnv = "root/etcdctl.env"

// otherwiseAlike reports whether two environment files differ in their endpoints alone: the policy's
// members have changed since the one was written.
func otherwiseAlike(a, b []byte) bool {
	without := func(text []byte) (lines []string) {
		for line := range strings.Lines(string(text)) {
			if !strings.HasPrefix(line, "ETCDCTL_ENDPOINTS=") {
				lines = append(lines, line)
			}
		}
		return lines
	}
	return slices.Equal(without(a), without(b))
}

func (j *judgement) rootFaults(pair certgen.Pair) (texts []string, remedy string) {
	if pair.Leaf == nil {
		return []string{cmp.Or(pair.Problem, "is missing beside its key")}, issueRoot
	}
	remedy = issueRoot
	p := certgen.RootProfile(j.Policy, 0)
	for _, d := range j.defects(p) {
		if misnames(p, d) {
			return nil, ""
		}
		if d.Fatal {
			texts = append(texts, "its certificate "+d.Text)
		}
	}
	switch pair.Key {
	case certgen.KeyForeign:
		texts = append(texts, certgen.ForeignKey)
	case certgen.KeyUnreadable:
		texts = append(texts, "its key cannot be read")
	}
	if life := pair.Leaf.NotAfter.Sub(pair.Leaf.NotBefore); life > certgen.RootLongest+certgen.Backdate {
		texts = append(texts, fmt.Sprintf("is valid until %s: the holder of its key is root until then, and root's certificate is made for %s at most",
			pair.Leaf.NotAfter.UTC().Format(time.DateOnly), Days(certgen.RootLongest)))
		remedy = issueRoot + " && lockstep certs revoke root"
	}
	return texts, remedy
}
