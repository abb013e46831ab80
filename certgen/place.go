package certgen

import (
	"strings"
)

// PlaceKind is the kind of a folder below the PKI folder.
type PlaceKind string

const (
	PlaceCA        PlaceKind = "ca"
	PlaceMember    PlaceKind = "members"
	PlaceProxy     PlaceKind = "proxies"
	PlaceComponent PlaceKind = "components"
	PlaceRoot      PlaceKind = "root"
	PlaceCanary    PlaceKind = "canary" // what revocation lists name in order to be seen
)

// instancesDir holds the folders of a component's instances: components/NAME/instances/INSTANCE.
const instancesDir = "instances"

// Place is a folder of the layout, a pair in it, or a file in it. [ParsePlace] and
// [Place.String] are the only code that knows how a place is written as a path. The zero
// value is no place.
type Place struct {
	Kind     PlaceKind
	Name     string // the member's, proxy's or component's; "" of ca/, root/ and canary/
	Instance string // of a component that has instances; "" otherwise
	Use      string // "client", "server" or "peer" of a pair; a file's own name otherwise; "" of the folder itself
}

// ParsePlace reads a slash-separated path below the PKI folder. It reports false for a path
// that is no place, and does not judge whether a file of this name is ever written there:
// [Locate] does.
func ParsePlace(path string) (Place, bool) {
	parts := strings.Split(path, "/")
	for _, part := range parts {
		if !plain(part) {
			return Place{}, false
		}
	}
	place, rest := Place{Kind: PlaceKind(parts[0])}, parts[1:]
	switch place.Kind {
	case PlaceCA, PlaceRoot, PlaceCanary:
	case PlaceMember, PlaceProxy, PlaceComponent:
		if len(rest) == 0 {
			return Place{}, false
		}
		place.Name, rest = rest[0], rest[1:]
	default:
		return Place{}, false
	}
	if place.Kind == PlaceComponent && len(rest) > 0 && rest[0] == instancesDir {
		if len(rest) == 1 {
			return Place{}, false
		}
		place.Instance, rest = rest[1], rest[2:]
	}
	switch len(rest) {
	case 0:
	case 1:
		place.Use = rest[0]
	default:
		return Place{}, false
	}
	return place, true
}

// RootPath is the Profile.Path of root's certificate.
const RootPath = "root/client"

// rootEnvPath is the path of root's etcdctl.env.
const rootEnvPath = "root/etcdctl.env"

// PlaceOf is the place at path, and the zero value where there is none.
func PlaceOf(path string) Place {
	place, _ := ParsePlace(path)
	return place
}

// String is the place as a slash-separated path below the PKI folder.
func (p Place) String() string {
	parts := []string{string(p.Kind)}
	if p.Name != "" {
		parts = append(parts, p.Name)
	}
	if p.Instance != "" {
		parts = append(parts, instancesDir, p.Instance)
	}
	if p.Use != "" {
		parts = append(parts, p.Use)
	}
	return strings.Join(parts, "/")
}

// Folder is the folder that the place is in: what is copied to one host.
func (p Place) Folder() Place {
	p.Use = ""
	return p
}

// In is the place of a pair or a file in the folder p.
func (p Place) In(use string) Place {
	p.Use = use
	return p
}

// Owner is the folder of the member, proxy or component, whatever the instance.
func (p Place) Owner() Place { return Place{Kind: p.Kind, Name: p.Name} }

// Instances is the path of the folder that holds the folders of a component's instances.
func (p Place) Instances() string { return p.Owner().String() + "/" + instancesDir }

// Component is the name of the component that the place belongs to; "" for none.
func (p Place) Component() string {
	if p.Kind != PlaceComponent {
		return ""
	}
	return p.Name
}

// Place is where the pair lies.
func (p Pair) Place() Place { return PlaceOf(p.Path) }

// Place is where the pair is to lie.
func (p Profile) Place() Place { return PlaceOf(p.Path) }

// Place is what the step changes; the zero value of a file that is in no folder of the layout.
func (s Step) Place() Place { return PlaceOf(s.Path()) }

// isFolder reports whether the place is one of the layout's folders, and no pair or file.
func (p Place) isFolder() bool { return p.Kind != "" && p.Use == "" }

// certificate is the kind of the certificate at the place of a pair.
func (p Place) certificate() Kind {
	switch {
	case p.Kind == PlaceCA:
		return KindCA
	case p.Kind == PlaceRoot:
		return KindRoot
	case p.Kind == PlaceCanary:
		return KindCanary
	case p.Kind == PlaceComponent:
		return KindComponent
	case p.Kind == PlaceProxy && p.Use == "client":
		return KindProxyClient
	case p.Kind == PlaceMember && p.Use == "gateway":
		return KindGateway
	case p.Use == "peer":
		return KindPeer
	}
	return KindServer
}

// serves reports whether the pair at path is one that software uses: no CA's, and no canary.
func serves(path string) bool {
	kind := PlaceOf(path).Kind
	return kind != PlaceCA && kind != PlaceCanary
}
