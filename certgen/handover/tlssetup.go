package handover

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"lockstep/certgen"
	"lockstep/policies/hint"
)

// TLSSetup is the flat folder of etcd's hack/tls-setup: NAME.pem and NAME-key.pem beside
// ca.pem. That had one CA; ca.pem here is the server CA, which clients trust. What members
// trust has names of its own, so that no member is started with a CA that signs more than
// it should.
func TLSSetup(id Identity) (Export, error) {
	e := Export{Folder: true, Notes: id.certificateNotes()}
	base := id.base()
	for _, p := range id.Profiles {
		stem := base
		switch p.Kind {
		case certgen.KindPeer:
			stem = "peer-" + base
		case certgen.KindProxyClient:
			stem = "client-" + base
		case certgen.KindGateway:
			stem = "gateway-" + base
		}
		e.pair(stem, id, path.Base(p.Path))
	}
	e.cas(id)
	for i, f := range e.Files {
		if slices.ContainsFunc(e.Files[:i], func(other File) bool { return other.Name == f.Name }) {
			return Export{}, hint.With(fmt.Errorf("handing over %s as tls-setup: %s would be both its own file and a CA's", id.Name, f.Name),
				"Use another format, or give the component another name.")
		}
	}
	return e, nil
}

// pair adds the pair that id's folder calls own, as stem.pem and stem-key.pem.
func (e *Export) pair(stem string, id Identity, own string) {
	e.add(stem+".pem", 0o644, id.file(own+".crt"))
	e.add(stem+"-key.pem", 0o600, id.file(own+".key"))
}

// add adds a file, unless there is nothing in it.
func (e *Export) add(name string, mode fs.FileMode, content []byte) {
	if content != nil {
		e.Files = append(e.Files, File{Name: name, Mode: mode, Content: content})
	}
}

// cas adds the CAs' certificates, and says what each is for.
func (e *Export) cas(id Identity) {
	server := id.file("server-ca.crt")
	if id.IsComponent() {
		server = id.file("ca.crt")
	}
	for _, ca := range []struct {
		name, note string
		content    []byte
	}{
		{"ca.pem", "ca.pem is the server CA: what clients trust (--cacert, ETCD_CA_CERT_FILE).", server},
		{"client-ca.pem", "client-ca.pem is the client CA: give it to --trusted-ca-file, with --client-cert-auth.", id.file("client-ca.crt")},
		{"peer-ca.pem", "peer-ca.pem is the peer CA: give it to --peer-trusted-ca-file, with --peer-client-cert-auth.", id.file("peer-ca.crt")},
	} {
		if ca.content != nil {
			e.add(ca.name, 0o644, ca.content)
			e.Notes = append(e.Notes, ca.note)
		}
	}
	var lists []string
	for _, list := range []string{"client.crl", "peer.crl"} {
		if id.file(list) != nil {
			lists = append(lists, list)
		}
	}
	if len(lists) > 0 {
		e.Notes = append(e.Notes, fmt.Sprintf("This layout has no revocation lists: take %s from %s of the PKI folder.", strings.Join(lists, " and "), id.Dir))
	}
}
