package view

import (
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// Failure is what a command says that has no answer, or not the one that was hoped for.
// The command's one exit tells its text on stderr; as an Answer it is the JSON document.
type Failure struct {
	Exit     hint.Exit
	Message  string          // "" where the answer says it
	Hint     string          // "" for none
	Problems strict.Problems // what is wrong in the policy; nil for another failure
}

// Text implements Answer.
func (f Failure) Text(s *Sheet) {
	Problems(f.Problems).Text(s)
	label := "error: "
	switch f.Exit {
	case hint.NotInStep:
		label = ""
	case hint.Refused:
		label = "refused: "
	}
	if f.Message != "" {
		s.Lines(label, f.Message)
	}
	if f.Hint != "" {
		s.Lines("hint: ", f.Hint)
	}
}

// Document implements Answer.
func (f Failure) Document() any {
	return errorDocument{
		Header: header("Error"), Exit: int(f.Exit), Message: f.Message, Hint: f.Hint,
		Problems: problemDocuments(f.Problems),
	}
}
