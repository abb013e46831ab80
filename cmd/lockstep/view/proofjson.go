package view

// proofDocument is the answer of verify, bootstrap and rehearse (kinds Verify,
// Bootstrap, Rehearsal).
type proofDocument struct {
	Header
	Cluster    string              `json:"cluster"`
	ClusterID  string              `json:"clusterID,omitempty"` // hex, as etcdctl prints it; absent when no member told
	Changed    bool                `json:"changed"`             // something was done in this run
	InStep     bool                `json:"inStep"`
	Members    []memberDocument    `json:"members"`
	Components []ComponentDocument `json:"components"`
	Findings   []FindingDocument   `json:"findings"`       // the gravest first
	Accepted   []acceptedDocument  `json:"accepted"`       // findings that the policy accepts; they do not count
	Passed     []string            `json:"passed"`         // codes of checks that found nothing
	Skipped    []skippedDocument   `json:"skipped"`        // checks that could not look
	Soak       *SoakDocument       `json:"soak,omitempty"` // of bootstrap --soak
}

// SoakDocument is what the members refused after auth was on, while no client of lockstep
// asked them anything. Nothing was refused if refused, restarted and unknown are
// empty.
type SoakDocument struct {
	Asked     float64           `json:"asked"`   // seconds
	Watched   float64           `json:"watched"` // seconds; less than asked after a Ctrl-C
	Refused   []refusedDocument `json:"refused"`
	Restarted []string          `json:"restarted"` // members whose counts began anew
	Unknown   []unknownDocument `json:"unknown"`   // members whose counts could not be read at the beginning or at the end
	Gateway   []string          `json:"gateway"`   // members whose HTTP gateway may have refused what is in no count
}

// refusedDocument is how often a member refused one kind of request in one way.
type refusedDocument struct {
	Member string `json:"member"`
	Method string `json:"method"` // Range, Put, Txn, as etcd's gRPC names them
	Code   string `json:"code"`   // gRPC's: PermissionDenied, InvalidArgument
	Count  uint64 `json:"count"`
}

// unknownDocument is a member of which it is not known what it refused.
type unknownDocument struct {
	Member string `json:"member"`
	Reason string `json:"reason"`
}

// memberDocument is one etcd server.
type memberDocument struct {
	Name    string `json:"name"`
	URL     string `json:"url"`
	Version string `json:"version,omitempty"`
	Reached bool   `json:"reached"`
}

// ComponentDocument is what one identity found out about itself.
type ComponentDocument struct {
	Name      string        `json:"name"`
	User      string        `json:"user"`
	Role      string        `json:"role"`
	Proven    bool          `json:"proven"`
	Member    string        `json:"member"` // the one that answered
	Minted    bool          `json:"minted"` // by a certificate made for the proof
	Allowed   countDocument `json:"allowed"`
	Refused   countDocument `json:"refused"`
	NotAfter  string        `json:"notAfter,omitempty"`  // RFC 3339, of the certificate that was used
	NotProven string        `json:"notProven,omitempty"` // why not
}

// countDocument is how many of the questions got the expected answer.
type countDocument struct {
	Proven int `json:"proven"`
	Asked  int `json:"asked"`
}

// FindingDocument is one place where policy, certificates and etcd do not agree.
type FindingDocument struct {
	Code     string   `json:"code"`
	Severity string   `json:"severity"`       // critical, error, warning, info
	Subject  string   `json:"subject"`        // component, member or path; "" for the cluster
	Also     []string `json:"also,omitempty"` // others of which the same holds, for one cause
	Text     string   `json:"text"`
	Remedy   string   `json:"remedy"`
}

// acceptedDocument is a finding that the policy accepts until a day.
type acceptedDocument struct {
	FindingDocument
	Until  string `json:"until"` // the last day, as 2027-06-30, in UTC
	Reason string `json:"reason"`
}

// skippedDocument is a check that could not look.
type skippedDocument struct {
	Code   string `json:"code"`
	Reason string `json:"reason"`
	Remedy string `json:"remedy"`
	Chosen bool   `json:"chosen"` // the operator named an administrator in root's place: it does not count
}

// issuedDocument is the answer of certs issue (kind Issued).
type issuedDocument struct {
	Header
	Folder   string `json:"folder"`
	User     string `json:"user"`
	NotAfter string `json:"notAfter"` // RFC 3339
}

// addedDocument is the answer of add (kind Added).
type addedDocument struct {
	Header
	Diff      string            `json:"diff"` // unified, of the policy file; "" when it was there already
	Folder    string            `json:"folder"`
	Component ComponentDocument `json:"component"`
}

// removedDocument is the answer of remove (kind Removed).
type removedDocument struct {
	Header
	Name    string `json:"name"`
	User    string `json:"user"`
	Diff    string `json:"diff"`
	Retired string `json:"retired"`         // folder of its certificates
	Until   string `json:"until,omitempty"` // RFC 3339, UTC: when its certificate ends
}
