package certgen

import (
	"strings"
	"time"

	"lockstep/policies"
)

// Wanted is what a policy asks of the PKI folder.
type Wanted struct {
	Profiles []Profile         // CAs, then members, proxies and components in the policy's order; never root
	Files    map[string][]byte // files whose content the policy decides, by path
	Copies   map[string]CA     // copies of a CA's certificate, by path
	CRLs     map[string]CA     // revocation lists, by path; the first copies included
	RenewAt  policies.Due      // from when on a certificate is renewed

	policy *policies.Policy // that asks
}

// Desired is what p asks of the PKI folder. A policy with endpoints instead of
// members has no peer CA, and a server CA only if it has proxies or names an
// external CA: the server certificates are made outside lockstep.
func Desired(p *policies.Policy) Wanted {
	w := Wanted{
		Files:  map[string][]byte{IgnoreFile: []byte("*\n")},
		Copies: map[string]CA{},
		CRLs:   map[string]CA{},

		RenewAt: p.Certificates.RenewAt,

		policy: p,
	}
	for _, ca := range casOf(p) {
		w.Profiles = append(w.Profiles, caProfile(p, ca))
		if ca != ServerCA && hasServers(p) {
			w.CRLs[CRLFile(ca)] = ca
		}
	}
	for _, m := range p.Cluster.Members {
		w.addMember(p, m)
	}
	for _, x := range p.Cluster.Proxies {
		w.addProxy(p, x)
	}
	for _, h := range p.Holders() {
		w.addComponent(p, h)
	}
	return w
}

// hasServers reports whether an etcd server or proxy of the policy's own is told where its
// revocation lists lie. Members whose folders are not ours read lists of their own, if any.
func hasServers(p *policies.Policy) bool {
	return len(p.Cluster.Members)+len(p.Cluster.Proxies) > 0
}

func casOf(p *policies.Policy) []CA {
	switch {
	case len(p.Cluster.Members) > 0:
		return CAs()
	case len(p.Cluster.Proxies) > 0, p.HasExternalCA():
		return []CA{ClientCA, ServerCA}
	}
	return []CA{ClientCA}
}

// knowsServerCA reports whether components are told which CA signed the servers.
func knowsServerCA(p *policies.Policy) bool { return len(p.Cluster.Members) > 0 || p.HasExternalCA() }

// base is what all profiles of a policy have in common.
func base(p *policies.Policy) Profile {
	return Profile{Cluster: p.Cluster.Name, Subject: p.Certificates.Subject, Key: p.Certificates.Key}
}

func caProfile(p *policies.Policy, ca CA) Profile {
	prof := base(p)
	prof.Kind, prof.CA, prof.Path, prof.Identity = KindCA, ca, CAPath(ca), string(ca)
	prof.Lifetime, prof.ExternalCA = p.Certificates.Lifetimes.CA, p.Certificates.CA.Resolve()
	return prof
}

func (w *Wanted) addMember(p *policies.Policy, m policies.Member) {
	dir := Place{Kind: PlaceMember, Name: m.Name}
	server := base(p)
	server.Kind, server.CA, server.Path, server.Identity = KindServer, ServerCA, dir.In("server").String(), m.Name
	server.Hosts, server.Lifetime = withLoopback(m.Hosts), p.Certificates.Lifetimes.Member
	peer := server
	peer.Kind, peer.CA, peer.Path, peer.Hosts = KindPeer, PeerCA, dir.In("peer").String(), withoutTwins(m.Hosts)
	w.Profiles = append(w.Profiles, server, peer)
	if p.Gateway() {
		gateway := server
		gateway.Kind, gateway.CA, gateway.Path, gateway.Hosts = KindGateway, ClientCA, dir.In("gateway").String(), nil
		w.Profiles = append(w.Profiles, gateway)
	}
	for _, ca := range CAs() {
		w.Copies[dir.In(string(ca)+"-ca.crt").String()] = ca
	}
	w.CRLs[dir.In("client.crl").String()], w.CRLs[dir.In("peer.crl").String()] = ClientCA, PeerCA
	w.Files[dir.In("etcd.env").String()] = MemberEnv(p, m)
}

func (w *Wanted) addProxy(p *policies.Policy, x policies.Proxy) {
	dir := Place{Kind: PlaceProxy, Name: x.Name}
	server := base(p)
	server.Kind, server.CA, server.Path, server.Identity = KindServer, ServerCA, dir.In("server").String(), x.Name
	server.Hosts, server.Lifetime = withLoopback(x.Hosts), p.Certificates.Lifetimes.Member
	client := server
	client.Kind, client.CA, client.Path, client.Hosts = KindProxyClient, ClientCA, dir.In("client").String(), nil
	w.Profiles = append(w.Profiles, server, client)
	w.Copies[dir.In("client-ca.crt").String()], w.Copies[dir.In("server-ca.crt").String()] = ClientCA, ServerCA
	w.CRLs[dir.In("client.crl").String()] = ClientCA
	w.Files[dir.In("proxy.env").String()] = ProxyEnv(p, x)
}

func (w *Wanted) addComponent(p *policies.Policy, h policies.Holder) {
	prof := ComponentProfile(p, h)
	dir := prof.Place().Folder()
	w.Profiles = append(w.Profiles, prof)
	if prof.External != "" {
		return // nothing of it is made here
	}
	w.Files[dir.In("etcdctl.env").String()] = ComponentEnv(p, h)
	if knowsServerCA(p) {
		w.Copies[dir.In("ca.crt").String()] = ServerCA
	}
}

// ComponentProfile is the certificate of a component, or of one of its instances.
func ComponentProfile(p *policies.Policy, c policies.Holder) Profile {
	prof, place := base(p), Place{Kind: PlaceComponent, Name: c.Name, Instance: c.Instance, Use: "client"}
	prof.Kind, prof.CA, prof.Path, prof.Identity = KindComponent, ClientCA, place.String(), c.Name
	prof.User, prof.Password, prof.Lifetime = c.User, c.Password, p.Certificates.Lifetimes.Component
	if c.Key != "" {
		prof.Key = c.Key
	}
	if c.Lifetime != 0 {
		prof.Lifetime = c.Lifetime
	}
	prof.External = c.Certificate.Resolve()
	return prof
}

// PeerProfile is a peer certificate without names, made in memory to look at peer
// ports from a host that is no member: etcd compares a peer's names, if it has any, with
// the address that it dials from.
func PeerProfile(p *policies.Policy, ttl time.Duration) Profile {
	prof := base(p)
	prof.Kind, prof.CA, prof.Identity, prof.Lifetime = KindPeer, PeerCA, "peer", ttl
	return prof
}

// RootLongest is how long a certificate of root in root/ is valid at most.
const RootLongest = 30 * 24 * time.Hour

// RootProfile is root's certificate, made in memory for a quarter of an hour or, when
// the operator asks for it, in root/.
func RootProfile(p *policies.Policy, ttl time.Duration) Profile {
	prof := base(p)
	prof.Kind, prof.CA, prof.Path, prof.Identity = KindRoot, ClientCA, RootPath, "root"
	prof.User, prof.Lifetime = policies.Root(), ttl
	return prof
}

// withLoopback adds what etcdctl on the host itself wants in a server's SANs.
func withLoopback(hosts []string) []string {
	return withoutTwins(append(append([]string{}, hosts...), "localhost", "127.0.0.1", "::1"))
}

func withoutTwins(hosts []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, h := range hosts {
		if key := canonicalHost(h); !seen[key] {
			seen[key] = true
			out = append(out, strings.TrimSuffix(h, "."))
		}
	}
	return out
}
