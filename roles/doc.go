// Package roles knows etcd's users, roles and permissions as values: what a policy
// wants (Desired), what etcd does with a change (State.Apply), which changes lead
// from one to the other (Diff), and what etcd must then answer (Questions). It is
// pure: package store talks to etcd.
//
// What holds whatever happens:
//
//   - At every step of a plan, in whatever order the steps of one phase arrive and
//     wherever the run is cut, old ∩ new ⊆ access ⊆ old ∪ new for every user of the
//     policy; where etcd cannot do that, the step says so in Interrupts.
//   - A plan made again after a cut ends in the same state; made again after its
//     end, it is empty.
//   - No step touches a user or role that is unmanaged unless [Allow] permits it.
//   - Users are added without a password, never with an empty one (fact 17), but for those to
//     which the policy gives one. No step holds a password.
package roles
