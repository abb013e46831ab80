package view

import "lockstep/policies/calls"

// Calls is who may make which call of etcd beside requests for keys.
type Calls struct {
	Version string // of etcd; "" for all of them
	Calls   []calls.Call
}

// Text implements Answer.
func (c Calls) Text(s *Sheet) {
	var rows [][]any
	for _, call := range c.Calls {
		rows = append(rows, []any{call.Name, c.who(call)})
	}
	s.Table([]string{"call", "may be made by"}, rows)
}

// who may make the call, on that version or on each.
func (c Calls) who(call calls.Call) string {
	if c.Version == "" {
		return call.Rules()
	}
	return call.Who(c.Version).String()
}

// Document implements Answer.
func (c Calls) Document() any {
	d := callsDocument{Header: header("Calls"), Version: c.Version, Calls: []callDocument{}}
	for _, call := range c.Calls {
		d.Calls = append(d.Calls, callDocument{call.Name, call.RPC, call.Does, c.who(call), call.Instead, call.Source})
	}
	return d
}

// callsDocument is the answer of presets calls (kind Calls).
type callsDocument struct {
	Header
	Version string         `json:"version,omitempty"` // of etcd; left out for all of them
	Calls   []callDocument `json:"calls"`
}

type callDocument struct {
	Name    string `json:"name"`
	RPC     string `json:"rpc"`
	Does    string `json:"does"`
	Who     string `json:"who"`
	Instead string `json:"instead,omitempty"` // what to configure where it is refused
	Source  string `json:"source"`            // below server/etcdserver of etcd
}

// presetCallDocument is a call that a preset's software makes.
type presetCallDocument struct {
	Call    string `json:"call"`
	Instead string `json:"instead,omitempty"` // what to configure where it is refused
	Source  string `json:"source"`
}
