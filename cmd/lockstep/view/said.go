package view

// Said is something that a command says when it does not end as it should.
type Said struct {
	Says  string // a part of the text
	Means string
	Do    string
}

// Text implements Answer.
func (m Said) Text(s *Sheet) {
	s.Line("%s", s.Paint(Bold, m.Says))
	s.Wrapped("  means: ", "         ", m.Means)
	s.Wrapped("  do:    ", "         ", m.Do)
}

// saidDocument is the answer of explain for the text of a message (kind Message).
type saidDocument struct {
	Header
	Says  string `json:"says"` // a part of the message
	Means string `json:"means"`
	Do    string `json:"do"`
}

// Document implements Answer.
func (m Said) Document() any { return saidDocument{header("Message"), m.Says, m.Means, m.Do} }
