package adopt

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/roles/store"
)

// unknownName is the name of a cluster that carries none: etcd keeps none.
const unknownName = "etcd"

// memberOf is whose peer certificate lies at a path of a PKI folder.
func memberOf(path string) (name string, isPeer bool) {
	name, isPeer = strings.CutPrefix(path, "members/")
	if !isPeer {
		return "", false
	}
	return strings.CutSuffix(name, "/peer")
}

// cluster is the lines of the field cluster: members where the PKI folder has their
// certificates, endpoints otherwise, because members would ask for certificates that
// are external. Of several ways the first that is valid is taken.
func cluster(f Facts) ([]string, error) {
	name := named(f.Folder.Cluster)
	ours, owned := members(f)
	if lines := slices.Concat(name, []string{"  # The PKI folder has these members' certificates."}, ours); owned && valid(lines) {
		return append(lines, unwritten(f)...), nil
	}
	alternative := commented(ours, f)
	for _, urls := range [][]string{advertised(f.Members), f.Endpoints} {
		lines := append(slices.Clone(name), "  endpoints:")
		for _, u := range urls {
			lines = append(lines, fmt.Sprintf("    - %q", u))
		}
		if len(urls) > 0 && valid(lines) {
			return slices.Concat(lines, unwritten(f), alternative), nil
		}
	}
	return nil, fmt.Errorf("no member advertises an https address that a policy can name, and neither can %s", strings.Join(f.Endpoints, ", "))
}

// named is the field's first lines. A name that a certificate carries may hold anything.
func named(name string) []string {
	for _, text := range []string{name, fmt.Sprintf("%q", name)} {
		lines := []string{"cluster:", "  name: " + text}
		if err := policies.CheckName(name); err == nil && valid(append(slices.Clone(lines), `  endpoints: ["https://a:1"]`)) {
			return lines
		}
	}
	return []string{"cluster:", "  # etcd keeps no name of its own: choose one, it goes into certificates.", "  name: " + unknownName}
}

// valid reports whether a policy may hold these lines.
func valid(lines []string) bool {
	_, err := policies.Parse(policies.File{Text: []byte(head + strings.Join(lines, "\n") + "\ncomponents: []\n")})
	return err == nil
}

// members is the field members, and whether the PKI folder knows every one.
func members(f Facts) (lines []string, owned bool) {
	lines, owned = []string{"  members:"}, true
	for _, m := range f.Members {
		client, peer := best(m.ClientURLs), best(m.PeerURLs)
		if m.Name == "" || client == "" || peer == "" {
			owned = false
			continue
		}
		known, ours := f.Folder.Hosts[m.Name]
		owned = owned && ours
		hosts := []string{fmt.Sprintf("%q", host(client))}
		for _, h := range append([]string{host(peer)}, known...) {
			if text := fmt.Sprintf("%q", h); !slices.Contains(hosts, text) {
				hosts = append(hosts, text)
			}
		}
		lines = append(lines, fmt.Sprintf("    - {name: %q, hosts: [%s], clientURL: %q, peerURL: %q}", m.Name, strings.Join(hosts, ", "), client, peer))
	}
	return lines, owned && len(lines) > 1
}

// commented is the members, for an operator who wants lockstep to make their certificates.
func commented(lines []string, f Facts) []string {
	if len(lines) < 2 || !valid(slices.Concat([]string{"cluster:", "  name: " + unknownName}, lines)) {
		return nil
	}
	out := []string{"  # Endpoints: the servers' certificates stay external. For lockstep to make them, and an",
		"  # etcd.env for each member, write instead:"}
	return append(out, asComment(lines)...)
}

// unwritten says which of the cluster's members are not written.
func unwritten(f Facts) []string {
	var out []string
	for _, m := range f.Members {
		switch {
		case m.Name == "":
			out = append(out, fmt.Sprintf("  # Member %x has never started; its peers dial %s.", m.ID, count.Quoted(m.PeerURLs)))
		case best(m.ClientURLs) == "":
			out = append(out, fmt.Sprintf("  # Member %q advertises no https address to clients: %s.", m.Name, count.Quoted(m.ClientURLs)))
		}
		if m.Learner {
			out = append(out, fmt.Sprintf("  # Member %q is a learner: it answers few questions until it is promoted.", m.Name))
		}
	}
	return out
}

// advertised is one https URL of each started member; none if one has none, because
// a member that is left out is not looked at.
func advertised(list []store.Member) []string {
	var out []string
	for _, m := range list {
		u := best(m.ClientURLs)
		switch {
		case m.Name == "":
		case u == "":
			return nil
		default:
			out = append(out, u)
		}
	}
	return out
}

// best is the first https URL that others can dial, else the first https URL.
func best(urls []string) string {
	first := ""
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil || u.Scheme != "https" {
			continue
		}
		if first == "" {
			first = text
		}
		if h := u.Hostname(); h != "localhost" && h != "::1" && !strings.HasPrefix(h, "127.") {
			return text
		}
	}
	return first
}

func host(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	return u.Hostname()
}
