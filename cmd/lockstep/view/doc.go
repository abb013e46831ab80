// Package view turns finished values into text, JSON and progress. It decides
// nothing and asks no question: what it prints was settled before.
//
// What holds whatever happens: an Answer is written once, to one writer, either as
// text or as exactly one JSON document; text that comes from outside (etcd's names,
// file names) is made printable before it is painted or laid out, because what writes it
// takes values and not finished lines; colour is used only where the caller says that
// there is a terminal that wants it.
package view
