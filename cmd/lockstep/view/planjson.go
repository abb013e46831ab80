package view

// PlanDocument is the answer of plan and apply, and the content of a saved plan (kind
// Plan). A saved plan is for reading and comparing: nothing is ever executed from it,
// and it holds no secret.
type PlanDocument struct {
	Header
	Cluster      string             `json:"cluster"`
	ClusterID    string             `json:"clusterID"`    // hex
	Policy       string             `json:"policy"`       // hex SHA-256 of the policy's meaning
	AuthRevision uint64             `json:"authRevision"` // of etcd, when the plan was made
	Observed     string             `json:"observed"`     // hex SHA-256 of etcd's users and roles
	Folder       string             `json:"folder"`       // hex SHA-256 of what the PKI folder holds, CAs and root's certificate aside; "" without one
	Fingerprint  string             `json:"fingerprint"`  // hex SHA-256 of all of it; apply FILE demands the same
	Auth         bool               `json:"auth"`         // whether auth is on
	InStep       bool               `json:"inStep"`       // nothing to do and nothing refused
	Applied      bool               `json:"applied"`
	Add          int                `json:"add"`
	Change       int                `json:"change"`
	Remove       int                `json:"remove"`
	Refused      int                `json:"refused"` // needs a flag
	Waiting      int                `json:"waiting"` // waits for a key, or for the operator
	Groups       []GroupDocument    `json:"groups"`
	Foreign      []string           `json:"foreign"`  // unmanaged users and roles, and files of no component: left alone, in sentences
	More         []FindingDocument  `json:"more"`     // what lockstep verify finds and the plan does not show
	Accepted     []acceptedDocument `json:"accepted"` // what would wait for a flag, and the policy accepts
	Notes        []noteDocument     `json:"notes"`    // of the presets whose components lose a right, or would with a flag
}

// noteDocument is what a component's preset asks of the operator.
type noteDocument struct {
	Component string `json:"component"`
	Preset    string `json:"preset"`
	Text      string `json:"text"`
}

// GroupDocument is what concerns one component; the name "cluster" stands for what
// concerns none.
type GroupDocument struct {
	Name    string           `json:"name"`
	Changes []changeDocument `json:"changes"`
}

// changeDocument is one step.
type changeDocument struct {
	Sign       string `json:"sign"` // + add, ~ change, - remove, ! refused
	Half       string `json:"half"` // certificates or etcd
	Text       string `json:"text"`
	Reason     string `json:"reason"`
	Interrupts string `json:"interrupts,omitempty"` // who may be refused for a moment
	Affects    string `json:"affects,omitempty"`    // which unmanaged users lose or gain which right
	Flag       string `json:"flag,omitempty"`       // of a refused one: what allows it
	Needs      string `json:"needs,omitempty"`      // of one that no flag allows: what it waits for
}
