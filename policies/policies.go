package policies

import (
	"slices"
	"time"

	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
	"lockstep/policies/strict"
)

// Policy is a parsed, valid policy with every default filled in. Only Parse makes
// one; it is never changed afterwards.
type Policy struct {
	Cluster      Cluster
	Certificates Certificates
	Components   []Component      // in the order of the files
	Accept       []Accept         `json:",omitempty"` // findings of verify that are accepted until a day, in the order of the files
	Presets      []presets.Preset `json:"-"`          // the policy's own, by name
	Warnings     strict.Problems  // legal but suspicious
	Digest       Digest
}

// Component finds a component by its name.
func (p *Policy) Component(name string) (Component, bool) {
	return find(p.Components, func(c Component) bool { return c.Name == name })
}

// FindPreset finds one of the policy's own presets or of those that come with lockstep.
func (p *Policy) FindPreset(name string) (presets.Preset, bool) {
	if own, ok := find(p.Presets, func(q presets.Preset) bool { return q.Name == name }); ok {
		return own, true
	}
	return presets.Lookup(name)
}

// HasExternalCA reports whether the policy names an external CA: it is then the
// client CA, the server CA and the peer CA.
func (p *Policy) HasExternalCA() bool { return !p.Certificates.CA.IsZero() }

// Member finds one of our members by its name.
func (p *Policy) Member(name string) (Member, bool) {
	return find(p.Cluster.Members, func(m Member) bool { return m.Name == name })
}

func find[T any](list []T, wanted func(T) bool) (T, bool) {
	if i := slices.IndexFunc(list, wanted); i >= 0 {
		return list[i], true
	}
	var none T
	return none, false
}

// ClientURLs is where clients reach the cluster, in the order of the file.
func (p *Policy) ClientURLs() []string {
	urls := slices.Clone(p.Cluster.Endpoints)
	for _, m := range p.Cluster.Members {
		urls = append(urls, m.ClientURL)
	}
	return urls
}

// Cluster is etcd's side of the policy. Exactly one of Members and Endpoints is set.
type Cluster struct {
	Name      string
	Members   []Member // ours: lockstep makes their certificates and etcd.env
	Endpoints []string // https URLs of members whose server certificates were made outside lockstep
	Proxies   []Proxy
	Install   string // where a member's folder lies on its host: absolute, or "." for paths relative to it
	Data      string // etcd's data directory: absolute, or relative when Install is "."
}

// Member is one etcd server.
type Member struct {
	Name       string
	Hosts      []string // IPs and DNS names; never empty
	ClientURL  string   // https://<first host>:2379 unless given
	PeerURL    string   // https://<first host>:2380 unless given
	MetricsURL string   // "" for none
}

// Proxy is one etcd grpc-proxy.
type Proxy struct {
	Name      string
	Hosts     []string
	ClientURL string // https://<first host>:23790 unless given
}

// Certificates is what all certificates have in common.
type Certificates struct {
	CA        CertificateFile `json:",omitzero"` // the one CA that signs everything, made outside lockstep; zero: lockstep's own three
	OtherCA   CertificateFile `json:",omitzero"` // a second one that is trusted, too, while its owner replaces one by the other
	Key       KeyAlgorithm
	Subject   Subject // Organization is the cluster's name unless given
	Lifetimes Lifetimes
	RenewAt   Due `json:",omitzero"` // from when on a certificate is due for renewal
}

// KeyAlgorithm is the kind of a private key.
type KeyAlgorithm string

const (
	ECDSAP256 KeyAlgorithm = "ecdsa-p256"
	ECDSAP384 KeyAlgorithm = "ecdsa-p384"
	Ed25519   KeyAlgorithm = "ed25519"
	RSA2048   KeyAlgorithm = "rsa-2048"
	RSA3072   KeyAlgorithm = "rsa-3072"
	RSA4096   KeyAlgorithm = "rsa-4096"
)

// Subject is what a certificate's subject holds beside the CN. An empty
// Organization stands for the cluster's name: no subject is ever empty.
type Subject struct {
	Organization       []string
	OrganizationalUnit []string
	Locality           []string
}

// Lifetimes are how long new certificates are valid.
type Lifetimes struct {
	CA, Member, Component time.Duration
}

// Component is one identity: one etcd user, one role, and one client certificate, or one for
// each of its instances.
type Component struct {
	Name          string
	User          UserName
	Role          RoleName          // RootRole for an administrator
	Administrator bool              // holds role root and no permissions
	Preset        string            // "" for none
	With          map[string]string `json:"-"` // values for the preset's parameters, as written
	Permissions   []keyrange.Permission
	Instances     []string        `json:",omitempty"` // each has a key and a certificate of its own; none: the component has one
	Password      bool            `json:",omitempty"` // identity: password: its user has a password, and its certificate no CN
	Certificate   CertificateFile `json:",omitzero"`  // its external certificate; Key and Lifetime then do not apply
	Key           KeyAlgorithm
	Lifetime      time.Duration
	Notes         []string          // what its preset asks of the operator
	Calls         []presets.Calling `json:",omitempty"` // what it calls beside requests for keys: what it says itself, else its preset
	Reload        presets.Reload    `json:"-"`          // how its software comes to use new files, as its preset says
	At            strict.Position
}
