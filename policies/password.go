package policies

// checkPassword refuses what a user with a password cannot be. An instance cannot have a password
// of its own, and role root is not given to a text that works from any host.
func (p *parser) checkPassword(c component) {
	if !c.Password {
		return
	}
	at := c.v.Field("identity")
	if !at.Given() {
		at = c.v.Field("preset")
	}
	if c.Administrator {
		p.Fail(at, "leave out one of the two: software behind the HTTP gateway gets prefixes of its own", "an administrator has a certificate and no password")
	}
	if instances := c.v.Field("instances"); instances.Given() {
		p.Fail(instances, "leave out one of the two, or write a component for each", "does not apply to a user with a password, which all of them would share")
	}
	if file := c.v.Field("certificate").Field("file"); file.Given() {
		p.Fail(file, "leave it out: lockstep makes a certificate without a CN", "does not apply to a user with a password")
	}
}

// Gateway reports whether a component needs etcd's HTTP gateway: software whose user has a
// password.
func (p *Policy) Gateway() bool {
	_, found := find(p.Components, func(c Component) bool { return c.Password })
	return found
}
