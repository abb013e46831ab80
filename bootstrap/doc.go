// Package bootstrap is the order of things: it joins the two halves, certificates and
// roles, and decides what comes first.
//
// What holds whatever happens: nothing is changed before it was confirmed; whatever is
// valid is left as it is; power comes last on the way up; auth stays on only when root
// got in by certificate, and is turned off for one reason only, a member's own evidence
// that it ignores names; a run that was cut anywhere is finished by the next one.
package bootstrap
