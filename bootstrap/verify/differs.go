package verify

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/certgen"
)

// policyChecks compare certificates that etcd and its clients accept with what the policy says.
func policyChecks() []Check {
	return []Check{
		{
			Code: "certificates/weak", Severity: Error, Needs: NeedsFolder, Acceptable: true, Brief: "certificate weaker than the policy",
			Sentence: "no certificate protects less than the policy asks for: its lifetime, its organization, the identifier of its CA's key",
			Remedy:   "lockstep certs renew makes one as the policy says; where it is valid for too long, lockstep certs rekey --revoke also ends the present one",
			Find:     findWeak,
		},
		{
			Code: "certificates/differs", Severity: Info, Needs: NeedsFolder, Acceptable: true,
			Sentence: "every certificate is as lockstep would make it now: subject, lifetime, kind of key, serial number, extensions",
			Remedy:   "lockstep certs renew makes one as the policy says, for the same key; lockstep certs rekey one with a new key",
			Find:     findDiffering,
			Together: renewedTogether,
		},
	}
}

// defects is what is wrong with the certificate of p.
func (j *judgement) defects(p certgen.Profile) []certgen.Defect {
	if found, judged := j.certificatesPlan().Defects[p.Path]; judged {
		return found
	}
	leaf := j.Folder.Pair(p).Leaf
	trust, err := j.Folder.Trust(p.CA)
	if leaf == nil || err != nil {
		return nil // other checks say so
	}
	return certgen.Defects(leaf, j.Folder.Judged(p), trust.Of(leaf), j.Now)
}

// accepted calls use for each certificate without a fatal defect that has defects of which no
// other check tells: those that weaken, or the others.
func (j *judgement) accepted(weak bool, use func(p certgen.Profile, defects []certgen.Defect)) {
	for _, p := range j.wanted().Profiles {
		all := j.defects(p)
		if slices.ContainsFunc(all, func(d certgen.Defect) bool { return d.Fatal }) {
			continue
		}
		told := func(d certgen.Defect) bool { return d.Weak != weak || d.Code == certgen.CodeOutlives || misnames(p, d) }
		if rest := slices.DeleteFunc(slices.Clone(all), told); len(rest) > 0 {
			use(p, rest)
		}
	}
}

func findWeak(j *judgement) (out findings) {
	j.accepted(true, func(p certgen.Profile, defects []certgen.Defect) {
		out.add(Subject{SubjectFile, p.File()}, "its certificate "+joined(defects), j.weakRemedy(p, defects))
	})
	return out
}

func findDiffering(j *judgement) (out findings) {
	j.accepted(false, func(p certgen.Profile, defects []certgen.Defect) {
		out.add(Subject{SubjectFile, p.File()}, "its certificate "+joined(defects), j.differsRemedy(p, defects))
	})
	return out
}

func joined(defects []certgen.Defect) string {
	var texts []string
	for _, d := range defects {
		texts = append(texts, d.Text)
	}
	return strings.Join(texts, "; ")
}

func has(defects []certgen.Defect, code string) bool {
	return slices.ContainsFunc(defects, func(d certgen.Defect) bool { return d.Code == code })
}

// nameOf is the certificate at path as lockstep certs renew and rekey take its name.
func nameOf(path string) string { return certgen.NameOf(certgen.PlaceOf(path).Folder().String()) }

// command is lockstep certs renew or rekey for the names, with what it needs.
func (j *judgement) command(verb string, revoke bool, names ...string) string {
	words := append([]string{"lockstep certs", verb}, names...)
	if revoke {
		words = append(words, "--revoke")
	}
	if j.Policy.HasExternalCA() {
		words = append(words, "--ca-key FILE")
	}
	return strings.Join(words, " ")
}

// weakRemedy replaces the certificate. One that is valid for too long is revoked, too, where a
// list can name it: a new one alone would not shorten it.
func (j *judgement) weakRemedy(p certgen.Profile, defects []certgen.Defect) string {
	if has(defects, certgen.CodeLifetime) {
		return j.command("rekey", p.CA != certgen.ServerCA, nameOf(p.Path))
	}
	return j.command("renew", false, nameOf(p.Path))
}

// differsRemedy keeps the key where the certificate alone can be brought in line.
func (j *judgement) differsRemedy(p certgen.Profile, defects []certgen.Defect) string {
	rekey := j.command("rekey", false, nameOf(p.Path))
	switch {
	case p.Kind == certgen.KindCA:
		return fmt.Sprintf("nothing has to be done; lockstep certs rotate-ca %s makes a CA as the policy says", p.CA)
	case p.External != "":
		return "nothing has to be done; its owner may leave that out of the next one"
	case !has(defects, certgen.CodeKeyKind):
		return j.command("renew", false, nameOf(p.Path))
	case j.Folder.Pair(p).Key == certgen.KeyAbsent:
		return rekey + ", unless the component keeps a key of its own (lockstep certs sign): then nothing has to be done"
	}
	return rekey
}
