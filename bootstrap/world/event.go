package world

import "fmt"

// Event is one thing that happened, for the operator. Events are sent from many
// goroutines; a Report function must allow that.
type Event struct {
	Stage       string // what is being done: "certificates", "auth"; one of few words
	Text        string // what just happened, a sentence without a full stop; "" for a mere count
	Done, Total int    // Total 0: not counted
	Warning     bool
}

// String is the event as one plain line.
func (e Event) String() string {
	s := e.Text
	if e.Warning {
		s = "warning: " + s
	}
	if e.Total > 0 {
		s = fmt.Sprintf("%s (%d/%d)", s, e.Done, e.Total)
	}
	return s
}
