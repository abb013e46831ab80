package certgen

import (
	"net"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"lockstep/policies"
)

// An env file is read by a shell (`set -a; . ./etcd.env`), by systemd's EnvironmentFile, and
// by docker's and podman's --env-file, which takes each line as it is, quotation marks
// included. What a policy can say needs none: policies.checkPaths and strict names see to it.
type env struct{ strings.Builder }

func (e *env) comment(lines ...string) {
	for _, line := range lines {
		e.WriteString("# " + line + "\n")
	}
}

func (e *env) set(name, value string) { e.WriteString(name + "=" + quote(value) + "\n") }

// MemberEnv is the etcd.env of m: a whole configuration, since a CRL can be set
// neither in etcd's YAML nor beside it (fact 15).
func MemberEnv(p *policies.Policy, m policies.Member) []byte {
	return memberEnv(p, m, stateNew, initialCluster(p.Cluster.Members))
}

// memberEnv is the etcd.env of m. The state and the list of the initial cluster count at the
// first start of a member alone.
func memberEnv(p *policies.Policy, m policies.Member, state, cluster string) []byte {
	var e env
	e.comment("The configuration of etcd member " + m.Name + ", written by lockstep, which overwrites changes.")
	if path.IsAbs(p.Cluster.Install) {
		e.comment("Start etcd with  EnvironmentFile="+installed(p, "etcd.env")+"  (systemd), or",
			"set -a; . "+installed(p, "etcd.env")+"; exec etcd")
	} else {
		e.comment("Paths are relative: in this folder, type  set -a; . ./etcd.env; exec etcd")
	}
	e.set("ETCD_NAME", m.Name)
	e.set("ETCD_DATA_DIR", p.Cluster.Data)
	e.set(initialClusterName, cluster)
	e.set("ETCD_INITIAL_CLUSTER_TOKEN", p.Cluster.Name)
	e.set(initialStateName, state)
	e.set("ETCD_STRICT_RECONFIG_CHECK", "true")
	e.set("ETCD_LISTEN_PEER_URLS", listenURL(m.PeerURL, m.Hosts))
	e.set("ETCD_INITIAL_ADVERTISE_PEER_URLS", m.PeerURL)
	e.set("ETCD_LISTEN_CLIENT_URLS", withLocal(listenURL(m.ClientURL, m.Hosts)))
	e.set("ETCD_ADVERTISE_CLIENT_URLS", m.ClientURL)
	if m.MetricsURL != "" {
		e.set("ETCD_LISTEN_METRICS_URLS", m.MetricsURL)
	}
	e.set("ETCD_ENABLE_GRPC_GATEWAY", strconv.FormatBool(p.Gateway()))
	e.set("ETCD_AUTO_COMPACTION_MODE", "periodic")
	e.set("ETCD_AUTO_COMPACTION_RETENTION", "5m")
	e.set("ETCD_TLS_MIN_VERSION", "TLS1.2")
	e.set("ETCD_CERT_FILE", installed(p, "server.crt"))
	e.set("ETCD_KEY_FILE", installed(p, "server.key"))
	e.set("ETCD_CLIENT_CERT_AUTH", "true")
	e.set("ETCD_TRUSTED_CA_FILE", installed(p, "client-ca.crt"))
	e.set("ETCD_CLIENT_CRL_FILE", installed(p, "client.crl"))
	if p.Gateway() { // the gateway dials the member by it: with the server's own certificate every request gets HTTP 503 (fact 12)
		e.set("ETCD_CLIENT_CERT_FILE", installed(p, "gateway.crt"))
		e.set("ETCD_CLIENT_KEY_FILE", installed(p, "gateway.key"))
	}
	e.set("ETCD_PEER_CERT_FILE", installed(p, "peer.crt"))
	e.set("ETCD_PEER_KEY_FILE", installed(p, "peer.key"))
	e.set("ETCD_PEER_CLIENT_CERT_AUTH", "true")
	e.set("ETCD_PEER_TRUSTED_CA_FILE", installed(p, "peer-ca.crt"))
	e.set("ETCD_PEER_CRL_FILE", installed(p, "peer.crl"))
	e.set("ETCD_LOG_OUTPUTS", "stderr")
	return []byte(e.String())
}

// ProxyEnv is the proxy.env of x. `etcd grpc-proxy` takes flags only, so it is one
// variable that is expanded, unquoted, on the command line.
func ProxyEnv(p *policies.Policy, x policies.Proxy) []byte {
	var e env
	e.comment("The flags of the etcd grpc-proxy "+x.Name+", written by lockstep, which overwrites changes.",
		"  systemd: ExecStart=/usr/bin/etcd grpc-proxy start $ETCD_GRPC_PROXY_FLAGS",
		"  shell:   . ./proxy.env; exec etcd grpc-proxy start $ETCD_GRPC_PROXY_FLAGS",
		"With auth on, only users with a password get through a proxy: it has one certificate, without a user, for all of them.")
	flags := []string{
		"--endpoints=" + strings.Join(endpoints(p), ","),
		"--listen-addr=" + hostPort(listenURL(x.ClientURL, x.Hosts)),
		"--advertise-client-url=" + hostPort(x.ClientURL),
		"--cert=" + installed(p, "client.crt"),
		"--key=" + installed(p, "client.key"),
		"--cacert=" + installed(p, "server-ca.crt"),
		"--cert-file=" + installed(p, "server.crt"),
		"--key-file=" + installed(p, "server.key"),
		"--trusted-ca-file=" + installed(p, "client-ca.crt"),
		"--client-crl-file=" + installed(p, "client.crl"),
	}
	e.set(proxyFlagsName, strings.Join(flags, " "))
	return []byte(e.String())
}

// ComponentEnv is the etcdctl.env of c, with paths relative to its folder.
func ComponentEnv(p *policies.Policy, c policies.Holder) []byte {
	if c.Password {
		return passwordEnv(p, c)
	}
	return etcdctlEnv(p, "component "+c.ID(), c.User)
}

// passwordEnv is the etcdctl.env of a user with a password, which stays in its own file.
func passwordEnv(p *policies.Policy, c policies.Holder) []byte {
	var e env
	e.comment("etcdctl as component "+c.ID()+" (user "+c.User.String()+"), written by lockstep, which overwrites changes.",
		"In this folder, type  set -a; . ./etcdctl.env; ETCDCTL_PASSWORD=$(cat password); etcdctl get KEY")
	e.connect(p)
	e.set("ETCDCTL_USER", c.User.String())
	return []byte(e.String())
}

// RootEnv is the etcdctl.env of root/.
func RootEnv(p *policies.Policy) []byte {
	return etcdctlEnv(p, "root, etcd's superuser", policies.Root())
}

func etcdctlEnv(p *policies.Policy, who string, user policies.UserName) []byte {
	var e env
	e.comment("etcdctl as "+who+" (user "+user.String()+"), written by lockstep, which overwrites changes.",
		"In this folder, type  set -a; . ./etcdctl.env; etcdctl get KEY")
	e.connect(p)
	return []byte(e.String())
}

// connect sets what etcdctl needs to reach the members with the folder's certificate.
func (e *env) connect(p *policies.Policy) {
	e.set(endpointsName, strings.Join(endpoints(p), ","))
	if knowsServerCA(p) {
		e.set("ETCDCTL_CACERT", "ca.crt")
	}
	e.set("ETCDCTL_CERT", "client.crt")
	e.set("ETCDCTL_KEY", "client.key")
}

func endpoints(p *policies.Policy) []string {
	if len(p.Cluster.Members) == 0 {
		return p.Cluster.Endpoints
	}
	var urls []string
	for _, m := range p.Cluster.Members {
		urls = append(urls, m.ClientURL)
	}
	return urls
}

func initialCluster(members []policies.Member) string {
	var parts []string
	for _, m := range members {
		parts = append(parts, m.Name+"="+m.PeerURL)
	}
	return strings.Join(parts, ",")
}

// installed is where a file of the folder lies on its host.
func installed(p *policies.Policy, file string) string {
	if path.IsAbs(p.Cluster.Install) {
		return path.Join(p.Cluster.Install, file)
	}
	return file
}

// listenURL is what to bind for an advertised URL: etcd refuses names there.
func listenURL(advertised string, hosts []string) string {
	u, err := url.Parse(advertised)
	if err != nil {
		return advertised
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return u.Scheme + "://" + net.JoinHostPort(listenHost(u.Hostname(), hosts), port)
}

// hostPort is the address in a URL, which etcd's grpc-proxy wants without a scheme.
func hostPort(address string) string { return strings.TrimPrefix(address, "https://") }

func listenHost(advertised string, hosts []string) string {
	if net.ParseIP(advertised) != nil {
		return advertised
	}
	for _, h := range hosts {
		if net.ParseIP(h) != nil {
			return h
		}
	}
	return "0.0.0.0"
}

// withLocal adds the loopback address that etcdctl uses on the member's host.
func withLocal(listen string) string {
	u, err := url.Parse(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(u.Hostname()); ip.IsUnspecified() || ip.Equal(net.IPv4(127, 0, 0, 1)) {
		return listen
	}
	return listen + "," + u.Scheme + "://" + net.JoinHostPort("127.0.0.1", u.Port())
}

// quote writes value as both a shell and systemd read it back, bare wherever that is
// possible: brackets are, since neither expands them in an assignment. Inside double
// quotes both undo a backslash before exactly these four characters.
func quote(value string) string {
	plainEverywhere := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._/:=,@%+-[]", r)
	}
	if value != "" && !strings.ContainsFunc(value, func(r rune) bool { return !plainEverywhere(r) }) {
		return value
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`, "`", "\\`").Replace(value) + `"`
}

// unquote is the value that quote wrote.
func unquote(text string) string {
	inner, begins := strings.CutPrefix(text, `"`)
	inner, ends := strings.CutSuffix(inner, `"`)
	if !begins || !ends {
		return text
	}
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\$`, `$`, "\\`", "`").Replace(inner)
}

// sameSettings reports whether two env files set the same, in whatever form.
func sameSettings(a, b []byte) bool { return slices.Equal(settings(a), settings(b)) }

// settings is the lines of an env file, unquoted, without comments.
func settings(content []byte) []string {
	var out []string
	for line := range strings.Lines(string(content)) {
		line = strings.TrimSuffix(line, "\n")
		if name, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			line = name + "=" + unquote(value)
		}
		if line != "" && !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return out
}
