// Package verify proves that certificates, users and permissions agree.
//
// Gather asks once: the PKI folder, etcd's users and roles, every member, and, as
// each component with its own certificate, etcd itself. Checks are pure and data;
// they judge that evidence and nothing else.
//
// What holds whatever happens: nothing is written, neither to etcd nor to the
// folder; a question without an answer is never taken for a pass; only etcd's own
// "permission denied" is a refusal.
package verify
