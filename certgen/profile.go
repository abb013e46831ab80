package certgen

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"time"

	"lockstep/policies"
)

// CA names one of the three authorities; each does one job.
type CA string

const (
	ClientCA CA = "client" // signs what etcd takes for a user; members trust it and nothing above it
	ServerCA CA = "server" // signs what clients trust
	PeerCA   CA = "peer"   // signs what members trust of each other
)

// CAs is all three, in the order in which they are made and listed.
func CAs() []CA { return []CA{ClientCA, ServerCA, PeerCA} }

// Kind is one row of the certificate table.
type Kind string

const (
	KindCA          Kind = "ca"
	KindServer      Kind = "server"       // member or proxy, towards clients
	KindPeer        Kind = "peer"         // member, towards members
	KindProxyClient Kind = "proxy-client" // proxy, towards members: no CN (fact 9)
	KindGateway     Kind = "gateway"      // member's HTTP gateway, towards the member itself: no CN (fact 12)
	KindComponent   Kind = "component"    // CN = user; of a user with a password no CN
	KindRoot        Kind = "root"         // CN = root
	KindCanary      Kind = "canary"       // no CN; see [CanaryPath]
)

// Profile is everything that is decided about a certificate before its key exists.
type Profile struct {
	Kind     Kind
	CA       CA                // who signs; of a CA: itself
	Path     string            // the pair is Path.crt and Path.key below the PKI folder: "members/etcd1/server"
	Identity string            // whose it is: the member's, proxy's or component's name; "root"; of a CA its name
	User     policies.UserName // the etcd user that it stands for; zero for none
	Password bool              // the user logs in by a password: it is no CN, but the subject's user ID, which etcd does not read
	Cluster  string
	Subject  policies.Subject // Organization is never empty
	Hosts    []string         // all SANs, loopback included: IPs and DNS names
	Key      policies.KeyAlgorithm
	Lifetime time.Duration // cut down to the CA's end

	ExternalCA string // of a CA that signs for all purposes: the file that certificates.ca names; "" for one of ours
	External   string // of a leaf: the file outside the folder where its owner keeps it; "" for one of ours
}

// File is where the certificate lies: below the PKI folder, or outside of it.
func (p Profile) File() string {
	return cmp.Or(p.External, p.ExternalCA, p.Path+".crt")
}

// CN is the subject's CN, which etcd takes for the user; "" for none.
func (p Profile) CN() string {
	if p.Password {
		return ""
	}
	return p.User.String()
}

// authority is what a sentence calls the CA of the profile p.
func (p Profile) authority() string {
	if p.ExternalCA != "" {
		return fmt.Sprintf("the CA %s, which certificates.ca names,", p.ExternalCA)
	}
	return fmt.Sprintf("the %s CA (%s.crt)", p.CA, p.Path)
}

// Usages are the extended key usages that the certificate has, no more and no fewer.
// A CA has those of what it signs.
func (p Profile) Usages() []x509.ExtKeyUsage {
	switch {
	case p.Kind == KindServer, p.Kind == KindCA && p.CA == ServerCA:
		return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	case p.Kind == KindPeer, (p.Kind == KindCA || p.Kind == KindCanary) && p.CA == PeerCA:
		return []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	}
	return []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
}

// Organization is O of the subject: the policy's, else the cluster's name.
func (p Profile) Organization() []string {
	if len(p.Subject.Organization) > 0 {
		return p.Subject.Organization
	}
	return []string{p.Cluster}
}

// otherwise is what to do where the CA of the profile p does not do.
func (p Profile) otherwise() string {
	if p.ExternalCA != "" {
		return "name another CA by certificates.ca, or have its owner make one that may"
	}
	return fmt.Sprintf("nothing can be signed or trusted before lockstep certs rotate-ca %s --compromised has replaced it", p.CA)
}
