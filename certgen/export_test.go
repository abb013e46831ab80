package certgen

import "lockstep/policies"

// CanaryProfile is the profile of the canary of a CA of p, for the tests that publish a list.
func CanaryProfile(p *policies.Policy, ca CA) Profile { return canaryOf(caProfile(p, ca)) }
