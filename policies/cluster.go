package policies

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"lockstep/policies/strict"
)

// place is where something was first seen.
type place struct {
	what string
	at   strict.Value
}

// where names a place for a message at other: by path in the same file, else by position.
func (p place) where(other strict.Value) string {
	if p.at.File == other.File {
		return p.at.Path
	}
	return p.at.Position.String()
}

func (p *parser) readCluster(v strict.Value) Cluster {
	c := Cluster{Name: v.Field("name").Text()}
	c.Install, c.Data = p.readPaths(v)
	names := map[string]place{}
	for _, item := range v.Field("members").Items() {
		p.unique(names, item.Field("name"), item.Field("name").Text(), "member")
		if item.Valid() {
			c.Members = append(c.Members, p.readMember(item))
		}
	}
	c.Proxies = p.readProxies(v.Field("proxies"), p.checkMembers(v.Field("members")))
	endpoints := map[string]place{}
	for _, item := range v.Field("endpoints").Items() {
		p.distinctURL(endpoints, item, item.Text(), "")
	}
	c.Endpoints = v.Field("endpoints").Texts()
	return c
}

func (p *parser) readMember(v strict.Value) Member {
	hosts := v.Field("hosts").Texts()
	if len(hosts) == 0 {
		hosts = []string{""}
	}
	return Member{
		Name:       v.Field("name").Text(),
		Hosts:      hosts,
		ClientURL:  v.Field("clientURL").Or("https://" + net.JoinHostPort(hosts[0], "2379")),
		PeerURL:    v.Field("peerURL").Or("https://" + net.JoinHostPort(hosts[0], "2380")),
		MetricsURL: v.Field("metricsURL").Text(),
	}
}

// unique refuses a name, which v declares, that was given before, letter case aside:
// folders may lie on a file system that ignores it.
func (p *parser) unique(seen map[string]place, v strict.Value, name, what string) {
	if !v.Valid() || name == "" {
		return
	}
	key := strings.ToLower(name)
	first, twice := seen[key]
	switch {
	case !twice:
		seen[key] = place{name, v}
	case first.what == name:
		p.Fail(v, "", "%s %q is already declared at %s", what, name, first.at.Position)
	default:
		p.Fail(v, "", "%s %q differs from %q at %s by letter case only", what, name, first.what, first.at.Position)
	}
}

// checkMembers looks for hosts and URLs that two members claim, and returns the URLs.
func (p *parser) checkMembers(members strict.Value) map[string]place {
	hosts, urls := map[string]place{}, map[string]place{}
	for _, item := range members.Items() {
		own := item.Field("hosts")
		p.distinctHosts(hosts, own)
		if !item.Valid() || len(own.Texts()) == 0 {
			continue
		}
		m := p.readMember(item)
		for _, u := range []struct{ name, text string }{{"clientURL", m.ClientURL}, {"peerURL", m.PeerURL}} {
			field := item.Field(u.name)
			if field.Given() && !field.Valid() {
				continue
			}
			if _, taken := urls[u.text]; !taken || field.Given() || isLoopback(m.Hosts[0]) { // else the hosts are reported
				p.distinctURL(urls, field, u.text, "")
			}
			p.covered(field, u.text, "member", own.Texts())
		}
		p.checkMetrics(urls, item, m)
	}
	return urls
}

// covered refuses a URL with a host for which the certificate is not made.
func (p *parser) covered(field strict.Value, text, what string, hosts []string) {
	if parsed, err := url.Parse(text); err == nil && !slices.Contains(hosts, parsed.Hostname()) {
		p.Fail(field, "add it to hosts", "%s is not among the %s's hosts, so its certificate would not cover it", parsed.Hostname(), what)
	}
}

// readProxies also refuses two that would listen at one place; urls are the members'.
func (p *parser) readProxies(v strict.Value, urls map[string]place) []Proxy {
	var out []Proxy
	names := map[string]place{}
	for _, item := range v.Items() {
		field, hosts := item.Field("clientURL"), item.Field("hosts").Texts()
		p.unique(names, item.Field("name"), item.Field("name").Text(), "proxy")
		p.distinctHosts(map[string]place{}, item.Field("hosts"))
		if !item.Valid() || len(hosts) == 0 {
			continue
		}
		proxy := Proxy{Name: item.Field("name").Text(), Hosts: hosts, ClientURL: field.Or("https://" + net.JoinHostPort(hosts[0], "23790"))}
		if field.Valid() || !field.Given() {
			p.distinctURL(urls, field, proxy.ClientURL, "give it a port of its own by clientURL")
			p.covered(field, proxy.ClientURL, "proxy", hosts)
		}
		out = append(out, proxy)
	}
	return out
}

// checkMetrics refuses a port that is in use already: by the member itself, which
// listens for clients on 127.0.0.1 as well, or by another one on the same host.
func (p *parser) checkMetrics(urls map[string]place, v strict.Value, m Member) {
	field := v.Field("metricsURL")
	metrics, err := url.Parse(m.MetricsURL)
	if !field.Valid() || err != nil {
		return
	}
	if isLoopback(m.Hosts[0]) {
		p.distinctURL(urls, field, m.MetricsURL, "")
		return
	}
	for _, other := range []struct{ name, text string }{{"clientURL", m.ClientURL}, {"peerURL", m.PeerURL}} {
		if u, err := url.Parse(other.text); err == nil && u.Port() == metrics.Port() {
			p.Fail(field, "", "port %s is that of %s", metrics.Port(), other.name)
		}
	}
}

// distinctHosts refuses a host given twice. Several members may share a loopback
// address: that is a cluster for trying things out.
func (p *parser) distinctHosts(seen map[string]place, hosts strict.Value) {
	own := map[string]bool{}
	for _, item := range hosts.Items() {
		if !item.Valid() {
			continue
		}
		first, twice := seen[item.Text()]
		if twice && (own[item.Text()] || !isLoopback(item.Text())) {
			p.Fail(item, "", "%s is already at %s", item.Text(), first.where(item))
		}
		own[item.Text()] = true
		if !twice {
			seen[item.Text()] = place{item.Text(), item}
		}
	}
}

// distinctURL refuses a URL that is taken. All loopback addresses are one: a member
// listens for clients on 127.0.0.1 as well, whatever its URL says.
func (p *parser) distinctURL(seen map[string]place, v strict.Value, text, advice string) {
	if text == "" {
		return
	}
	key := text
	if u, err := url.Parse(text); err == nil && isLoopback(u.Hostname()) {
		key = "loopback:" + u.Port()
	}
	first, twice := seen[key]
	switch {
	case !twice:
		seen[key] = place{text, v}
	case first.what == text:
		p.Fail(v, advice, "%s is also %s", text, first.where(v))
	default:
		p.Fail(v, advice, "%s has the port of %s, %s, on the same host", text, first.where(v), first.what)
	}
}
