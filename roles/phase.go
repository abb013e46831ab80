package roles

// The order of a plan. Power goes first on the way down and comes last on the way
// up; new ranges are granted before old ones are taken; roles and permissions come
// before users, because every later mutation makes etcd rebuild what it knows of all
// users (facts 26, 27).
//
// Where a role cannot be changed before its users are bound (a bridge, see bridge),
// its changes move from the early block to the late one, in the same order.
const (
	removeRoles  = iota // that only removed users hold: what they allowed ends here
	removeUsers         // that the policy no longer names
	setPasswords        // before new permissions: the client that has the other password shall get none

	addRoles // and, not depending on it, raise entries in place

	grant1  // the early block
	revoke1 //
	lower1  //
	renew1  //

	dropRoles     // unwanted ones that only users made again hold
	recreateUsers // their deletion, as late as it can be
	addUsers
	bindUsers   // to their role, or to its bridge
	unbindUsers // from what they should not hold: by now they hold all they should

	raise2 // the late block
	grant2
	revoke2
	lower2
	renew2
	bindLate

	deleteRoles // bridges, and roles that the policy no longer names
)

// block is where the changes of a role lie in the order.
type block struct{ raise, grant, revoke, lower, renew int }

func early() block { return block{addRoles, grant1, revoke1, lower1, renew1} }
func late() block  { return block{raise2, grant2, revoke2, lower2, renew2} }
