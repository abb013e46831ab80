package verify

import (
	"slices"

	"lockstep/certgen"
	"lockstep/roles"
)

// Beyond is what verify would find that a plan does not show: grave findings for which
// the PKI folder and etcd's users and roles are evidence enough. certificates is the plan's
// half of the folder, which the evidence may be without.
func Beyond(e *Evidence, certificates certgen.Plan) []Finding {
	checks := slices.DeleteFunc(Checks(), func(c Check) bool {
		return c.Brief == "" || c.Needs&NeedsFolder != 0 && e.Folder == nil
	})
	j := judging(e)
	j.plans.certificates = &certificates
	report := j.report(checks)
	counts, _ := AcceptPending(e, j.rolesPlan().Pending)
	return slices.DeleteFunc(report.Findings, func(f Finding) bool {
		shown := slices.ContainsFunc(counts, func(p roles.Pending) bool { return p.Step.User != "" && p.Step.User == f.Subject.Name })
		return shown || f.Severity > Error || ends(certificates, f.Subject)
	})
}

// ends reports whether a step of the plan puts another key and certificate in the place of
// the file, or takes it away.
func ends(plan certgen.Plan, at Subject) bool {
	return slices.ContainsFunc(plan.Steps, func(s certgen.Step) bool {
		return (s.Action == certgen.Reissue || s.Action == certgen.Retire) && at == Subject{SubjectFile, s.Path() + ".crt"}
	})
}

// BriefOf is what a finding of the check is, in a few words; "" where the plan shows it.
func BriefOf(code string) string {
	for _, c := range Checks() {
		if c.Code == code {
			return c.Brief
		}
	}
	return ""
}
