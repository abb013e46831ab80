package tlssetup

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"lockstep/policies"
)

// server is one member or proxy.
type server struct {
	name         string
	hosts        []string
	client, peer string // "" for the policy's default
}

// servers is the members and proxies, and what was guessed.
type servers struct {
	members, proxies []server
	shuffled         bool // addresses were dealt out
	numbered         bool // names were made up
	ports            bool // ports were made up
}

// servers is who serves: by the Procfile where it is there, else by the certificates.
func (s setup) servers() servers {
	var out servers
	claimed := map[string]bool{}
	for _, e := range s.etcds {
		if one, ok := s.started(e, claimed); ok && e.proxy {
			out.proxies = append(out.proxies, one)
		} else if ok {
			out.members = append(out.members, one)
		}
	}
	if len(out.members) > 0 {
		return out
	}
	var candidates []subject
	for _, one := range s.subjects {
		switch {
		case len(one.hosts) == 0:
		case strings.HasPrefix(one.stem, "proxy"):
			out.proxies = append(out.proxies, server{name: safeName(one.stem, "proxy", len(out.proxies)+1), hosts: one.hosts})
		default:
			candidates = append(candidates, one)
		}
	}
	if len(candidates) == 0 && s.template != nil {
		for range max(1, len(remote(s.template.hosts))) {
			candidates = append(candidates, *s.template)
		}
	}
	out.deal(candidates)
	return out
}

// clientFlags say where clients reach a member or a proxy.
var clientFlags = []string{"advertise-client-urls", "listen-client-urls", "advertise-client-url", "listen-addr"}

// started is the server that a line of the Procfile starts. Its own addresses come first;
// of those in its certificate it has what no other one claims.
func (s setup) started(e etcd, claimed map[string]bool) (server, bool) {
	client, host := e.address(clientFlags...)
	if host == "" {
		return server{}, false
	}
	one := server{name: e.flags["name"], hosts: []string{host}, client: client}
	if policies.CheckName(one.name) != nil {
		one.name = policies.SafeName(e.process)
	}
	hosts := []string{}
	if !e.proxy {
		var peerHost string
		if one.peer, peerHost = e.address("initial-advertise-peer-urls", "listen-peer-urls"); peerHost != "" {
			hosts = append(hosts, peerHost)
		}
	}
	if i := slices.IndexFunc(s.subjects, func(o subject) bool { return o.stem == e.certStem() }); i >= 0 {
		hosts = append(hosts, s.subjects[i].hosts...)
	}
	for _, h := range hosts {
		if !slices.Contains(one.hosts, h) && !claimed[h] && (!loopback(h) || loopback(host)) && s.own(h, e) {
			one.hosts = append(one.hosts, h)
		}
	}
	for _, h := range one.hosts {
		claimed[h] = !loopback(h)
	}
	return one, true
}

// own reports whether no other line of the Procfile has that address.
func (s setup) own(host string, e etcd) bool {
	return loopback(host) || !slices.ContainsFunc(s.etcds, func(other etcd) bool {
		_, theirs := other.address(clientFlags...)
		return other.process != e.process && theirs == host
	})
}

// deal gives each candidate its addresses. Where all certificates name all addresses each
// one gets the address that its file is called by, else the next one.
func (out *servers) deal(candidates []subject) {
	taken := map[string]bool{}
	for _, one := range candidates {
		if slices.Contains(one.hosts, one.stem) {
			taken[one.stem] = true
		}
	}
	for i, one := range candidates {
		name := safeName(one.stem, "etcd", i+1)
		out.numbered = out.numbered || name != one.stem
		own := remote(one.hosts)
		alone := !slices.ContainsFunc(candidates, func(other subject) bool {
			return other.stem != one.stem && slices.ContainsFunc(own, func(h string) bool { return slices.Contains(other.hosts, h) })
		})
		switch {
		case len(own) == 0:
			out.local(name, len(candidates))
			continue
		case slices.Contains(own, one.stem):
			own = []string{one.stem}
		case !alone || one.stem == "csr":
			free := slices.IndexFunc(own, func(h string) bool { return !taken[h] })
			if free < 0 {
				continue
			}
			own = own[free : free+1]
			out.shuffled = true
		}
		for _, h := range own {
			taken[h] = true
		}
		out.members = append(out.members, server{name: name, hosts: own})
	}
}

// local is a member on this host, of so many.
func (out *servers) local(name string, of int) {
	one := server{name: name, hosts: []string{"127.0.0.1"}}
	if of > 1 {
		port := 2379 + 10000*len(out.members)
		one.client = fmt.Sprintf("https://127.0.0.1:%d", port)
		one.peer = fmt.Sprintf("https://127.0.0.1:%d", port+1)
		out.ports = true
	}
	out.members = append(out.members, one)
}

// safeName is the file's stem as a name, unless that is an address or the common request.
func safeName(stem, kind string, n int) string {
	if stem == "csr" || net.ParseIP(stem) != nil || policies.CheckName(stem) != nil {
		return fmt.Sprintf("%s%d", kind, n)
	}
	return stem
}

// remote is the hosts by which another host reaches it.
func remote(hosts []string) []string {
	return slices.DeleteFunc(slices.Clone(hosts), loopback)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// cluster is the field cluster.
func (s setup) cluster(all servers) []string {
	name := s.clusterName()
	if name == "" {
		name = "etcd"
	}
	out := []string{"cluster:", fmt.Sprintf("  name: %q", name), "  members:"}
	for _, m := range all.members {
		out = append(out, m.line("2379"))
	}
	if len(all.proxies) > 0 {
		out = append(out, "  proxies:")
	}
	for _, x := range all.proxies {
		out = append(out, x.line("23790"))
	}
	return out
}

// line is the server as an entry of members or proxies. A URL whose port is the default
// and whose host is the first one is left out.
func (m server) line(port string) string {
	var hosts []string
	for _, h := range m.hosts {
		hosts = append(hosts, fmt.Sprintf("%q", h))
	}
	fields := []string{fmt.Sprintf("name: %q", m.name), "hosts: [" + strings.Join(hosts, ", ") + "]"}
	for _, u := range []struct{ field, text, port string }{{"clientURL", m.client, port}, {"peerURL", m.peer, "2380"}} {
		if parsed, err := url.Parse(u.text); u.text != "" && err == nil && (parsed.Port() != u.port || parsed.Hostname() != m.hosts[0]) {
			fields = append(fields, fmt.Sprintf("%s: %q", u.field, u.text))
		}
	}
	return "    - {" + strings.Join(fields, ", ") + "}"
}
