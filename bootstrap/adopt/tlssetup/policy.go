package tlssetup

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"lockstep/policies"
	"lockstep/policies/hint"
)

const head = "apiVersion: lockstep/v1\nkind: Policy\n"

// Description is a policy that describes the folder, and how much it says.
type Description struct {
	Text       []byte
	Members    int
	Components int // one for each CN of a client certificate
}

// Policy describes the folder dir. Equal folders give equal bytes.
func Policy(dir fs.FS) (Description, error) {
	s, err := read(dir)
	if err != nil {
		return Description{}, err
	}
	servers := s.servers()
	if len(servers.members) == 0 {
		return Description{}, hint.With(errors.New("no certificate or request in it has the address of an etcd member"),
			"Describe the cluster itself: lockstep init --from-cluster.")
	}
	components, omitted := s.components()
	blocks := [][]string{s.preface(servers, components), strings.Split(strings.TrimSpace(head), "\n"), {""},
		s.cluster(servers), {""}, s.certificates(), {""}, componentLines(components), omitted}
	text := []byte(strings.Join(slices.Concat(blocks...), "\n") + "\n")
	if _, err := policies.Parse(policies.File{Name: "the description", Text: text}); err != nil {
		return Description{}, hint.With(fmt.Errorf("reading the description of the folder: %w", err), "Describe the cluster itself: lockstep init --from-cluster.")
	}
	return Description{Text: text, Members: len(servers.members), Components: len(components)}, nil
}

// preface says what the file is, what was wrong and what is not known.
func (s setup) preface(servers servers, components []component) []string {
	out := []string{"# Written by lockstep init --from-tls-setup: what hack/tls-setup made, as a policy. Review it, then:",
		"#   lockstep lint        is it right?",
		"#   lockstep rehearse    prove it on a throw-away local etcd"}
	if wrong := s.wrong(components); len(wrong) > 0 {
		out = append(out, "#", "# What was wrong there, and lockstep does otherwise:")
		for _, text := range wrong {
			out = append(out, bullet(text)...)
		}
	}
	out = append(out, "#", "# What the folder does not tell:")
	for _, text := range s.unknown(servers) {
		out = append(out, bullet(text)...)
	}
	return out
}

// wrong is what was wrong in the folder.
func (s setup) wrong(components []component) []string {
	var out []string
	for _, shared := range s.shared() {
		out = append(out, fmt.Sprintf("%s have the CN %q in common: with auth on, each of them is the etcd user %q. Here each component has a CN of its own, and members and proxies have none.",
			strings.Join(shared.files, ", "), shared.cn, shared.cn))
	}
	if len(components) == 0 {
		out = append(out, "There is no certificate of a user: each one is also a server's. A client that showed a server certificate needs one of its own.")
	}
	if without := s.withoutAuth(); len(without) > 0 {
		out = append(out, fmt.Sprintf("The Procfile starts %s without --client-cert-auth: the CN of a client's certificate is not looked at, and every client may do everything. The etcd.env of lockstep turns it on.", strings.Join(without, ", ")))
	}
	if !s.severalCAs {
		out = append(out, "One CA signs for clients, servers and peers: every certificate opens the peer port. Here are three CAs.")
	}
	if s.caKey {
		out = append(out, "certs/ca-key.pem lies beside what is copied to the hosts. It makes certificates of every user, root included: as soon as the members trust the new CA, delete it.")
	}
	if years, long := s.years(); long {
		out = append(out, fmt.Sprintf("config/ca-config.json lets certificates live %d years. Here a member's lives one year, a component's 90 days.", years))
	}
	if slices.ContainsFunc(s.etcds, func(e etcd) bool { return e.proxy && e.flags["proxy"] != "" }) {
		out = append(out, "The Procfile starts etcd with --proxy, which is a proxy of the v2 API. The proxies here are those of etcd grpc-proxy.")
	}
	return out
}

// unknown is what the folder does not tell.
func (s setup) unknown(servers servers) []string {
	out := []string{"Which keys each component reads and writes: fill in permissions, or a preset (lockstep presets)."}
	if servers.shuffled {
		out = append(out, "Which address belongs to which member: all certificates name all of them. Compare with etcdctl member list.")
	}
	if servers.numbered {
		out = append(out, "What the members are called in etcd (--name), where it is no name that the folder has.")
	}
	if servers.ports {
		out = append(out, "On which ports the members on one host listen: those below are examples.")
	}
	if s.clusterName() == "" {
		out = append(out, "What the cluster is called: etcd keeps no name.")
	}
	return append(out, s.leftOut...)
}

// sharing is a CN that stands in several certificates.
type sharing struct {
	cn    string
	files []string
}

// shared is the CNs that stand in several certificates, or would by the one request.
func (s setup) shared() []sharing {
	var out []sharing
	for _, one := range s.subjects {
		i := slices.IndexFunc(out, func(o sharing) bool { return o.cn == one.cn })
		switch {
		case one.cn == "":
		case i < 0:
			out = append(out, sharing{one.cn, []string{one.file}})
		default:
			out[i].files = append(out[i].files, one.file)
		}
	}
	out = slices.DeleteFunc(out, func(o sharing) bool { return len(o.files) < 2 })
	if t := s.template; t != nil && t.cn != "" && len(out) == 0 {
		out = append(out, sharing{t.cn, []string{"All certificates that " + t.file + " asked for"}})
	}
	return out
}

// withoutAuth is the members that the Procfile starts without looking at CNs.
func (s setup) withoutAuth() (names []string) {
	for _, e := range s.etcds {
		if !e.proxy && !e.on("client-cert-auth") {
			names = append(names, cmp.Or(e.flags["name"], e.process))
		}
	}
	return names
}

// years is how long certificates live, if that is longer than lockstep ever lets them.
func (s setup) years() (years int, long bool) {
	hours, err := strconv.Atoi(strings.TrimSuffix(s.expiry, "h"))
	years = hours / (365 * 24)
	return years, err == nil && years > 10
}

// clusterName is the token that the Procfile starts new clusters with; "" for none.
func (s setup) clusterName() string {
	for _, e := range s.etcds {
		if token := e.flags["initial-cluster-token"]; policies.CheckName(token) == nil {
			return token
		}
	}
	return ""
}

// bullet is a text as comment lines of at most 98 columns.
func bullet(text string) []string {
	var out []string
	line := "# -"
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > 98 {
			out = append(out, line)
			line = "#  "
		}
		line += " " + word
	}
	return append(out, line)
}
