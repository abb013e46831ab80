package view

import (
	"strings"
	"time"

	"lockstep/bootstrap"
)

// soaked writes whom the members refused while they were watched.
func soaked(s *Sheet, k *bootstrap.Soak) {
	watched := k.Watched.Round(time.Second / 10)
	switch {
	case len(k.Refused) > 0:
		s.Line("soak: %s in %s:", s.Paint(Bad, "refused"), watched)
		var rows [][]any
		for _, x := range k.Refused {
			rows = append(rows, []any{x.Member, x.Method, x.Code, x.Count})
		}
		s.Table([]string{"member", "request", "answer", "times"}, rows)
	case len(k.Unknown) == 0:
		s.Line("soak: %s in %s", s.Paint(Good, "no request was refused"), watched)
	}
	if len(k.Restarted) > 0 {
		s.Line("soak: %s restarted meanwhile: what was refused just before is not known", strings.Join(k.Restarted, ", "))
	}
	for _, x := range k.Unknown {
		s.Line("soak: what %s refused is %s: %v", x.Member, s.Paint(Warn, "not known"), x.Err)
	}
}

func soakDocument(k *bootstrap.Soak) *SoakDocument {
	d := &SoakDocument{
		Asked: k.Asked.Seconds(), Watched: k.Watched.Seconds(),
		Refused: []RefusedDocument{}, Restarted: append([]string{}, k.Restarted...), Unknown: []UnknownDocument{},
	}
	for _, x := range k.Refused {
		d.Refused = append(d.Refused, RefusedDocument{x.Member, x.Method, x.Code, x.Count})
	}
	for _, x := range k.Unknown {
		d.Unknown = append(d.Unknown, UnknownDocument{x.Member, x.Err.Error()})
	}
	return d
}
