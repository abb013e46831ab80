// Package adopt describes a living cluster as a policy. It looks (Look) and writes
// (Policy); it changes nothing.
//
// What holds whatever etcd holds:
//
//   - The text is a valid policy: the strict reader has read it before it is returned.
//   - A plan made of it changes nothing in etcd's users, roles and permissions, but for
//     the steps that its own comments list, and for what it proposes to a cluster that
//     has no users.
//   - What no policy can say is said in comments, every name quoted: no user, role or
//     permission that etcd holds is left out.
//   - It holds no secret: of certificates only what is public is read.
package adopt
