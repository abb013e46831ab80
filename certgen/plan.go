package certgen

// Action is one kind of change to the PKI folder.
type Action string

const (
	MakeCA   Action = "make CA"  // only where there is none; a CA is never replaced
	Issue    Action = "issue"    // a new key and certificate where there is none
	Reissue  Action = "reissue"  // the old certificate goes to retired/, its key is deleted
	Write    Action = "write"    // a file without secrets, which can be made again at any time
	Retire   Action = "retire"   // certificate to retired/, key deleted, nothing new
	Restrict Action = "restrict" // a key's mode back to 0600
)

// Step is one change, with its own sentence (String) and reason.
type Step struct {
	Action  Action
	Profile Profile // of MakeCA, Issue, Reissue, Retire
	File    string  // of Write and Restrict: path below the PKI folder
	Content []byte  // of Write
	Reason  string
}

// Plan is what Diff found; authorities come first.
type Plan struct {
	Steps   []Step
	Blocked []string // what cannot be mended by a step and needs the operator, in sentences (a CA without certificate, an expired CA)
}
