package verify

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/count"
)

// listChecks are about the CAs' revocation lists, in the folder and on the members.
func listChecks() []Check {
	return []Check{
		{
			Code: "certificates/crl", Severity: Warning, Needs: NeedsFolder,
			Sentence: "every revocation list is in the first half of its life and names a canary, by which members show that they have loaded it",
			Remedy:   "lockstep apply signs it again where the CA's key is; copy the new file to the members: etcd reads it at the next connection",
			Find:     findOldLists,
		},
		{
			Code: "members/crl", Severity: Error, Needs: NeedsFolder | NeedsMembers | NeedsCanary, Acceptable: true,
			Sentence: "every member has loaded the newest revocation lists of the PKI folder",
			Remedy:   "copy client.crl and peer.crl of the member's folder to its host: etcd reads them at the next connection",
			Find:     eachReached(findUnloadedLists),
		},
		{
			Code: "members/newer-crl", Severity: Error, Needs: NeedsFolder | NeedsMembers,
			Sentence: "no member has a newer list of revoked clients than the PKI folder",
			Remedy:   "copy client.crl from the member's host over client.crl of the PKI folder, before anything else: what it revokes is then revoked here, too; then lockstep apply replaces what is revoked",
			Find:     findNewerLists,
		},
	}
}

func findOldLists(j *judgement) (out findings) {
	j.steps(func(s certgen.Step) {
		if !s.Early || s.File != certgen.CRLFile(s.Signer()) { // its copies are made with it
			return
		}
		f := Finding{Subject: Subject{SubjectFile, s.File}, Text: s.Reason}
		if len(j.Folder.Unlisted(s.Signer(), j.Now)) > 0 {
			f.Severity, f.Remedy = Error, "lockstep apply signs it again where the CA's key is (--ca-key for an external CA; or its owner puts the numbers of retired/*/*.revoked.crt on the list); copy the new file to the members"
		}
		out = append(out, f)
	}, certgen.Write)
	for _, ca := range certgen.CAs() {
		list := j.Folder.NewestList(ca)
		if list != nil && !j.Now.Before(list.NextUpdate) {
			out = append(out, Finding{Severity: Error, Subject: Subject{SubjectFile, certgen.CRLFile(ca)},
				Text: fmt.Sprintf("should have been replaced by %s: software other than etcd does not take it any more", list.NextUpdate.UTC().Format(time.DateOnly))})
		}
	}
	return out
}

// overdue reports whether s replaces a revocation list that is to be signed again because its
// life is over.
func (j *judgement) overdue(s certgen.Step) bool {
	list, err := x509.ParseRevocationList(j.Folder.Files[s.File])
	return err == nil && s.List != nil && !j.Now.Before(list.NextUpdate)
}

func findUnloadedLists(j *judgement, m Member) (out findings) {
	out = append(out, j.unloaded(m, certgen.ClientCA, "client port", "ETCD_CLIENT_CRL_FILE", m.Canary)...)
	return append(out, j.unloaded(m, certgen.PeerCA, "peer port", "ETCD_PEER_CRL_FILE", m.PeerPort.Canary)...)
}

// unloaded is the finding that a port takes the canary. Where the list revokes nothing else,
// it is a warning.
func (j *judgement) unloaded(m Member, ca certgen.CA, port, setting string, canary Attempt) (out findings) {
	if canary.Outcome != Accepted {
		return nil
	}
	file := certgen.CRLFile(ca)
	text := fmt.Sprintf("its %s has not loaded the newest %s", port, file)
	severity := Warning
	if n := j.Folder.Revokes(ca); n > 0 {
		text, severity = fmt.Sprintf("%s, which revokes %s", text, count.Of(n, "certificate")), Error
		if back := j.revokedUsers(ca); len(back) > 0 {
			text += fmt.Sprintf("; in etcd is the user of a revoked certificate, which may be taken there: %s", count.Quoted(back))
		}
	}
	remedy := fmt.Sprintf("copy %s of members/%s in the PKI folder to the member's host: etcd reads it at the next connection; "+
		"a member that was started without %s has to be started with its etcd.env", file, m.Name, setting)
	if !slices.ContainsFunc(j.Policy.Cluster.Members, func(own policies.Member) bool { return own.Name == m.Name }) {
		remedy = fmt.Sprintf("copy %s of the PKI folder over the file that %s names on the member's host: etcd reads it at the next connection; "+
			"a member that was started without it has to be started with it", file, setting)
	}
	return findings{{Severity: severity, Subject: m.subject(), Text: text, Remedy: remedy}}
}

// revokedUsers is the users in etcd for which the list of ca revokes a certificate that has not
// expired, by name.
func (j *judgement) revokedUsers(ca certgen.CA) (names []string) {
	if j.Auth == nil {
		return nil
	}
	listed := j.Folder.Listed(ca)
	for _, r := range j.Folder.Retired {
		name := r.Leaf.Subject.CommonName
		if _, there := j.Auth.User(name); there && listed[r.Leaf.SerialNumber.String()] && j.Now.Before(r.Leaf.NotAfter) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// lacksCanaries reports whether the policy's members are told of revocation lists, and of one
// of the CAs no canary is here to ask them with.
func (e *Evidence) lacksCanaries() bool {
	if e.Folder == nil {
		return false
	}
	for _, ca := range certgen.WantedLists(certgen.Desired(e.Policy), *e.Folder, e.Now) {
		if _, found := e.Folder.Canary(ca); !found {
			return true
		}
	}
	return false
}
