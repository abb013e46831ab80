package view

// Written is a file that was written, and what to do next.
type Written struct{ File, Next string }

// Text implements Answer.
func (w Written) Text(s *Sheet) { s.Line("wrote %s", w.File) }

// Document implements Answer.
func (w Written) Document() any { return writtenDocument{header("Written"), w.File, w.Next} }
