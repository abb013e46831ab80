package certgen

import (
	"crypto/x509"
	"fmt"
	"path"
	"strings"
)

// Names of the fixed places below the PKI folder.
const (
	IgnoreFile   = ".gitignore"
	RecoveryFile = "recovery" // a secret; never part of a State
	RetiredDir   = "retired"
	NewSuffix    = ".new" // of a file whose writing has not been finished
)

// Role is what a file below the PKI folder is for.
type Role int

const (
	RoleStray       Role = iota // belongs to nothing
	RoleCertificate             // Pair.crt
	RoleKey                     // Pair.key
	RoleCopy                    // a copy of a CA's certificate
	RoleCRL                     // a CA's revocation list, DER
	RoleText                    // any other file that lockstep writes
	RoleSecret                  // read and written by name only
	RoleRetired                 // retired/<identity>/<serial>.crt
)

// Item is what a path alone tells about a file below the PKI folder.
type Item struct {
	Role   Role
	Pair   string // Profile.Path, of certificates and keys
	CA     CA     // who signed the pair or the CRL, whose certificate the copy is
	Staged bool   // the path ended in NewSuffix
}

// CAPath is the Profile.Path of a CA: the place of its current generation.
func CAPath(ca CA) string { return CAPlace(ca, Current).String() }

// CRLFile is the first copy of a CA's revocation list. The server CA has none:
// nobody asks for it.
func CRLFile(ca CA) string { return string(ca) + ".crl" }

// RetiredPath is where the certificate of identity is kept after its time.
func RetiredPath(identity string, leaf *x509.Certificate) string {
	return path.Join(RetiredDir, identity, fmt.Sprintf("%x.crt", leaf.SerialNumber))
}

// layout lists the files of one identity's folder, by kind of folder.
var layout = map[PlaceKind]map[string]Item{
	PlaceMember: {
		"server": {Role: RoleCertificate, CA: ServerCA}, "peer": {Role: RoleCertificate, CA: PeerCA},
		"client-ca.crt": {Role: RoleCopy, CA: ClientCA}, "server-ca.crt": {Role: RoleCopy, CA: ServerCA}, "peer-ca.crt": {Role: RoleCopy, CA: PeerCA},
		"client.crl": {Role: RoleCRL, CA: ClientCA}, "peer.crl": {Role: RoleCRL, CA: PeerCA}, "etcd.env": {Role: RoleText},
	},
	PlaceProxy: {
		"server": {Role: RoleCertificate, CA: ServerCA}, "client": {Role: RoleCertificate, CA: ClientCA},
		"client-ca.crt": {Role: RoleCopy, CA: ClientCA}, "server-ca.crt": {Role: RoleCopy, CA: ServerCA},
		"client.crl": {Role: RoleCRL, CA: ClientCA}, "proxy.env": {Role: RoleText},
	},
	PlaceComponent: {
		"client": {Role: RoleCertificate, CA: ClientCA}, "ca.crt": {Role: RoleCopy, CA: ServerCA}, "etcdctl.env": {Role: RoleText},
	},
	PlaceRoot: {
		"client": {Role: RoleCertificate, CA: ClientCA}, "ca.crt": {Role: RoleCopy, CA: ServerCA}, "etcdctl.env": {Role: RoleText},
	},
	PlaceCA: {
		"client": {Role: RoleCertificate, CA: ClientCA}, "server": {Role: RoleCertificate, CA: ServerCA}, "peer": {Role: RoleCertificate, CA: PeerCA},
		"client.next": {Role: RoleCertificate, CA: ClientCA}, "client.previous": {Role: RoleCertificate, CA: ClientCA},
		"server.next": {Role: RoleCertificate, CA: ServerCA}, "server.previous": {Role: RoleCertificate, CA: ServerCA},
		"peer.next": {Role: RoleCertificate, CA: PeerCA}, "peer.previous": {Role: RoleCertificate, CA: PeerCA},
	},
	"": {
		IgnoreFile: {Role: RoleText}, RecoveryFile: {Role: RoleSecret},
		"client.crl": {Role: RoleCRL, CA: ClientCA}, "peer.crl": {Role: RoleCRL, CA: PeerCA},
	},
}

// Locate tells what the file at name, a slash-separated path below the PKI folder, is for.
func Locate(name string) Item {
	base, staged := strings.CutSuffix(name, NewSuffix)
	item := locate(base)
	item.Staged = staged && item.Role != RoleStray
	return item
}

func locate(name string) Item {
	if item, ok := layout[""][name]; ok {
		return item
	}
	if place, ok := ParsePlace(name); ok && place.Use != "" {
		return place.item()
	}
	if identity, file, ok := strings.Cut(strings.TrimPrefix(name, RetiredDir+"/"), "/"); ok &&
		strings.HasPrefix(name, RetiredDir+"/") && plain(identity) && plain(file) && path.Ext(file) == ".crt" {
		return Item{Role: RoleRetired}
	}
	return Item{}
}

// item is what the file at place is for.
func (p Place) item() Item {
	if item, ok := layout[p.Kind][p.Use]; ok && item.Role != RoleCertificate {
		return item
	}
	ext := path.Ext(p.Use)
	stem := strings.TrimSuffix(p.Use, ext)
	item, ok := layout[p.Kind][stem]
	switch {
	case !ok || item.Role != RoleCertificate:
		return Item{}
	case ext == ".crt":
	case ext == ".key":
		item.Role = RoleKey
	default:
		return Item{}
	}
	item.Pair = p.In(stem).String()
	return item
}

// IsDir reports whether name is a folder of the layout; with it go the folders that
// may be created.
func IsDir(name string) bool {
	parent, last := path.Split(name)
	above := PlaceOf(strings.TrimSuffix(parent, "/"))
	switch {
	case name == RetiredDir, name == string(PlaceMember), name == string(PlaceProxy), name == string(PlaceComponent):
		return true
	case parent == RetiredDir+"/":
		return plain(last)
	case last == instancesDir && above.isFolder() && above.Component() != "" && above.Instance == "":
		return true
	}
	return PlaceOf(name).isFolder()
}

// plain holds for a path element that a policy's name can be: it means nothing to a
// shell, a terminal or a file system.
func plain(s string) bool {
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
		default:
			return false
		}
	}
	return s != "" && s != "." && s != ".."
}

// Guarded reports whether a key of laxer mode than 0600, or of another owner, is
// refused at pairPath rather than reported: whoever has it can be anybody.
func Guarded(pairPath string) bool {
	kind := PlaceOf(pairPath).Kind
	return kind == PlaceCA || kind == PlaceRoot
}
