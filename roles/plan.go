package roles

import (
	"lockstep/policies/keyrange"
	"lockstep/policies/pending"
)

// Action is one kind of change to etcd's auth store; the names are etcd's RPCs.
type Action string

const (
	RoleAdd              Action = "RoleAdd"
	RoleGrantPermission  Action = "RoleGrantPermission"
	RoleRevokePermission Action = "RoleRevokePermission"
	RoleDelete           Action = "RoleDelete"
	UserAdd              Action = "UserAdd" // without a password, but for a step WithPassword
	UserChangePassword   Action = "UserChangePassword"
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
	// WithPassword, of UserAdd, adds the user with the password in its component's folder. No step
	// holds a password: who executes it reads the folder.
	WithPassword bool
	Was          keyrange.Access // what an in-place grant replaces; "" for a new entry
	Reason       string
	Interrupts   string // which users may be refused for a moment, and why; "" when none is
	Affects      string // which unmanaged users lose or gain which permission by it; "" when none does
	TakesOver    bool   // of a pending step: lockstep did not make its user
}

// Plan is what Diff found. Applying Steps in order makes etcd equal to the desired state.
type Plan struct {
	Steps    []Step
	Pending  []Pending // differences that are not changed without the operator's permission
	Foreign  []string  // sentences about unmanaged users and roles, which are left alone, sorted
	Revision uint64    // authRevision the plan was made on
}

// Pending is a step that Diff does not plan without the operator's permission. It needs
// pending.Prune, pending.Adopt or pending.Recreate.
type Pending = pending.Change[Step]

// RecoveryPrefix begins the names of the temporary superusers that stand by while auth
// is turned on. policies.ParseUserName reserves it, so no component's user has it.
const RecoveryPrefix = "lockstep-recovery-"

// Allow is what the operator permits beyond changes of what lockstep made. The zero value permits nothing.
type Allow struct {
	Prune    bool // delete owned users and roles that the policy no longer names
	Adopt    bool // take over users that lockstep did not make, and change roles of the policy that an unmanaged user holds, too
	Recreate bool // delete and add again users whose password is present or, unless they are ours on a cluster with auth on, not known
}

// Ownership tells whether a user of this name is lockstep's.
type Ownership func(user string) bool
