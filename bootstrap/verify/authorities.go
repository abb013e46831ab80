package verify

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/certgen"
)

// authorityChecks is about the CAs, lockstep's own and one that others made.
func authorityChecks() []Check {
	return []Check{
		{
			Code: "certificates/authority", Severity: Critical, Needs: NeedsFolder,
			Sentence: "the CAs are there, valid, and the ones from which the certificates came",
			Remedy:   "restore ca/ from its backup; where dates are at fault, compare this host's clock with another one first (date -u); then replace a CA that has expired: lockstep certs rotate-ca client (or server, peer) --compromised",
			Find:     findBlocked,
		},
		{
			Code: "certificates/brought-ca", Severity: Critical, Needs: NeedsFolder,
			Sentence: "the CA that certificates.ca names can sign what the policy asks for, and is the one from which the certificates came",
			Remedy:   "put the right CA's certificate where certificates.ca points, or change certificates.ca, as the text says; nothing is written until then",
			Find:     findBlockedExternal,
		},
		{
			Code: "certificates/shared-ca", Severity: Warning, Needs: NeedsFolder, Acceptable: true,
			Sentence: "each CA does one job",
			Remedy:   "nothing has to be done now; without certificates.ca lockstep makes three CAs that can do no more than they must",
			Find:     findSharedCA,
		},
		{
			Code: "certificates/ca-due", Severity: Warning, Needs: NeedsFolder, Acceptable: true,
			Sentence: "no CA is in the last third of its life",
			Remedy: "a CA that certificates.ca names: have its owner renew it with the same key and subject, run lockstep apply, and restart the members with it, or replace it (lockstep certs rotate-ca client says how); " +
				"a CA of lockstep's own: lockstep certs rotate-ca client (or server, peer) replaces it step by step",
			Find: findDueCAs,
		},
		{
			Code: "certificates/rotation", Severity: Warning, Needs: NeedsFolder, Acceptable: true,
			Sentence: "no rotation of a CA waits for its next run",
			Remedy:   "lockstep certs rotate-ca client (or server, peer) goes on, and says what it waits for",
			Find:     findRotations,
		},
		{
			Code: "certificates/outlives-ca", Severity: Warning, Needs: NeedsFolder,
			Sentence: "no certificate ends after its CA",
			Remedy:   "it stops when its CA does: lockstep certs renew makes one that ends before, lockstep certs rotate-ca a CA that ends later; for a certificate of another maker, have its maker give it an earlier end, or renew the CA with the same key and subject",
			Find:     findOutliving,
		},
	}
}

func findBlocked(j *judgement) (out findings) {
	if plan := j.certificatesPlan(); plan.ExternalCA == "" {
		for _, sentence := range plan.Blocked() {
			out.add(Subject{}, sentence)
		}
	}
	return out
}

func findBlockedExternal(j *judgement) (out findings) {
	if plan := j.certificatesPlan(); plan.ExternalCA != "" {
		for _, sentence := range plan.Blocked() {
			out.add(Subject{SubjectFile, plan.ExternalCA}, sentence)
		}
	}
	return out
}

func findSharedCA(j *judgement) (out findings) {
	if j.Folder.ExternalCA.Current == nil {
		return out
	}
	out.add(Subject{SubjectFile, j.Policy.Certificates.CA.Path}, strings.Join(certgen.Costs(j.Folder.ExternalCA.Current), "; "))
	return out
}

// eachCA calls use for every CA with the file that its owner knows: one that others made
// is all CAs at once.
func (e *Evidence) eachCA(use func(file string, ca *x509.Certificate)) {
	seen := map[string]bool{}
	for _, p := range certgen.Desired(e.Policy).Profiles {
		ca, err := e.Folder.Authority(p.CA)
		if p.Kind == certgen.KindCA && err == nil && !seen[p.File()] {
			seen[p.File()] = true
			use(p.File(), ca)
		}
	}
}

func findDueCAs(j *judgement) (out findings) {
	j.eachCA(func(file string, ca *x509.Certificate) {
		if j.due(ca) {
			out.add(Subject{SubjectFile, file}, j.ending(ca))
		}
	})
	return out
}

// findRotations finds each CA that has another generation.
func findRotations(j *judgement) (out findings) {
	for _, ca := range certgen.CAs() {
		stage := j.Folder.Stage(ca)
		switch remedy := fmt.Sprintf("lockstep certs rotate-ca %s goes on, and says what it waits for", ca); {
		case stage != certgen.StageNone:
			file := certgen.CAPlace(ca, certgen.Generation(stage)).String() + ".crt"
			out.add(Subject{SubjectFile, file}, rotating(ca, stage), remedy)
		case j.wants(ca) && j.Folder.Inherited(ca):
			out.add(Subject{SubjectFile, certgen.CAPath(ca) + ".crt"}, fmt.Sprintf("is external and still the %s CA, and the policy names no external CA any more", ca), remedy)
		}
	}
	return out
}

// wants reports whether the policy has such a CA.
func (e *Evidence) wants(ca certgen.CA) bool {
	return slices.ContainsFunc(certgen.Desired(e.Policy).Profiles, func(p certgen.Profile) bool { return p.Kind == certgen.KindCA && p.CA == ca })
}

func rotating(ca certgen.CA, stage certgen.Stage) string {
	switch stage {
	case certgen.StageNext:
		return fmt.Sprintf("the %s CA is being replaced: this one is to be trusted beside it, and does not sign yet", ca)
	case certgen.StagePrevious:
		return fmt.Sprintf("the %s CA is new: this one is trusted still, until its certificates are replaced", ca)
	}
	return fmt.Sprintf("the %s CA is new: this one is in no copy any more, and what was not restarted may trust it still", ca)
}

// findOutliving leaves to findWeak a certificate that is valid for too long, and to findBlocked
// a CA that has expired already.
func findOutliving(j *judgement) (out findings) {
	for _, p := range j.wanted().Profiles {
		leaf := j.Folder.Pair(p).Leaf
		trust, err := j.Folder.Trust(p.CA)
		if leaf == nil || err != nil || p.Kind == certgen.KindCA {
			continue
		}
		ca := trust.Of(leaf)
		tooLong := slices.ContainsFunc(j.defects(p), func(d certgen.Defect) bool { return d.Weak && d.Code == certgen.CodeLifetime })
		if tooLong || !j.Now.Before(ca.NotAfter) {
			continue
		}
		if leaf.NotAfter.After(ca.NotAfter) && leaf.CheckSignatureFrom(ca) == nil {
			out.add(Subject{SubjectFile, p.File()}, fmt.Sprintf("ends on %s, and its CA on %s", leaf.NotAfter.UTC().Format(time.DateOnly), ca.NotAfter.UTC().Format(time.DateOnly)))
		}
	}
	return out
}
