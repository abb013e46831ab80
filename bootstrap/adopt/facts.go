package adopt

import (
	"lockstep/certgen"
	"lockstep/policies/keyrange"
	"lockstep/roles/store"
)

// Facts is what is known of a cluster beside its users and roles. The zero value knows
// nothing, and a policy then lacks only its endpoints.
type Facts struct {
	Endpoints []string       // https URLs that the administrator was let in at
	Members   []store.Member // the cluster's own list
	Folder    Folder
	Held      []Held // presets whose keys there are; only looked for when the cluster has no users

	// CA is the file of a CA that the policy may name, as it would be written there;
	// "" for none, or where the PKI folder has CAs of lockstep's own.
	CA string

	// Certificates is what lies in the folder of certificates that was named; nil when
	// none was.
	Certificates []Certificate
}

// Folder is what a PKI folder of lockstep's tells. The zero value is none.
type Folder struct {
	Cluster string              // the name that its CAs carry
	Hosts   map[string][]string // of each member that has a certificate there
}

// Held says that at least one key lies where a preset, with its defaults, needs access.
type Held struct {
	Preset string
	Where  keyrange.Permission // the first such permission
}

// ReadFolder is what the state of a PKI folder tells about its cluster.
func ReadFolder(s certgen.State) Folder {
	f := Folder{Hosts: map[string][]string{}}
	if ca, err := s.Authority(certgen.ClientCA); err == nil && len(ca.Subject.Organization) > 0 {
		f.Cluster = ca.Subject.Organization[0]
	}
	for path, pair := range s.Pairs {
		name, isPeer := memberOf(path)
		if !isPeer || pair.Leaf == nil {
			continue
		}
		hosts := []string{} // a peer's certificate names the policy's hosts and nothing else
		for _, ip := range pair.Leaf.IPAddresses {
			hosts = append(hosts, ip.String())
		}
		f.Hosts[name] = append(hosts, pair.Leaf.DNSNames...)
	}
	return f
}
