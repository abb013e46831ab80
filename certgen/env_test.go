package certgen_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/policies"
)

func TestMemberEnv(t *testing.T) {
	t.Parallel()
	p := edge(t)
	want := `# The configuration of etcd member etcd1, written by lockstep, which overwrites changes.
# Start etcd with  EnvironmentFile=/etc/etcd/etcd.env  (systemd), or
# set -a; . /etc/etcd/etcd.env; exec etcd
ETCD_NAME=etcd1
ETCD_DATA_DIR=/var/lib/etcd
ETCD_INITIAL_CLUSTER=etcd1=https://10.0.0.11:2380,etcd2=https://etcd2.edge.internal:2380
ETCD_INITIAL_CLUSTER_TOKEN=edge
ETCD_INITIAL_CLUSTER_STATE=new
ETCD_STRICT_RECONFIG_CHECK=true
ETCD_LISTEN_PEER_URLS=https://10.0.0.11:2380
ETCD_INITIAL_ADVERTISE_PEER_URLS=https://10.0.0.11:2380
ETCD_LISTEN_CLIENT_URLS=https://10.0.0.11:2379,https://127.0.0.1:2379
ETCD_ADVERTISE_CLIENT_URLS=https://10.0.0.11:2379
ETCD_ENABLE_GRPC_GATEWAY=false
ETCD_AUTO_COMPACTION_MODE=periodic
ETCD_AUTO_COMPACTION_RETENTION=5m
ETCD_TLS_MIN_VERSION=TLS1.2
ETCD_CERT_FILE=/etc/etcd/server.crt
ETCD_KEY_FILE=/etc/etcd/server.key
ETCD_CLIENT_CERT_AUTH=true
ETCD_TRUSTED_CA_FILE=/etc/etcd/client-ca.crt
ETCD_CLIENT_CRL_FILE=/etc/etcd/client.crl
ETCD_PEER_CERT_FILE=/etc/etcd/peer.crt
ETCD_PEER_KEY_FILE=/etc/etcd/peer.key
ETCD_PEER_CLIENT_CERT_AUTH=true
ETCD_PEER_TRUSTED_CA_FILE=/etc/etcd/peer-ca.crt
ETCD_PEER_CRL_FILE=/etc/etcd/peer.crl
ETCD_LOG_OUTPUTS=stderr
`
	if diff := cmp.Diff(want, string(certgen.MemberEnv(p, p.Cluster.Members[0]))); diff != "" {
		t.Error(diff)
	}
}

func TestMemberEnvHere(t *testing.T) {
	t.Parallel()
	p := edge(t)
	p.Cluster.Install, p.Cluster.Data = ".", "data"
	got := certgen.MemberEnv(p, p.Cluster.Members[1])
	vars := source(t, got)
	for name, want := range map[string]string{
		"ETCD_DATA_DIR":              "data",
		"ETCD_LISTEN_PEER_URLS":      "https://0.0.0.0:2380", // only a name is known
		"ETCD_LISTEN_CLIENT_URLS":    "https://0.0.0.0:2379",
		"ETCD_ADVERTISE_CLIENT_URLS": "https://etcd2.edge.internal:2379",
		"ETCD_LISTEN_METRICS_URLS":   "http://127.0.0.1:2381",
		"ETCD_CLIENT_CRL_FILE":       "client.crl",
	} {
		if vars[name] != want {
			t.Errorf("%s=%q, want %q", name, vars[name], want)
		}
	}
	if !strings.Contains(string(got), "# Paths are relative: in this folder, type  set -a; . ./etcd.env; exec etcd\n") {
		t.Error("does not say where to start etcd")
	}
}

func TestListenAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, url, want string
		hosts           []string
	}{
		{"an IP", "https://10.0.0.1:2379", "https://10.0.0.1:2379,https://127.0.0.1:2379", []string{"10.0.0.1"}},
		{"a name beside an IP", "https://a.b:2379", "https://10.0.0.1:2379,https://127.0.0.1:2379", []string{"a.b", "10.0.0.1"}},
		{"loopback", "https://127.0.0.1:4001", "https://127.0.0.1:4001", []string{"127.0.0.1"}},
		{"IPv6", "https://[fd00::1]:2379", "https://[fd00::1]:2379,https://127.0.0.1:2379", []string{"fd00::1"}},
		{"IPv6 loopback", "https://[::1]:2379", "https://[::1]:2379,https://127.0.0.1:2379", []string{"::1"}},
		{"an IP that is no host", "https://10.9.9.9:2379", "https://10.9.9.9:2379,https://127.0.0.1:2379", []string{"a.b", "10.0.0.1"}},
		{"names only", "https://a.b:2379", "https://0.0.0.0:2379", []string{"a.b"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := edge(t)
			m := p.Cluster.Members[0]
			m.Hosts, m.ClientURL = c.hosts, c.url
			if got := source(t, certgen.MemberEnv(p, m))["ETCD_LISTEN_CLIENT_URLS"]; got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestProxyEnv(t *testing.T) {
	t.Parallel()
	p := edge(t)
	want := "--endpoints=https://10.0.0.11:2379,https://etcd2.edge.internal:2379 --listen-addr=10.0.0.21:23790 --advertise-client-url=10.0.0.21:23790" +
		" --cert=/etc/etcd/client.crt --key=/etc/etcd/client.key --cacert=/etc/etcd/server-ca.crt --cert-file=/etc/etcd/server.crt --key-file=/etc/etcd/server.key" +
		" --trusted-ca-file=/etc/etcd/client-ca.crt --client-crl-file=/etc/etcd/client.crl"
	if diff := cmp.Diff(want, source(t, certgen.ProxyEnv(p, p.Cluster.Proxies[0]))["ETCD_GRPC_PROXY_FLAGS"]); diff != "" {
		t.Error(diff)
	}
}

// Two proxies on one host listen where the policy says; one that is reached by name listens
// on its address.
func TestProxyEnvListensAtItsURL(t *testing.T) {
	t.Parallel()
	p := edge(t)
	x := policies.Proxy{Name: "proxy2", Hosts: []string{"p.edge.internal", "fd00::21"}, ClientURL: "https://p.edge.internal:23791"}
	want := "--listen-addr=[fd00::21]:23791 --advertise-client-url=p.edge.internal:23791 "
	if got := source(t, certgen.ProxyEnv(p, x))["ETCD_GRPC_PROXY_FLAGS"]; !strings.Contains(got, want) {
		t.Errorf("%s\nlacks %s", got, want)
	}
}

// A shell and docker's --env-file, which takes lines as they are, read the same, IPv6 included.
func TestEnvFilesAreReadAlike(t *testing.T) {
	t.Parallel()
	p := edge(t)
	p.Cluster.Members = append(p.Cluster.Members, policies.Member{
		Name: "etcd3", Hosts: []string{"fd00::13", "::1"}, ClientURL: "https://[fd00::13]:2379", PeerURL: "https://[fd00::13]:2380", MetricsURL: "http://[::1]:2381",
	})
	files := [][]byte{certgen.RootEnv(p), certgen.ComponentEnv(p, p.Components[0].Holders()[0])}
	for _, m := range p.Cluster.Members {
		files = append(files, certgen.MemberEnv(p, m))
	}
	for _, content := range files {
		vars, n := source(t, content), 0
		for line := range strings.Lines(string(content)) {
			line = strings.TrimSuffix(line, "\n")
			if strings.HasPrefix(line, "#") {
				continue
			}
			n++
			if name, value, _ := strings.Cut(line, "="); vars[name] != value {
				t.Errorf("%s: docker reads %s, a shell %s", name, value, vars[name])
			}
		}
		if n < 3 {
			t.Errorf("%d settings in %s", n, content)
		}
	}
}

// TestQuoting lets a shell read back what only a shell could misread.
func TestQuoting(t *testing.T) {
	t.Parallel()
	for _, data := range []string{"data", "", "a b", "$HOME", "`id`", `back\slash`, `"quoted"`, "it's", "a;b", "#x", "a#b", "~", "*", "$(id)", `\"`, "ä", "[x]", "!!", "a&b|c>d<e(f)"} {
		t.Run(data, func(t *testing.T) {
			t.Parallel()
			p := edge(t)
			p.Cluster.Data = data
			if got := source(t, certgen.MemberEnv(p, p.Cluster.Members[0]))["ETCD_DATA_DIR"]; got != data {
				t.Errorf("%q became %q", data, got)
			}
		})
	}
}

// source is what a shell makes of an env file.
func source(t *testing.T, content []byte) map[string]string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.env")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `set -a; . "$0"; exec env -0`, file)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{}
	for _, line := range strings.Split(string(out), "\x00") {
		name, value, _ := strings.Cut(line, "=")
		vars[name] = value
	}
	return vars
}
