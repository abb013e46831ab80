package verify

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// reachedChecks is why a member could not be asked: each has one of these reasons.
func reachedChecks() []Check {
	return []Check{
		{
			Code: "members/reached", Severity: Error, Needs: NeedsSurvey,
			Sentence: "every member of the policy answers",
			Remedy:   "start it, or look at its log; nothing is proven about a member that was not asked",
			Find:     eachMember(findSilent),
		},
		{
			Code: "members/server-key", Severity: Error, Needs: NeedsSurvey,
			Sentence: "every member can use the server certificate and key that lie on its host",
			Remedy:   "copy server.crt and server.key of the member's folder to its host, both, readable to etcd's user; where lockstep does not make them, their owner does",
			Find:     eachMember(findServerKey),
		},
		{
			Code: "members/server-certificate", Severity: Error, Needs: NeedsSurvey,
			Sentence: "every member shows a certificate of the server CA that is valid now, for servers, and names the address",
			Remedy:   "lockstep apply makes it again, then copy server.crt and server.key of the member's folder to its host; where lockstep does not make it, its owner does",
			Find:     eachMember(findServerCertificate),
		},
	}
}

// joins reports whether the member's etcd.env says that it joins a cluster, and another member
// answers: then it is being added or replaced.
func (j *judgement) joins(m Member) bool {
	return j.Folder != nil && j.Folder.Joining(m.Name) &&
		slices.ContainsFunc(j.Members, func(o Member) bool { return o.Name != m.Name && o.Err == nil })
}

// joinCommand is the command by which the member goes on to join.
func (j *judgement) joinCommand(m Member) string {
	return fmt.Sprintf("lockstep members %s %s", j.Folder.JoinVerb(m.Name), m.Name)
}

// findSilent leaves a member to the checks of its port for members where that is why it answers
// no client: without the others it has no leader.
func findSilent(j *judgement, m Member) (out findings) {
	if failed := m.handshake(); failed != nil && failed.Silent() && (j.peerPortSaid(m) || len(findPeerRefusals(j, m)) > 0) {
		return nil
	}
	if m.silent() && j.joins(m) {
		return append(out, Finding{Severity: Info, Subject: m.subject(), Text: "joins the cluster and does not answer yet", Remedy: j.joinCommand(m) + " says what to copy and to start"})
	}
	if m.silent() {
		out.add(m.subject(), "cannot be asked: "+m.Err.Error(), hint.Text(m.Err))
	}
	return out
}

func findServerKey(_ *judgement, m Member) (out findings) {
	if failed := m.handshake(); failed != nil && failed.CannotServe() {
		out.add(m.subject(), "cannot use its server certificate and key: "+m.Err.Error(), hint.Text(m.Err))
	}
	return out
}

func findServerCertificate(_ *judgement, m Member) (out findings) {
	if failed := m.handshake(); failed != nil && failed.Distrusted() != nil {
		out.add(m.subject(), "its certificate is not accepted: "+m.Err.Error(), hint.Text(m.Err))
	}
	return out
}

// serverChecks is about members too. They do not stand before auth is turned on: while it
// is off every client has the power that they warn of, so refusing would keep it that way.
func serverChecks() []Check {
	return append(shownChecks(), []Check{
		{
			Code: "members/server-cn", Severity: Critical, Needs: NeedsMembers,
			Sentence: "no server's certificate is also that of a user",
			Remedy:   "give the server a certificate without CN: who has its key is that user (CVE-2018-16886)",
			Find:     eachReached(findServerUser),
		},
	}...)
}

// findServerUser finds a server whose certificate opens its own port as a user: by CA,
// usage and CN (fact 10).
func findServerUser(j *judgement, m Member) (out findings) {
	if m.Server == nil || m.Server.Subject.CommonName == "" || !j.isUser(m.Server.Subject.CommonName) {
		return nil
	}
	trusted := store.Asks(m.AcceptableCAs, m.Server.RawIssuer)
	usage := m.Server.ExtKeyUsage
	if trusted && (len(usage) == 0 || slices.Contains(usage, x509.ExtKeyUsageClientAuth) || slices.Contains(usage, x509.ExtKeyUsageAny)) {
		out.add(m.subject(), fmt.Sprintf("its certificate is good for clients too, and its CN is the user %q", m.Server.Subject.CommonName))
	}
	return out
}

// isUser reports whether the policy or etcd has a user of that name.
func (e *Evidence) isUser(name string) bool {
	if e.Auth != nil {
		if _, found := e.Auth.User(name); found {
			return true
		}
	}
	return name == policies.Root().String() ||
		slices.ContainsFunc(e.Policy.Components, func(c policies.Component) bool { return c.User.String() == name })
}

// silent reports that the member said nothing, not even in a handshake, that another
// check would explain.
func (m Member) silent() bool {
	failed := m.handshake()
	return m.Err != nil && (failed == nil || !failed.CannotServe() && failed.Distrusted() == nil)
}

// handshake is the failed handshake for which m could not be asked; nil for none.
func (m Member) handshake() *store.HandshakeError { return handshakeOf(m.Err) }

func handshakeOf(err error) *store.HandshakeError {
	var failed *store.HandshakeError
	errors.As(err, &failed)
	return failed
}

// member is the member of that name; the zero value for none.
func (e *Evidence) member(name string) Member {
	i := slices.IndexFunc(e.Members, func(m Member) bool { return m.Name == name })
	if i < 0 {
		return Member{}
	}
	return e.Members[i]
}
