// Package members owns the members of the cluster: it adds, replaces and removes one, in the
// policy, in the PKI folder and in etcd together.
//
// A run looks at policy, folder and cluster, decides the next step, executes it and looks again
// ([Run]). What it decides is pure ([Addition], [Replacement], [Removal]) and depends on what it
// sees alone: a run that was cut off, or that waits for the operator to start a member, goes on
// when it is repeated. Nothing is stored for that. While a member joins, its etcd.env says so.
//
// These rules always hold:
//   - A new member joins without a vote, and gets it when it has caught up and has shown that it
//     takes the user from the CN of the certificate, trusts our CAs and has our revocation lists.
//   - Until then no other file names it, so no client is sent to it.
//   - No member is removed where the others would have no quorum.
package members
