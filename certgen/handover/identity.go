package handover

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"io/fs"
	"math/big"
	"path"
	"slices"
	"strings"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/presets"
	"lockstep/policies/strict"
)

// File is one file of a folder.
type File struct {
	Name     string // its base name
	Mode     fs.FileMode
	Modified time.Time
	Content  []byte
}

// Identity is one component, member or proxy.
type Identity struct {
	Name      string             // as commands take it: "calico-node", "members/etcd1"
	Dir       string             // its folder below the PKI folder
	Profiles  []certgen.Profile  // its certificates
	Component policies.Component // zero for members and proxies
	Preset    presets.Preset     // of the component; zero for none
	Endpoints []string           // client URLs of the members
	Installed string             // where its folder lies on its host, where the policy says nothing: below /etc/etcd
	Files     []File             // what its folder holds; of Find none
}

// Find looks a name up in the policy: a component's name, of one of several instances
// "NAME/INSTANCE", "members/NAME" or "proxies/NAME".
func Find(p *policies.Policy, name string) (Identity, error) {
	id := Identity{Name: name, Endpoints: p.ClientURLs(), Installed: "/etc/etcd"}
	if path.IsAbs(p.Cluster.Install) {
		id.Installed = p.Cluster.Install
	}
	var known []string
	for _, profile := range certgen.Desired(p).Profiles {
		if profile.Kind == certgen.KindCA {
			continue
		}
		folder := profile.Place().Folder()
		known = append(known, nameOf(folder))
		if nameOf(folder) == name {
			id.Profiles = append(id.Profiles, profile)
			id.Dir = folder.String()
		}
	}
	if len(id.Profiles) == 0 {
		return Identity{}, hint.With(fmt.Errorf("the policy has no component, member or proxy %q", name),
			strict.Suggest(name, slices.Compact(known), "It has: "))
	}
	if component, found := p.Component(certgen.PlaceOf(id.Dir).Component()); found {
		id.Component = component
		id.Preset, _ = p.FindPreset(component.Preset)
		id.Installed = path.Join(id.Installed, component.Name)
	}
	return id, nil
}

// nameOf is how commands call the owner of a folder.
func nameOf(folder certgen.Place) string {
	switch {
	case folder.Instance != "":
		return folder.Component() + "/" + folder.Instance
	case folder.Component() != "":
		return folder.Component()
	}
	return folder.String()
}

// IsComponent reports whether the identity is a component: one certificate for one user.
func (id Identity) IsComponent() bool { return id.Component.Name != "" }

// base is the name of the member, proxy or component as the beginning of a file's name.
func (id Identity) base() string {
	if id.IsComponent() {
		return strings.ReplaceAll(id.Name, "/", "-")
	}
	return path.Base(id.Name)
}

// file is the content of one file; nil when it is not there.
func (id Identity) file(name string) []byte {
	for _, f := range id.Files {
		if f.Name == name {
			return f.Content
		}
	}
	return nil
}

// Evidence is what a PKI folder knows of its CAs: a [certgen.State].
type Evidence interface {
	Trust(certgen.CA) (certgen.TrustSet, error)
	Revoked(certgen.CA, *big.Int) (bool, error)
}

// Check refuses to hand over what would not work, or not be what it says: every certificate
// has to be there, with its key, without a fatal defect under the CA that issued it, and not
// on that CA's revocation list.
func (id Identity) Check(by Evidence, now time.Time) error {
	for _, profile := range id.Profiles {
		cert, err := id.checkPair(profile)
		if err != nil {
			return err
		}
		ca, err := by.Trust(profile.CA)
		if err != nil {
			return fmt.Errorf("judging the certificate of %s: %w", id.Name, err)
		}
		if fatal := certgen.Fatal(certgen.Defects(cert, profile, ca.Of(cert), now)); len(fatal) > 0 {
			return hint.Refuse("lockstep plan says what makes it right; lockstep apply does it.",
				"%s.crt %s: it is not handed over", profile.Path, fatal[0].Text)
		}
		revoked, err := by.Revoked(profile.CA, cert.SerialNumber)
		if err != nil {
			return fmt.Errorf("judging the certificate of %s: %w", id.Name, err)
		}
		if revoked {
			return hint.Refuse("Give it a new key: lockstep certs rekey "+id.Name, "%s.crt is revoked: it is not handed over", profile.Path)
		}
	}
	return nil
}

// checkPair reads one certificate and looks whether its key is here.
func (id Identity) checkPair(p certgen.Profile) (*x509.Certificate, error) {
	if p.External != "" {
		return nil, hint.With(fmt.Errorf("the certificate of %s is external (%s): its key is not in the PKI folder", id.Name, p.External),
			"Hand it over where it is made.")
	}
	cert, key, err := id.pair(p)
	if err != nil {
		return nil, err
	}
	if !authority.Matches(cert, key) {
		return nil, hint.With(fmt.Errorf("%s.key belongs to another certificate than %s.crt", p.Path, p.Path),
			"Another run was cut off, or the files were exchanged: lockstep plan says what makes it right.")
	}
	return cert, nil
}

// pair is the certificate and the key of one profile.
func (id Identity) pair(p certgen.Profile) (*x509.Certificate, crypto.Signer, error) {
	stem := path.Base(p.Path)
	certText, keyText := id.file(stem+".crt"), id.file(stem+".key")
	switch {
	case certText == nil:
		return nil, nil, hint.With(fmt.Errorf("%s.crt is not in the PKI folder: %s has no certificate yet", p.Path, id.Name), "lockstep apply issues it.")
	case keyText == nil:
		return nil, nil, hint.With(fmt.Errorf("%s.key is not in the PKI folder: the key of %s was delivered, and lockstep keeps no copy", p.Path, id.Name),
			"Convert it where the key is, or give it a new key: lockstep certs rekey.")
	}
	cert, err := certgen.ParseCertificate(certText)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s.crt: %w", p.Path, err)
	}
	key, err := authority.ParseKey(keyText)
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s.key: %w", p.Path, err)
	}
	return cert, key, nil
}

// password is the password of the component's user; "" for a user without one, or where it is
// not here.
func (id Identity) password() string {
	if !id.Component.Password {
		return ""
	}
	return strings.TrimSuffix(string(id.file(certgen.PasswordFile)), "\n")
}

// serverCAs is what clients trust: while the server CA is rotated, two. None where the
// folder has no ca.crt.
func (id Identity) serverCAs() ([]*x509.Certificate, error) {
	text := id.file("ca.crt")
	if text == nil {
		return nil, nil
	}
	trust, err := certgen.ParseTrustSet(text)
	if err != nil {
		return nil, fmt.Errorf("reading %s/ca.crt: %w", id.Dir, err)
	}
	return trust.All(), nil
}

// one is the only certificate and key of a component, for formats that hold one.
func (id Identity) one(format string) (certText, keyText []byte, err error) {
	if !id.IsComponent() {
		return nil, nil, hint.With(fmt.Errorf("format %s holds one certificate, and %s has %d", format, id.Name, len(id.Profiles)),
			"Use --format tar or tls-setup.")
	}
	return id.file("client.crt"), id.file("client.key"), nil
}
