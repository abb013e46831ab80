// Package bootstrap is the order of things: it joins the two halves, certificates and
// roles, and decides what comes first.
//
// [Run] brings a cluster from nothing to auth on and proven. [Propose] and [Apply] make a
// cluster equal to its policy, [Add] and [Remove] change one component. Each is a list of
// stages in the file of its name; package change has the steps that they share, and verify
// the proof.
//
// These rules always hold:
//   - Nothing is changed before the operator confirmed it.
//   - What is valid is left as it is.
//   - On the way up, permission is given last; on the way down, it is taken first.
//   - Auth stays on only when root got in by certificate. It is turned off again for one
//     reason only: a member has shown that it ignores the certificate's identity.
//   - A run that was cut off anywhere is finished by the next one.
package bootstrap
