package verify

import (
	"crypto/x509"

	"lockstep/certgen"
	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// judgement is one run of checks over the evidence, which it does not change.
type judgement struct {
	*Evidence
	plans  plans
	looked map[string]bool // the codes of the checks that could look
	found  map[said]bool   // what they found
}

// said is a check and the name of a subject, as the policy's accept spells them.
type said struct{ code, subject string }

func judging(e *Evidence) *judgement {
	return &judgement{Evidence: e, looked: map[string]bool{}, found: map[said]bool{}}
}

// Judge runs the checks over the evidence. A check whose evidence is missing is
// skipped with the reason.
func Judge(e *Evidence, checks []Check) Report {
	j := judging(e)
	r := j.report(checks)
	r.together(j, checks)
	return r
}

func (j *judgement) report(checks []Check) Report {
	var r Report
	acceptable := map[string]bool{}
	for _, c := range checks {
		if reason, remedy := j.missing(c.Needs); reason != "" {
			other, _ := j.missing(c.Needs &^ NeedsRoot)
			r.Skipped = append(r.Skipped, Skip{Code: c.Code, Reason: reason, Remedy: remedy, Chosen: other == "" || j.Offline && c.Needs&^NeedsFolder != 0})
			continue
		}
		j.looked[c.Code], acceptable[c.Code] = true, c.Acceptable
		found := c.Find(j).by(c)
		for _, f := range found {
			j.found[said{c.Code, f.Subject.Name}] = true
		}
		if len(found) == 0 {
			r.Passed = append(r.Passed, c.Code)
		}
		r.Findings = append(r.Findings, found...)
	}
	r.split(j.Policy, j.Now, acceptable)
	r.Findings = sorted(r.Findings)
	return r
}

// plans is what several checks ask of the same evidence: each looks at the signature of
// every certificate, so a judgement makes it once.
type plans struct {
	wanted       *certgen.Wanted
	certificates *certgen.Plan
	copied       map[string][]string          // see judgement.copied
	replaced     map[string]bool              // see judgement.replaced
	leaves       map[string]*x509.Certificate // see judgement.shownBy
	changed      *changed                     // see judgement.differs
	roles        *roles.Plan
	waiting      *[]roles.Pending
	redundant    map[string]map[keyrange.Pair]bool // by role
}

// wanted is what the policy asks of the folder.
func (j *judgement) wanted() certgen.Wanted {
	if j.plans.wanted == nil {
		wanted := certgen.Desired(j.Policy)
		j.plans.wanted = &wanted
	}
	return *j.plans.wanted
}

// certificatesPlan is what would be done to the folder.
func (j *judgement) certificatesPlan() certgen.Plan {
	if j.plans.certificates == nil {
		plan := certgen.Diff(j.wanted(), *j.Folder, j.Now)
		j.plans.certificates = &plan
	}
	return *j.plans.certificates
}

// rolesPlan is what would be done to etcd's users and roles.
func (j *judgement) rolesPlan() roles.Plan {
	if j.plans.roles == nil {
		plan := roles.Diff(roles.Desired(j.Policy), *j.Auth, j.owned(), roles.Allow{})
		j.plans.roles = &plan
	}
	return *j.plans.roles
}
