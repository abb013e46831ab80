// Package world is everything that a run may touch: the policy, the PKI folder, the
// members, the clock, and the listener to events. It is a leaf so that bootstrap and verify
// do not meet in a circle, and it decides nothing but which members can be asked.
package world

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/certgen/folder"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// rootTTL is how long root's certificate made in memory is valid; it is never written.
const rootTTL = 15 * time.Minute

// World is one run's surroundings. Policy, Now, InFlight and CallTimeout must be set;
// without a Folder only etcd's half can be looked at, as the Admin.
type World struct {
	Policy      *policies.Policy
	Folder      *folder.Folder
	Now         func() time.Time
	Report      func(Event)   // nil: events are dropped
	InFlight    int           // calls, handshakes and files under way together
	CallTimeout time.Duration // how long one connection or call may take

	// Hold keeps signals from ending or stopping the process until release is called; nil:
	// nothing does. See Critical.
	Hold func() (release func())

	// Admin replaces root's certificate for the administrator's own connection, never
	// for a proof; where root's is not here, verify looks at the members with it. nil: root's certificate from the folder, or made in memory.
	Admin *Admin

	mu         sync.Mutex
	root       *tls.Certificate
	rootFrom   string // where root came from, for the text of a refusal
	pools      map[certgen.CA]*x509.CertPool
	introduced bool
	looks      singleflight.Group // for voters, that are under way
	passwords  map[string]string  // see passwordFolders
}

// Member is one etcd server to talk to. PeerURL and MetricsURL are "" where the policy
// does not say.
type Member struct{ Name, URL, PeerURL, MetricsURL string }

// Pages is where the member may serve HTTP.
func (m Member) Pages() store.Pages { return store.Pages{Client: m.URL, Metrics: m.MetricsURL} }

// Members is the policy's members, or its endpoints under their URLs' names.
func (w *World) Members() []Member {
	var out []Member
	for _, m := range w.Policy.Cluster.Members {
		out = append(out, Member{Name: m.Name, URL: m.ClientURL, PeerURL: m.PeerURL, MetricsURL: m.MetricsURL})
	}
	for _, url := range w.Policy.Cluster.Endpoints {
		out = append(out, Member{Name: url, URL: url})
	}
	return out
}

// MemberAt is the name of the member that listens for clients at url; "" for none.
func (w *World) MemberAt(url string) string {
	for _, m := range w.Members() {
		if m.URL == url {
			return m.Name
		}
	}
	return ""
}

// Emit reports an event.
func (w *World) Emit(e Event) {
	if w.Report != nil {
		w.Report(e)
	}
}

// Say reports a sentence.
func (w *World) Say(stage, format string, args ...any) {
	w.Emit(Event{Stage: stage, Text: fmt.Sprintf(format, args...)})
}

// Warn reports a sentence that the operator should read.
func (w *World) Warn(stage, format string, args ...any) {
	w.Emit(Event{Stage: stage, Text: fmt.Sprintf(format, args...), Warning: true})
}

// Counter reports each call as one of total steps done. It may be called from many goroutines.
func (w *World) Counter(stage string, total int) func(text string) {
	var mu sync.Mutex
	done := 0
	return func(text string) {
		mu.Lock()
		defer mu.Unlock()
		done++
		w.Emit(Event{Stage: stage, Text: text, Done: done, Total: total})
	}
}

// Root is root's certificate: made in memory where the client CA's key is, kept for the
// run and renewed in its last minute, or when the clock was set back; else the one in the folder while it is valid.
func (w *World) Root(ctx context.Context) (*tls.Certificate, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.root != nil && !w.Now().Before(w.root.Leaf.NotBefore) && w.Now().Before(w.root.Leaf.NotAfter.Add(-time.Minute)) {
		return w.root, nil
	}
	from := "root's certificate made in memory"
	made, err := w.Mint(ctx, certgen.RootProfile(w.Policy, rootTTL))
	if err != nil {
		found, fileErr := w.rootFile()
		if errors.Is(err, authority.ErrEncrypted) && errors.Is(fileErr, fs.ErrNotExist) {
			fileErr = hint.With(err, "Give the passphrase by --passphrase-file FILE or --passphrase-fd N (commands that only read do not ask for it), "+
				"or bring root's certificate: lockstep certs issue root --ttl 1h.")
		}
		if fileErr == nil || errors.Is(err, fs.ErrNotExist) { // else why the CA does not sign is the cause
			from = "root/client.crt in the PKI folder"
			made, err = found, fileErr
		}
	}
	if err != nil {
		return nil, fmt.Errorf("getting root's certificate: %w", err)
	}
	w.root, w.rootFrom = &made, from
	return w.root, nil
}

// rootFile is the certificate that `lockstep certs issue root` wrote.
func (w *World) rootFile() (tls.Certificate, error) {
	found, err := w.Folder.Identity(certgen.RootPath)
	if err == nil && !w.Now().Before(found.Leaf.NotAfter) {
		err = fmt.Errorf("root/client.crt has expired on %s", found.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	if err != nil {
		err = hint.With(err, w.rootAdvice())
	}
	return found, err
}

// rootAdvice is how root's certificate comes here.
func (w *World) rootAdvice() string {
	if w.Policy.HasExternalCA() {
		return "Name the CA's key by --ca-key, or bring root's certificate: lockstep certs issue root --ttl 1h."
	}
	if s, err := w.Folder.Observe(); err == nil && s.Inherited(certgen.ClientCA) {
		return "The client CA is the external one of an earlier policy, and signs no more: run lockstep certs rotate-ca client until the next one signs. " +
			"Until then name root's certificate from before, or another administrator, by --cert and --key, or --user."
	}
	return "Run lockstep where the client CA's key is (ca/client.key), or bring root's certificate: lockstep certs issue root --ttl 1h."
}

// Mint makes a certificate in memory. The error is fs.ErrNotExist when the CA's key
// is not here.
func (w *World) Mint(ctx context.Context, p certgen.Profile) (tls.Certificate, error) {
	issuer, err := w.Folder.Issuer(p.CA)
	if err != nil {
		return tls.Certificate{}, err
	}
	made, err := authority.Mint(ctx, issuer, p, w.Now())
	if err != nil {
		return made, fmt.Errorf("issuing %s: %w", p.Path, err)
	}
	return made, nil
}
