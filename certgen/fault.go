package certgen

import (
	"path"
	"strings"
)

// Fault is a file or folder of the PKI folder that is not used as it is: because of what
// it is, of who may change it, or because it cannot be read.
type Fault struct {
	Kind FaultKind
	Path string // slash-separated, below the PKI folder; "." for the folder itself
	Err  error  // what is wrong with it, with advice
}

// FaultKind says what a Fault is about. The zero value is the widest: nothing is known of
// what lies at the path or below.
type FaultKind int

const (
	FaultUnread FaultKind = iota // a link, neither a file nor a folder, or refused to this user
	FaultKey                     // a private key or password that others may use, or a CA's key that is another CA's
	FaultFolder                  // a folder that others may write
	FaultFile                    // a file that others may write
	FaultOwner                   // a file or folder of another user
)

// Text is what is wrong, as the rest of a sentence that begins with the path.
func (f Fault) Text() string {
	text := f.Err.Error()
	if rest, ok := strings.CutPrefix(text, f.Path+" "); ok {
		return rest
	}
	return text
}

// Unread tells of which paths, pairs' included, it is not known what lies there.
func (s State) Unread() func(path string) bool {
	unread := map[string]bool{}
	for _, f := range s.Faults {
		if f.Kind == FaultUnread {
			unread[f.Path] = true
		}
	}
	return func(at string) bool {
		if unread[at+".crt"] || unread[at+".key"] {
			return true
		}
		for ; at != "."; at = path.Dir(at) {
			if unread[at] {
				return true
			}
		}
		return false
	}
}
