package policies

import "lockstep/policies/presets"

// lint warns of what is legal but suspicious. Few and exact: with --strict each one
// stops a pipeline.
func (p *parser) lint(policy *Policy, components []*component) {
	p.lintCluster(policy)
	software := knownFrom(presets.List())
	for _, c := range components {
		if c.Administrator {
			at := c.v.Field("administrator")
			if !at.Given() {
				at = c.v.Field("preset")
			}
			p.Warn(at, "guard its certificate like root's, and give it a short lifetime", "component %q holds role root and may do everything", c.Name)
		}
		if c.known {
			p.lintPermissions(c)
			p.lintSlash(c, software)
		}
	}
	for _, own := range p.declared {
		for _, permission := range own.Field("permissions").Items() {
			p.lintTexts(permission)
		}
	}
	p.lintNeighbours(components, software)
	p.lintOverlap(components)
}

func (p *parser) lintCluster(policy *Policy) {
	members := p.cluster.Field("members")
	if n := len(members.Items()); n > 0 && n%2 == 0 {
		p.Warn(members, "use an odd number", "%d members survive no more failures than %d", n, n-1)
	} else if n == 1 {
		p.Warn(members, "use three or five", "with one member every restart stops etcd")
	}
	if proxies := p.cluster.Field("proxies"); len(proxies.Items()) > 0 && len(policy.Components) > 0 {
		p.Warn(proxies, "let components dial the members, or a TCP gateway", "a grpc-proxy hides who is calling: every component is refused behind it")
	}
}
