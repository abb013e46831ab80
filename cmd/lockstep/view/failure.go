package view

import (
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// Failure is what a command says that has no answer, or not the one that was hoped for.
// The command's one exit tells its text on stderr; as an Answer it is the JSON document.
type Failure struct {
	Exit     hint.Exit
	Message  string
	Hint     string          // "" for none
	Problems strict.Problems // what is wrong in the policy; nil for another failure
}

// Text implements Answer.
func (f Failure) Text(s *Sheet) {
	Problems(f.Problems).Text(s)
	switch f.Exit {
	case hint.NotInStep:
		s.Lines("", f.Message)
	case hint.Refused:
		s.Lines("refused: ", f.Message)
	default:
		s.Lines("error: ", f.Message)
	}
	if f.Hint != "" {
		s.Lines("hint: ", f.Hint)
	}
}

// Document implements Answer.
func (f Failure) Document() any {
	return ErrorDocument{
		Header: header("Error"), Exit: int(f.Exit), Message: f.Message, Hint: f.Hint,
		Problems: problemDocuments(f.Problems),
	}
}
