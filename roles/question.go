package roles

import "lockstep/policies/keyrange"

// Question asks etcd, as one identity, whether an access to a range is allowed. It
// is answered without reading a value or writing a key (fact 23).
type Question struct {
	Access keyrange.Access // Read or Write, never both
	Range  keyrange.Range
	Want   Verdict
	About  string // what the range is: `prefix "/registry/"`, `just past prefix "/registry/"`, `flannel's prefix ...`
}

// Verdict is etcd's answer. The zero value is Inconclusive: it never counts as passed.
type Verdict int

const (
	Inconclusive Verdict = iota
	Allowed
	Denied // PermissionDenied and nothing else
)

// Answer is a question with what etcd said.
type Answer struct {
	Question
	Got Verdict
	Err error // why it is inconclusive
}

// Passed reports whether etcd's answer is the expected one.
func (a Answer) Passed() bool { return a.Got != Inconclusive && a.Got == a.Want }
