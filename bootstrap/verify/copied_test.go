package verify

import (
	"strings"
	"testing"
)

// A remedy says what lockstep itself does, and what it leaves to the operator.
func TestRemediesOfIdentitiesFitTheirPlaces(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	p.copy("ca/client.key", "it's notes.txt")
	p.copy("components/reader/client.crt", "components/old/client.crt")
	p.copy("components/reader/client.crt", "components/flannel/client.crt")
	p.copy("components/reader/client.crt", "ca/peer.crt")
	state, err := p.folder.Inspect()
	p.do(err)
	e := &Evidence{Policy: p.policy, Now: p.now, Folder: &state}
	for subject, want := range map[string]string{
		"it's notes.txt": `move it away: mv 'PKI/it'\''s notes.txt' "$(mktemp -d ~/moved.XXXXXX)"` +
			"; the CA's key was copied: who could read it can sign any certificate of that CA, any user with the client CA's; lockstep certs rotate-ca client --compromised replaces it",
		"components/old/client.crt":     `move it away: mv PKI/components/old/client.crt "$(mktemp -d ~/moved.XXXXXX)"`,
		"components/flannel/client.crt": "", // the check's own: apply replaces it
		"ca/peer.crt":                   "restore ca/ from its backup, or replace the CA: lockstep certs rotate-ca peer --compromised",
	} {
		if got := strings.ReplaceAll(identityRemedy(judging(e), subject), p.path, "PKI"); got != want {
			t.Errorf("%s: got %s, want %s", subject, got, want)
		}
	}
	for subject, want := range map[string]bool{"members/etcd1/server.crt": true, "components/flannel/client.crt": false} {
		if got := strings.Contains(defectiveRemedy(subject), "lockstep bootstrap"); got != want {
			t.Errorf("%s: names bootstrap: %v, want %v", subject, got, want)
		}
	}
}
