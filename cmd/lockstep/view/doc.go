// Package view turns finished values into text, JSON and progress. It decides
// nothing and asks nobody: whatever it prints was settled before.
//
// What holds whatever happens: an Answer is written once, to one writer, either as
// text or as exactly one JSON document; text that comes from outside (etcd's names,
// file names) is quoted before it reaches a terminal; colour is used only where the
// caller says that there is a terminal that wants it.
package view
