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
	RecoveryFile = "recovery"       // a secret; never part of a State
	SeedFile     = "seed.db"        // the first data of every member; never part of a State
	RestoreFile  = "restore.sh"     // in a member's folder: restores the seed there; never part of a State
	SeenFile     = "etcd-seen.json" // which cluster it was, and how far its users and roles were; no secret, and never needed
	RetiredDir   = "retired"
	NewSuffix    = ".new" // of a file whose writing has not been finished
)

// Purpose is what a file below the PKI folder is for.
type Purpose int

const (
	ForStray       Purpose = iota // belongs to nothing
	ForCertificate                // Pair.crt
	ForKey                        // Pair.key
	ForCopy                       // a copy of a CA's certificate
	ForCRL                        // a CA's revocation list, DER
	ForText                       // any other file that lockstep writes
	ForSecret                     // read and written by name only
	ForSeed                       // of a cluster that has not started yet; read and written by name only
	ForPassword                   // the password of a component's user; of a State only that it is there
	ForRetired                    // retired/<identity>/<serial>.crt, and records of revocations
)

// Item is what a path alone tells about a file below the PKI folder.
type Item struct {
	Purpose Purpose
	Pair    string // Profile.Path, of certificates and keys
	CA      CA     // who signed the pair or the CRL, whose certificate the copy is
	Staged  bool   // the path ended in NewSuffix
}

// CAPath is the Profile.Path of a CA: the place of its current generation.
func CAPath(ca CA) string { return CAPlace(ca, Current).String() }

// CRLFile is the first copy of a CA's revocation list. The server CA has none:
// no server reads it.
func CRLFile(ca CA) string { return string(ca) + ".crl" }

// RetiredPath is where the certificate of identity is kept after its time.
func RetiredPath(identity string, leaf *x509.Certificate) string {
	return path.Join(RetiredDir, identity, fmt.Sprintf("%x.crt", leaf.SerialNumber))
}

// The ends of the names of files in retired/ that record a revocation. Before them stands the
// serial number and, of what was revoked as an instance, ".INSTANCE".
const (
	revokedSuffix    = ".revoked.crt"     // all that had the name was revoked
	revokedOneSuffix = ".revoked-one.crt" // only certificates, and the name goes on
)

// recordPath is where the record of r lies.
func recordPath(r Retired) string {
	name := fmt.Sprintf("%x", r.Leaf.SerialNumber)
	if r.Instance != "" {
		name += "." + r.Instance
	}
	if r.Alone {
		return path.Join(RetiredDir, r.Identity, name+revokedOneSuffix)
	}
	return path.Join(RetiredDir, r.Identity, name+revokedSuffix)
}

// RetiredAt is the certificate in the file at name in retired/.
func RetiredAt(name string, leaf *x509.Certificate) Retired {
	r := Retired{Identity: path.Base(path.Dir(name)), Leaf: leaf}
	base := path.Base(name)
	stem, all := strings.CutSuffix(base, revokedSuffix)
	if !all {
		stem, r.Alone = strings.CutSuffix(base, revokedOneSuffix)
	}
	if r.Revoked = all || r.Alone; r.Revoked {
		_, r.Instance, _ = strings.Cut(stem, ".")
	}
	return r
}

// recordsRevocation reports whether the file at name in retired/ is a record.
func recordsRevocation(name string) bool {
	return strings.HasSuffix(name, revokedSuffix) || strings.HasSuffix(name, revokedOneSuffix)
}

// layout lists the files of one identity's folder, by kind of folder.
var layout = map[PlaceKind]map[string]Item{
	PlaceMember: {
		"server": {Purpose: ForCertificate, CA: ServerCA}, "peer": {Purpose: ForCertificate, CA: PeerCA}, "gateway": {Purpose: ForCertificate, CA: ClientCA},
		"client-ca.crt": {Purpose: ForCopy, CA: ClientCA}, "server-ca.crt": {Purpose: ForCopy, CA: ServerCA}, "peer-ca.crt": {Purpose: ForCopy, CA: PeerCA},
		"client.crl": {Purpose: ForCRL, CA: ClientCA}, "peer.crl": {Purpose: ForCRL, CA: PeerCA}, "etcd.env": {Purpose: ForText},
		RestoreFile: {Purpose: ForSeed},
	},
	PlaceProxy: {
		"server": {Purpose: ForCertificate, CA: ServerCA}, "client": {Purpose: ForCertificate, CA: ClientCA},
		"client-ca.crt": {Purpose: ForCopy, CA: ClientCA}, "server-ca.crt": {Purpose: ForCopy, CA: ServerCA},
		"client.crl": {Purpose: ForCRL, CA: ClientCA}, "proxy.env": {Purpose: ForText},
	},
	PlaceComponent: {
		"client": {Purpose: ForCertificate, CA: ClientCA}, "ca.crt": {Purpose: ForCopy, CA: ServerCA}, "etcdctl.env": {Purpose: ForText},
		PasswordFile: {Purpose: ForPassword},
	},
	PlaceRoot: {
		"client": {Purpose: ForCertificate, CA: ClientCA}, "ca.crt": {Purpose: ForCopy, CA: ServerCA}, "etcdctl.env": {Purpose: ForText},
	},
	PlaceCanary: {
		"client": {Purpose: ForCertificate, CA: ClientCA}, "peer": {Purpose: ForCertificate, CA: PeerCA},
		"client.next": {Purpose: ForCertificate, CA: ClientCA},
	},
	PlaceCA: {
		"client": {Purpose: ForCertificate, CA: ClientCA}, "server": {Purpose: ForCertificate, CA: ServerCA}, "peer": {Purpose: ForCertificate, CA: PeerCA},
		"client.next": {Purpose: ForCertificate, CA: ClientCA}, "client.previous": {Purpose: ForCertificate, CA: ClientCA}, "client.dropped": {Purpose: ForCertificate, CA: ClientCA},
		"server.next": {Purpose: ForCertificate, CA: ServerCA}, "server.previous": {Purpose: ForCertificate, CA: ServerCA}, "server.dropped": {Purpose: ForCertificate, CA: ServerCA},
		"peer.next": {Purpose: ForCertificate, CA: PeerCA}, "peer.previous": {Purpose: ForCertificate, CA: PeerCA}, "peer.dropped": {Purpose: ForCertificate, CA: PeerCA},
	},
	"": {
		IgnoreFile: {Purpose: ForText}, RecoveryFile: {Purpose: ForSecret}, SeedFile: {Purpose: ForSeed}, SeenFile: {Purpose: ForText},
		"client.crl": {Purpose: ForCRL, CA: ClientCA}, "peer.crl": {Purpose: ForCRL, CA: PeerCA},
	},
}

// Locate tells what the file at name, a slash-separated path below the PKI folder, is for.
func Locate(name string) Item {
	base, staged := strings.CutSuffix(name, NewSuffix)
	item := locate(base)
	item.Staged = staged && item.Purpose != ForStray
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
		return Item{Purpose: ForRetired}
	}
	return Item{}
}

// item is what the file at place is for.
func (p Place) item() Item {
	if item, ok := layout[p.Kind][p.Use]; ok && item.Purpose != ForCertificate {
		return item
	}
	ext := path.Ext(p.Use)
	stem := strings.TrimSuffix(p.Use, ext)
	item, ok := layout[p.Kind][stem]
	switch {
	case !ok || item.Purpose != ForCertificate:
		return Item{}
	case ext == ".crt":
	case ext == ".key":
		item.Purpose = ForKey
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

// Removable reports whether name is the folder of a member, proxy, component or instance, or
// that of a component's instances: it goes with the last of them.
func Removable(name string) bool {
	return IsDir(name) && (PlaceOf(name).Name != "" || path.Base(name) == instancesDir && path.Dir(name) != ".")
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
// refused at pairPath rather than reported: its holder can act as any user.
func Guarded(pairPath string) bool {
	kind := PlaceOf(pairPath).Kind
	return kind == PlaceCA || kind == PlaceRoot
}
