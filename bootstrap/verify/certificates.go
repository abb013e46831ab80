package verify

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"path"
	"slices"
	"time"

	"lockstep/certgen"
	"lockstep/policies/pending"
)

func certificateChecks() []Check {
	return slices.Concat(identityChecks(), sharedKeyChecks(), rootChecks(), leafChecks(), policyChecks(), fileChecks())
}

// identityChecks are about which identities the folder holds.
func identityChecks() []Check {
	return []Check{
		{
			Code: "certificates/missing", Severity: Error, Needs: NeedsFolder,
			Sentence: "every certificate that the policy names is in the PKI folder",
			Remedy:   "lockstep apply issues it",
			Find:     findMissing,
		},
		{
			Code: "certificates/identity", Severity: Critical, Needs: NeedsFolder,
			Sentence: "no certificate names another user than its place in the folder says, or may sign others, and no key of a CA or a user is outside its place",
			Remedy:   "lockstep apply replaces it where the policy names its place; move a copy away, and restore ca/ from its backup; until its end it is what it says: if others had its key, lockstep certs revoke COMPONENT --serial HEX",
			Find:     findMisnamed,
		},
		{
			Code: "certificates/revoked", Severity: Error, Needs: NeedsFolder, Brief: "revoked certificate",
			Sentence: "no certificate that is in use is revoked",
			Remedy:   "lockstep certs rekey makes a new key and certificate: copy both; the members' copies of the CRL decide when the old one is refused",
			Find:     findRevoked,
		},
		{
			Code: "certificates/unnamed", Severity: Error, Needs: NeedsFolder, Acceptable: true,
			Sentence: "the PKI folder holds no member, proxy or component that the policy does not name",
			Remedy:   "lockstep apply --prune retires it, with its user if lockstep made that; or write it into the policy again",
			Find:     findUnnamed,
		},
	}
}

// leafChecks are about what the certificates say.
func leafChecks() []Check {
	return []Check{
		{
			Code: "certificates/defective", Severity: Error, Needs: NeedsFolder,
			Sentence: "every certificate is what its place in the folder says: CA, CN, usage, names, dates, key",
			Remedy:   "lockstep apply replaces it; the old one goes to retired/",
			Find:     findDefective,
		},
		{
			Code: "certificates/external", Severity: Error, Needs: NeedsFolder, Acceptable: true,
			Sentence: "every external certificate is what the policy says",
			Remedy:   externalRemedy,
			Find:     findExternal,
		},
		{
			Code: "certificates/due", Severity: Warning, Needs: NeedsFolder, Acceptable: true,
			Sentence: "no certificate is due for renewal (certificates.renewAt, the last third of its life unless given)",
			Remedy:   "lockstep apply or lockstep certs renew renews it with the same key: copy the new .crt; the owner of an external one renews it",
			Find:     findDue,
		},
	}
}

// fileChecks are about the keys' modes and the files beside the certificates.
func fileChecks() []Check {
	return []Check{
		{
			Code: "certificates/key-mode", Severity: Critical, Needs: NeedsFolder,
			Sentence: "no file that holds a private key, whatever its name, can be read by others",
			Remedy:   "chmod 0600 the key; if others had access, replace the certificate",
			Find:     findLaxKeys,
			Together: keysTogether,
		},
		{
			Code: "certificates/files", Severity: Error, Needs: NeedsFolder,
			Sentence: "the copies of the CAs, the CRLs and the environment files are what the policy says",
			Remedy:   "lockstep apply writes them again; copy changed member folders to their hosts",
			Find:     findFiles,
			Together: sameRemedy,
		},
		{
			Code: "certificates/stray", Severity: Warning, Needs: NeedsFolder, Acceptable: true,
			Sentence: "every file in the PKI folder is one that lockstep writes or reads",
			Remedy:   "look what it is and move it away; a certificate of our CA is an identity for as long as it is valid",
			Find:     findStray,
		},
	}
}

// steps calls use for every step of the folder's plan that has one of the actions.
func (j *judgement) steps(use func(certgen.Step), actions ...certgen.Action) {
	plan, unread := j.certificatesPlan(), j.Folder.Unread()
	for _, s := range slices.Concat(plan.Steps, pending.Steps(plan.Unsigned())) {
		if slices.Contains(actions, s.Action) && !unread(s.Path()) { // of what was not read nothing is known
			use(s)
		}
	}
}

// findMissing leaves a component to users/missing that was revoked with its user: one command took
// both, and one brings both back.
func findMissing(j *judgement) (out findings) {
	j.steps(func(s certgen.Step) {
		if !j.revokedWithUser(s.Profile) && !j.newGateway(s.Profile) {
			out.add(Subject{SubjectFile, s.Profile.Path + ".crt"}, s.Reason)
		}
	}, certgen.MakeCA, certgen.TakeInCA, certgen.Issue)
	return out
}

// revokedWithUser reports whether p is of a component whose certificate was revoked and whose user
// etcd does not have.
func (j *judgement) revokedWithUser(p certgen.Profile) bool {
	if j.Auth == nil || p.User.IsZero() {
		return false
	}
	_, there := j.Auth.User(p.User.String())
	return !there && j.wasRevoked(p.User.String())
}

// wasRevoked reports whether a certificate of the policy's user is recorded as revoked.
func (j *judgement) wasRevoked(user string) bool {
	return slices.ContainsFunc(j.Folder.Retired, func(r certgen.Retired) bool {
		return r.Revoked && !r.Alone && certgen.UserOf(r.Leaf) == user
	})
}

// defectiveRemedy is for members: apply asks one before it writes, bootstrap does not.
func defectiveRemedy(subject string) string {
	if certgen.PlaceOf(subject).Kind != certgen.PlaceMember {
		return ""
	}
	return "lockstep apply replaces it, or lockstep bootstrap where no member can be reached; the old one goes to retired/; copy both new files to the member's host"
}

// findDefective leaves to findDue what is only due, and to certificates/identity what is
// another identity's.
func findDefective(j *judgement) (out findings) {
	j.steps(func(s certgen.Step) {
		other := j.misnamed(s.Profile) ||
			s.Reason == certgen.ForeignKey && len(j.copied()[s.Profile.Path+".key"]) > 0
		if !s.Early && !other && s.Reason != certgen.RevokedReason { // of what is revoked: findRevoked
			out.add(Subject{SubjectFile, s.Profile.Path + ".crt"}, s.Reason, defectiveRemedy(s.Profile.Path+".crt"))
		}
	}, certgen.Reissue, certgen.Renew)
	return out
}

func findMisnamed(j *judgement) (out findings) {
	for _, p := range j.profiles() {
		if !j.misnamed(p) {
			continue
		}
		told := slices.DeleteFunc(slices.Clone(j.defects(p)), func(d certgen.Defect) bool { return !d.Fatal && !misnames(p, d) })
		remedy := cmp.Or(identityRemedy(j, p.File()), defectiveRemedy(p.File()))
		if p.External != "" {
			remedy = externalRemedy
		}
		out.add(Subject{SubjectFile, p.File()}, "its certificate "+joined(told), remedy)
	}
	return append(out, findCopied(j)...)
}

// misnamed reports whether the certificate of p names another user, or may do more.
func (j *judgement) misnamed(p certgen.Profile) bool {
	return slices.ContainsFunc(j.defects(p), func(d certgen.Defect) bool { return misnames(p, d) })
}

// misnames reports whether with this defect a certificate of p names another user, or may do more.
func misnames(p certgen.Profile, d certgen.Defect) bool {
	switch d.Code {
	case certgen.CodeCN, certgen.CodePathLength, certgen.CodeConstraints:
		return true
	case certgen.CodeBasic: // one without CA:FALSE is not a CA by that
		return d.Fatal && p.Kind != certgen.KindCA
	}
	return false
}

func findUnnamed(j *judgement) (out findings) {
	for _, p := range pending.Needing(j.certificatesPlan().Pending, pending.Prune) {
		out.add(Subject{SubjectFile, p.Step.Profile.Path + ".crt"}, p.Reason)
	}
	return out
}

func findLaxKeys(j *judgement) (out findings) {
	j.steps(func(s certgen.Step) { out.add(Subject{SubjectFile, s.File}, s.Reason, laxRemedy(j, s.File)) }, certgen.Restrict)
	return append(out, j.faults(certgen.FaultKey, func(path string) bool { return !keyOfCA(path) })...)
}

// laxRemedy is what to do about a key that is replaced where others have read it.
func laxRemedy(j *judgement, file string) string {
	place := certgen.PlaceOf(file)
	if place.Kind == certgen.PlaceCanary {
		return "chmod 600 " + j.word(file) // of a certificate for nothing
	}
	return fmt.Sprintf("If others can have read it: lockstep certs rekey %s; else: chmod 600 %s", nameOf(file), j.word(file))
}

func findFiles(j *judgement) (out findings) {
	unissued := map[string]bool{} // folders whose certificate is missing
	j.steps(func(s certgen.Step) { unissued[path.Dir(s.Profile.Path)] = true }, certgen.Issue)
	j.steps(func(s certgen.Step) {
		switch {
		case s.Early, j.overdue(s): // of a list that has to be signed again: findOldLists
		case s.Reason == certgen.Missing && unissued[path.Dir(s.File)]: // findMissing
		case s.Reason == certgen.SameMeaning, s.Reason == certgen.FirstStart:
			out = append(out, Finding{Severity: Info, Subject: Subject{SubjectFile, s.File}, Text: s.Reason})
		default:
			out.add(Subject{SubjectFile, s.File}, s.Reason)
		}
	}, certgen.Write)
	return append(out, j.needlessFiles()...)
}

// needlessFiles is passwords and certificates of gateways that are there and not wanted, or the
// other way round, and of which no other step of the same folder tells.
func (j *judgement) needlessFiles() (out findings) {
	told := map[string]bool{}
	j.steps(func(s certgen.Step) { told[path.Dir(s.Path())] = true }, certgen.Issue, certgen.Reissue, certgen.Write)
	j.steps(func(s certgen.Step) {
		if !told[path.Dir(s.Path())] {
			out.add(Subject{SubjectFile, s.Path()}, s.Reason)
		}
	}, certgen.MakePassword, certgen.DropPassword)
	j.steps(func(s certgen.Step) {
		if !told[path.Dir(s.Path())] {
			out.add(Subject{SubjectFile, s.Path() + ".crt"}, s.Reason)
		}
	}, certgen.Retire)
	return out
}

// externalRemedy is for certificates that lockstep does not make.
const externalRemedy = "its owner has to make it again, or the policy has to say something else; lockstep never writes it"

func findExternal(j *judgement) (out findings) {
	for _, p := range j.certificatesPlan().Unfit() {
		if p.Reason == certgen.RevokedReason || j.misnamed(p.Step.Profile) {
			continue // findRevoked, findMisnamed
		}
		out.add(Subject{SubjectFile, p.Step.Profile.External}, p.Reason)
	}
	return out
}

func findStray(j *judgement) (out findings) {
	for _, path := range j.Folder.Strays(j.Policy) {
		out.add(Subject{SubjectFile, path}, "belongs to no member, proxy or component of the policy")
	}
	return out
}

// dueRemedy is for a certificate that ends with its CA: a new one would, too.
func dueRemedy(j *judgement, subject string) string {
	for _, p := range j.wanted().Profiles {
		leaf, ca := j.Folder.Pair(p).Leaf, certgen.TrustSet{}
		if trust, err := j.Folder.Trust(p.CA); err == nil {
			ca = trust
		}
		if p.File() == subject && leaf != nil && ca.Current != nil && !leaf.NotAfter.Before(ca.Current.NotAfter) {
			return "it ends with its CA: lockstep certs rotate-ca replaces the CA"
		}
	}
	return ""
}

func findDue(j *judgement) (out findings) {
	for _, p := range j.wanted().Profiles {
		leaf := j.Folder.Pair(p).Leaf
		if p.Kind != certgen.KindCA && leaf != nil && j.due(leaf) { // of CAs: findDueCAs
			out.add(Subject{SubjectFile, p.File()}, j.ending(leaf), dueRemedy(j, p.File()))
		}
	}
	return out
}

// due reports whether cert is valid and due for renewal by the policy.
func (e *Evidence) due(cert *x509.Certificate) bool {
	return e.Now.Before(cert.NotAfter) && !e.Now.Before(e.dueAt(cert))
}

func (e *Evidence) dueAt(cert *x509.Certificate) time.Time {
	return e.Policy.Certificates.RenewAt.At(cert.NotBefore, cert.NotAfter)
}

// ending is the end of a certificate that is due, as a sentence.
func (e *Evidence) ending(cert *x509.Certificate) string {
	return fmt.Sprintf("ends on %s, in %s", cert.NotAfter.UTC().Format(time.DateOnly), Days(cert.NotAfter.Sub(e.Now)))
}

// Days is a duration as people say it: "12 days", "1 day", "5 hours".
func Days(d time.Duration) string {
	n, unit := int(d.Hours()/24), "day"
	if n == 0 {
		n, unit = int(d.Hours()), "hour"
	}
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
