package verify

import (
	"cmp"
	"slices"
)

// Finding is one place where policy, certificates and etcd do not agree.
type Finding struct {
	Code string // the check's code: certificates/expired
	// Severity is the check's where it is not set.
	Severity Severity
	Subject  Subject
	Also     []Subject // others of which the same holds, for one cause
	Text     string
	Remedy   string // the check's where it is ""
}

// Subject is what a finding is about. The zero value is the cluster or the PKI folder as a whole.
type Subject struct {
	Kind SubjectKind
	Name string
}

// String is the name, as the report and the policy's accept spell it.
func (s Subject) String() string { return s.Name }

// SubjectKind is what a subject's name names.
type SubjectKind int

const (
	SubjectWhole     SubjectKind = iota // the cluster or the PKI folder; no name
	SubjectMember                       // a member of the cluster
	SubjectComponent                    // a component of the policy, or another identity that was proven
	SubjectUser                         // a user of etcd
	SubjectRole                         // a role of etcd
	SubjectFile                         // a path in the PKI folder, or one that the policy names
	SubjectCheck                        // the code of a check
	SubjectProxy                        // a proxy of the policy
)

// findings is what one check returns.
type findings []Finding

// add appends a finding with the check's severity and, where remedy is "" or not given, the
// check's remedy.
func (f *findings) add(s Subject, text string, remedy ...string) {
	*f = append(*f, Finding{Subject: s, Text: text, Remedy: cmp.Or(remedy...)})
}

// by fills in what the findings take from the check.
func (f findings) by(c Check) findings {
	for i := range f {
		f[i].Code = c.Code
		f[i].Severity = cmp.Or(f[i].Severity, c.Severity, Critical)
		f[i].Remedy = cmp.Or(f[i].Remedy, c.Remedy)
	}
	return f
}

// sorted puts the gravest first, then by code and subject.
func sorted(list []Finding) []Finding {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Subject.Name, b.Subject.Name), cmp.Compare(a.Text, b.Text))
	})
	return list
}
