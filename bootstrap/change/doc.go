// Package change holds the steps that every verb shares: look, propose, confirm, execute,
// look again.
//
// A [Change] covers a [Scope]: the whole policy or one component. Looking gives a [Plan],
// which the [Operator] confirms; nothing is changed before that. Executing the plan ends
// with another look: a call whose answer was lost may have been executed or not, and only
// a look tells. A plan that was cut off anywhere is finished by the next change with the
// same scope. The authRevision of etcd accounts for every step: when it has moved further,
// another client has changed users or roles.
package change
