// Package policies owns the policy: one or more YAML files that say who may do what
// in an etcd cluster, and which certificates that takes.
//
// Read gets the files, Parse makes a Policy of them. Whatever happens:
//   - A Policy is complete and consistent: every default is filled in, every preset
//     expanded, and nothing in it contradicts anything else in it.
//   - Everything that is wrong is reported at once, each with its place. There is no
//     policy then.
//   - Nothing in a policy runs a program, names a file to read or reaches the network:
//     it may arrive by pull request.
//   - UserName and RoleName are made by parsing only, so a certificate's CN and an
//     etcd user cannot differ.
package policies
