package verify

import (
	"cmp"
	"crypto/x509"
	"fmt"

	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// refusalRemedy is by what a member refuses a certificate that its CA signed, in the order
// of what is easiest to look at. The member's log tells which.
const refusalRemedy = "look in the member's log for \"rejected connection\": for \"expired or is not yet valid\" set the member's clock or renew the certificate; " +
	"for a revoked one copy the newest client.crl of the member's folder to its host, or issue another certificate; else its --trusted-ca-file is another CA's"

// clientPortChecks are about the port for clients.
func clientPortChecks() []Check {
	return []Check{
		{
			Code: "members/anonymous", Severity: Critical, Needs: NeedsMembers,
			Sentence: "no member accepts a client without a certificate",
			Remedy:   "start the member with its etcd.env (ETCD_CLIENT_CERT_AUTH, ETCD_TRUSTED_CA_FILE); one that lockstep does not make with --client-cert-auth and --trusted-ca-file",
			Find:     eachReached(findAnonymous),
		},
		{
			Code: "members/blind", Severity: Critical, Needs: NeedsMembers | NeedsName,
			Sentence: "every member takes the CN of a certificate for the user",
			Remedy:   "start the member with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true)",
			Find:     eachReached(findIdentityIgnored),
		},
		{
			Code: "members/root", Severity: Error, Needs: NeedsMembers | NeedsRoot,
			Sentence: "root gets in by certificate alone, through every member",
			Remedy:   "look at the member's log: it names why it did not answer root; then run lockstep verify again",
			Find:     eachReached(findRootRefused),
		},
		{
			Code: "members/refusals", Severity: Error, Needs: NeedsMembers,
			Sentence: "every certificate is accepted by every member",
			Remedy:   refusalRemedy,
			Find:     eachReached(findRefusals),
		},
		{
			Code: "members/client-ca", Severity: Critical, Needs: NeedsMembers | NeedsFolder,
			Sentence: "members take users from our client CA and from no other, as far as a port tells: it shows the names of its CAs and no keys",
			Remedy:   "give the member our client CA alone as --trusted-ca-file, and restart it: etcd reads CAs only at its start",
			Find:     eachReached(findClientCA),
		},
	}
}

func findAnonymous(_ *judgement, m Member) (out findings) {
	if m.Anonymous.Outcome == Accepted {
		out.add(m.subject(), "accepts TLS connections without a certificate")
	}
	for _, url := range m.Plain {
		out.add(m.subject(), fmt.Sprintf("answers plain http at %s, where no client has a name", url))
	}
	return out
}

func findIdentityIgnored(j *judgement, m Member) (out findings) {
	if m.Root.Outcome == IdentityIgnored {
		out.add(m.subject(), fmt.Sprintf("takes %s and ignores its CN: it is not started with --client-cert-auth", j.As.Whose()))
	}
	return out
}

func findRootRefused(_ *judgement, m Member) (out findings) {
	if m.AuthOn && m.Root.Outcome == Unknown {
		out.add(m.subject(), "root's certificate was not let in: "+reason(m.Root), hint.Text(m.Root.Err))
	}
	return out
}

func findRefusals(j *judgement, m Member) (out findings) {
	remedy := ""
	var texts []string
	for _, r := range m.Refusals {
		if !j.saidByClientCA(m, r) {
			texts = append(texts, fmt.Sprintf("does not accept %s's certificate: %v", r.Component, r.Err))
			remedy = cmp.Or(remedy, hint.Text(r.Err))
		}
	}
	if j.deniesAdministrator(m) {
		texts = append(texts, fmt.Sprintf("does not take %s for an administrator's: %v", j.As.Whose(), m.Root.Err))
		remedy = "name the certificate of a user that holds role root (--cert, --key, --user), or leave them out where root's certificate is"
	}
	for _, text := range texts {
		out.add(m.subject(), text, remedy)
	}
	return out
}

func findClientCA(j *judgement, m Member) (out findings) {
	if m.AcceptableCAs == nil {
		return nil // it asks for no certificate, and members/anonymous says so
	}
	return j.trusts(m, trusted{certgen.ClientCA, m.AcceptableCAs, m.shownInVain()}, clientCARemedy(j, m))
}

// shownInVain is the certificates that m's client port refuses because it does not trust
// their CA.
func (m Member) shownInVain() (out []*x509.Certificate) {
	for _, r := range m.Refusals {
		if failed := handshakeOf(r.Err); failed != nil && failed.UntrustedCA() {
			out = append(out, r.Shown)
		}
	}
	return out
}

func clientCARemedy(j *judgement, m Member) string {
	trust, err := j.Folder.Trust(certgen.ClientCA)
	if err != nil {
		return advice(err)
	}
	return world.TrustAdvice(j.Policy, trust, m.AcceptableCAs)
}

// distrustsUs reports whether m's client port has not loaded our client CA, or has loaded another
// one of its name.
func (e *Evidence) distrustsUs(m Member) bool {
	if e.Folder == nil || m.AcceptableCAs == nil {
		return false
	}
	trust, err := e.Folder.Trust(certgen.ClientCA)
	return err == nil && (!store.Asks(m.AcceptableCAs, trust.Current.RawSubject) ||
		trusted{certgen.ClientCA, m.AcceptableCAs, m.shownInVain()}.impostor(trust) != nil)
}

// saidByClientCA reports whether members/client-ca says once, for all certificates, why m
// refuses this one.
func (e *Evidence) saidByClientCA(m Member, r Refusal) bool {
	failed := handshakeOf(r.Err)
	return failed != nil && failed.UntrustedCA() && e.distrustsUs(m)
}

// deniesAdministrator reports whether m lets the certificate in of the administrator that the
// operator named, and does not do what it asks. What root is denied is members/root's.
func (e *Evidence) deniesAdministrator(m Member) bool {
	return e.As.RootErr != nil && !e.As.Password && m.AuthOn && m.Root.Outcome == Unknown && m.Root.Err != nil
}

// reason is why the attempt was not accepted.
func reason(t Attempt) string {
	if t.Err == nil {
		return "it was not tried"
	}
	return t.Err.Error()
}
