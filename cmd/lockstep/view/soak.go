package view

import (
	"strings"
	"time"

	"lockstep/bootstrap"
)

// soaked writes which clients the members refused while they were watched.
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
	case len(k.Unknown) == 0 && len(k.Gateway) == 0:
		s.Line("soak: %s in %s", s.Paint(Good, "no request was refused"), watched)
	}
	if len(k.Gateway) > 0 {
		s.Line("soak: what the HTTP gateway of %s refused is %s: its own answers (HTTP 400) are not counted", strings.Join(k.Gateway, ", "), s.Paint(Warn, "not known"))
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
		Refused: []refusedDocument{}, Restarted: append([]string{}, k.Restarted...), Unknown: []unknownDocument{},
		Gateway: append([]string{}, k.Gateway...),
	}
	for _, x := range k.Refused {
		d.Refused = append(d.Refused, refusedDocument{x.Member, x.Method, x.Code, x.Count})
	}
	for _, x := range k.Unknown {
		d.Unknown = append(d.Unknown, unknownDocument{x.Member, x.Err.Error()})
	}
	return d
}
