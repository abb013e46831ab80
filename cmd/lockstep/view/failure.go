package view

import (
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// Failure is what a command says that has no answer. Its text is written by the
// command's one exit, to stderr; as an Answer it is the JSON document.
type Failure struct {
	Exit     hint.Exit
	Message  string
	Hint     string          // "" for none
	Problems strict.Problems // what is wrong in the policy; nil for another failure
}

// Text implements Answer.
func (f Failure) Text(s *Sheet) { s.Line("%s", f.Message) }

// Document implements Answer.
func (f Failure) Document() any {
	return ErrorDocument{
		Header: header("Error"), Exit: int(f.Exit), Message: f.Message, Hint: f.Hint,
		Problems: problemDocuments(f.Problems),
	}
}
