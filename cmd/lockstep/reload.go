package main

import (
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/presets"
)

// reloadOf is how the software at a place comes to use new files. etcd and its grpc-proxy read
// a pair at each handshake, and CAs when they start (docs/etcd.md, fact 13).
func reloadOf(p *policies.Policy, place certgen.Place) presets.Reload {
	switch place.Kind {
	case certgen.PlaceMember, certgen.PlaceProxy:
		return presets.Reload{Certificate: presets.Reread, CA: presets.Restart}
	}
	c, _ := p.Component(place.Name)
	return c.Reload
}
