// Package certgen knows which certificates and files a policy asks for, judges what
// is there, and plans the steps in between. It is pure: nothing here reads a clock, a
// file or the network. Package certgen/authority signs, package certgen/folder is
// the only code that writes the PKI folder. A [Place] is where a pair or file lies.
//
// What holds whatever happens:
//   - Nothing valid is replaced. A certificate is issued again only when it has
//     expired, or has a defect with which etcd would refuse it, take it for another
//     user, or take it for more than it should be. Another lifetime, key algorithm
//     or O, OU and L in the policy count from the next certificate on. A key that is
//     not here is no defect: it was delivered.
//   - A CA is made where there has never been one: if anything in the folder was signed by a
//     CA that is gone, [Diff] is blocked instead. Only [Rotate] replaces a CA. Meanwhile the CA is a
//     [TrustSet] of generations, and Diff leaves them as they are.
//   - One function, Defects, judges every certificate, those of external CAs included.
//   - A list of revoked certificates gets shorter only by what has expired: of several valid
//     CRLs of one CA the newest counts, and is copied to where it is missing.
package certgen
