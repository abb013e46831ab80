package presets

import (
	"lockstep/policies/calls"
	"lockstep/policies/strict"
)

// Calling is a call that software makes beside requests for keys.
type Calling struct {
	Call    string // a name of [calls.List]
	Source  string // where that was read or seen; "" for what a component says itself
	Instead string // what to configure where etcd refuses it; "" for what the table of calls says
}

// CallType is the table of the name of a call.
func CallType() strict.Type {
	return strict.Type{Kind: strict.Text, Enum: calls.Names()}
}

// callingType is the table of one entry of a preset's calls.
func callingType() strict.Type {
	prose := strict.Type{Kind: strict.Prose, NonEmpty: true}
	return strict.Type{Kind: strict.Mapping, Example: "{call: compact, source: its source}", Fields: []strict.Field{
		{Name: "call", Type: CallType(), Required: true, Doc: "A call that lockstep presets calls lists."},
		{Name: "source", Type: prose, Required: true, Doc: "Where that was read or seen."},
		{Name: "instead", Type: prose, Doc: "What to configure where etcd refuses it. Default: what lockstep presets calls says."},
	}}
}

// decodeCalls reads the field calls.
func decodeCalls(d *strict.Decoder, v strict.Value) (out []Calling) {
	first := map[string]bool{}
	for _, item := range v.Items() {
		call := item.Field("call")
		switch {
		case !item.Valid() || !call.Valid():
		case first[call.Text()]:
			d.Fail(call, "write it once", "%q is there already", call.Text())
		default:
			first[call.Text()] = true
			out = append(out, Calling{call.Text(), oneLine(item.Field("source").Text()), oneLine(item.Field("instead").Text())})
		}
	}
	return out
}
