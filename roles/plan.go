package roles

import "lockstep/policies/keyrange"

// Action is one kind of change to etcd's auth store; the names are etcd's RPCs.
type Action string

const (
	RoleAdd              Action = "RoleAdd"
	RoleGrantPermission  Action = "RoleGrantPermission"
	RoleRevokePermission Action = "RoleRevokePermission"
	RoleDelete           Action = "RoleDelete"
	UserAdd              Action = "UserAdd" // always without a password
	UserGrantRole        Action = "UserGrantRole"
	UserRevokeRole       Action = "UserRevokeRole"
	UserDelete           Action = "UserDelete"
)

// Step is one call to etcd, with its own sentence (String) and reason.
type Step struct {
	Phase      int // steps of one phase do not depend on each other; phases run one after the other
	Action     Action
	User, Role string
	Permission keyrange.Permission
	Was        keyrange.Access // what an in-place grant replaces; "" for a new entry
	Reason     string
	Interrupts string // why somebody may be refused for a moment; "" when nobody is
	Affects    string // which unmanaged users lose or gain which right by it; "" when none does
}

// Plan is what Diff found. Applying Steps in order makes etcd equal to the desired state.
type Plan struct {
	Steps    []Step
	Refused  []Refusal // differences that need permission to be mended
	Foreign  []string  // sentences about what is somebody else's and left alone, sorted
	Revision uint64    // authRevision the plan was made on
}

// Refusal is a difference that Diff will not mend unasked.
type Refusal struct {
	Step
	Flag     string // the flag that allows it
	Takeover bool   // it takes over a user that lockstep did not make
}

// RecoveryPrefix begins the names of the temporary superusers that stand by while auth
// is turned on. policies.ParseUserName reserves it, so no user of it is anybody else's.
const RecoveryPrefix = "lockstep-recovery-"

// The flags that allow what Diff does not do unasked.
const (
	FlagPrune    = "--prune"
	FlagAdopt    = "--adopt"
	FlagRecreate = "--adopt=recreate"
)

// Allow is what the caller permits beyond what is plainly ours. The zero value permits nothing.
type Allow struct {
	Prune    bool // delete owned users and roles that the policy no longer names
	Adopt    bool // take over users that lockstep did not make, and change roles of the policy that an unmanaged user holds, too
	Recreate bool // delete and add again users whose password is present or, unless they are ours on a cluster with auth on, not known
}

// Ownership tells whether a user of this name is lockstep's.
type Ownership func(user string) bool
