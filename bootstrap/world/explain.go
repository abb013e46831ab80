package world

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// Handshake shakes hands with the client port at url as identity, nil for none. Its
// errors say what this policy's operator can do.
func (w *World) Handshake(ctx context.Context, url string, identity *tls.Certificate) (store.Greeting, error) {
	config, err := w.TLS(identity)
	if err != nil {
		return store.Greeting{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, w.CallTimeout)
	defer cancel()
	g, err := store.Handshake(ctx, url, config)
	return g, w.explain(err)
}

// explain adds to a failed handshake what has to be done, and who has to do it: that
// depends on who made the member's certificate, which only the policy knows.
func (w *World) explain(err error) error {
	var failed *store.HandshakeError
	if !errors.As(err, &failed) {
		return err
	}
	advice := ""
	switch shown := failed.Distrusted(); {
	case failed.CannotServe():
		advice = w.pairAdvice(failed.Endpoint)
	case shown != nil:
		advice = w.certificateAdvice(failed, shown)
	case failed.UntrustedCA() && w.Folder != nil:
		trust, missing := w.Folder.Trust(certgen.ClientCA)
		if missing == nil && !store.Asks(failed.Greeting.AcceptableCAs, trust.Current.RawSubject) { // else the certificate was of another CA
			advice = TrustAdvice(w.Policy, trust, failed.Greeting.AcceptableCAs)
		}
	}
	if advice == "" {
		return err
	}
	return hint.With(err, advice)
}

// copying is how a new server certificate gets to a member whose folder lockstep makes.
func (w *World) copying(endpoint string) string {
	dir := "its folder below members/"
	if i := slices.IndexFunc(w.Policy.Cluster.Members, func(m policies.Member) bool { return m.ClientURL == endpoint }); i >= 0 {
		dir = "members/" + w.Policy.Cluster.Members[i].Name
	}
	return fmt.Sprintf("copy server.crt and server.key, both, from %s of the PKI folder to its host, readable to etcd's user; etcd needs no restart", dir)
}

func (w *World) pairAdvice(endpoint string) string {
	const cause = "The member cannot use its server certificate and key: they do not belong together, or etcd's user may not read them"
	if len(w.Policy.Cluster.Members) == 0 {
		return cause + ". Its owner has to put a certificate with its own key there and make both files readable to etcd's user; etcd needs no restart."
	}
	return cause + ": " + w.copying(endpoint) + "."
}

// renewing is how a member of the policy gets another server certificate. bootstrap
// issues it before it talks to etcd, which apply cannot do.
func (w *World) renewing(endpoint string) string {
	return "run lockstep apply, or lockstep bootstrap where no member can be reached, and " + w.copying(endpoint) + "."
}

// certificateAdvice says who has to replace the server's certificate; "" where the
// handshake's own words have to do.
func (w *World) certificateAdvice(failed *store.HandshakeError, shown *x509.Certificate) string {
	own := len(w.Policy.Cluster.Members) > 0
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(failed.Err, &name) && own:
		return fmt.Sprintf("The member's certificate names %s. Put %s into its hosts in the policy if it is not there, %s", store.Names(shown), name.Host, w.renewing(failed.Endpoint))
	case certgen.Broken(shown.SignatureAlgorithm) && own:
		return fmt.Sprintf("The member shows a certificate that is signed with the broken %s, which no client takes: ", shown.SignatureAlgorithm) + w.copying(failed.Endpoint) + "."
	case errors.As(failed.Err, &name):
		return fmt.Sprintf("The server's certificate is not lockstep's: its owner has to put %s into its subjectAltName. Or name the endpoint by what is there: %s.", name.Host, store.Names(shown))
	case !errors.As(failed.Err, &invalid) || !shown.Equal(invalid.Cert):
		return ""
	case invalid.Reason == x509.Expired && w.Now().Before(shown.NotBefore):
		return fmt.Sprintf("The server's certificate is not valid before %s: wait until then, or set the clock that is wrong, here or where it was made.", shown.NotBefore.UTC().Format(time.RFC3339))
	case invalid.Reason == x509.Expired && own:
		return fmt.Sprintf("The member's certificate expired on %s: %s", shown.NotAfter.UTC().Format(time.RFC3339), w.renewing(failed.Endpoint))
	case invalid.Reason == x509.Expired:
		return fmt.Sprintf("The server's certificate expired on %s. It is not lockstep's: its owner has to renew it.", shown.NotAfter.UTC().Format(time.RFC3339))
	case invalid.Reason == x509.IncompatibleUsage && own:
		return "The member shows a certificate that is not one for servers: " + w.copying(failed.Endpoint) + "."
	case invalid.Reason == x509.IncompatibleUsage:
		return "The server's certificate is not one for servers and not lockstep's: its owner has to make one whose extended key usage holds serverAuth."
	}
	return ""
}

// TrustAdvice is what makes a member trust our client CA, in all its generations, that asks for
// certificates of the CAs with the raw subjects asked. Certificates of lockstep come without
// what stands above their CA, so that the member has to trust the CA itself.
func TrustAdvice(p *policies.Policy, trust certgen.TrustSet, asked [][]byte) string {
	const restart = "restart each member: etcd reads CAs only at its start"
	ca, files := trust.Current, strings.Join(trustFiles(p, trust), " and ")
	above := !bytes.Equal(ca.RawIssuer, ca.RawSubject) && store.Asks(asked, ca.RawIssuer)
	switch {
	case above && len(p.Cluster.Members) == 0:
		return fmt.Sprintf("The member trusts %s, which stands above our client CA %s. Put that CA itself (%s) into the file that the member's --trusted-ca-file names, in place of %s, and %s. Clients of other CAs below %s are refused from then on.",
			store.CAName(ca.RawIssuer), store.CAName(ca.RawSubject), files, store.CAName(ca.RawIssuer), restart, store.CAName(ca.RawIssuer))
	case len(p.Cluster.Members) == 0 && len(trust.All()) > 1:
		return fmt.Sprintf("Put both our client CAs, and no other (%s), into the file that the member's --trusted-ca-file names, and %s.", files, restart)
	case len(p.Cluster.Members) == 0:
		return fmt.Sprintf("Put our client CA %s alone (%s) into the file that the member's --trusted-ca-file names, and %s.", store.CAName(ca.RawSubject), files, restart)
	}
	return "Copy client-ca.crt of the member's folder to its host (--trusted-ca-file, as its etcd.env says) and " + restart + "."
}

// trustFiles is where the certificates of the client CA lie.
func trustFiles(p *policies.Policy, trust certgen.TrustSet) []string {
	if p.HasExternalCA() {
		files := []string{p.Certificates.CA.Path}
		if !p.Certificates.OtherCA.IsZero() {
			files = append(files, p.Certificates.OtherCA.Path)
		}
		return files
	}
	files := []string{"ca/client.crt of the PKI folder"}
	if trust.Next != nil {
		files = append(files, certgen.CAPlace(certgen.ClientCA, certgen.Next).String()+".crt")
	}
	if trust.Previous != nil {
		files = append(files, certgen.CAPlace(certgen.ClientCA, certgen.Previous).String()+".crt")
	}
	return files
}
