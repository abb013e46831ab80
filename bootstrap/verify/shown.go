package verify

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"lockstep/certgen"
)

// shownChecks are about the certificates that members show: the folder may be right, and the
// host not.
func shownChecks() []Check {
	return []Check{
		{
			Code: "members/server-other", Severity: Warning, Needs: NeedsMembers | NeedsFolder,
			Sentence: "every member shows the certificates that the PKI folder holds for it, to clients and to members",
			Remedy:   "copy the certificate and its key, both, from the member's folder to its host, readable to etcd's user; etcd needs no restart",
			Find:     eachReached(findOtherServer),
		},
		{
			Code: "members/server-defective", Severity: Error, Needs: NeedsMembers | NeedsFolder, Acceptable: true,
			Sentence: "no member shows a certificate, to clients or to members, that is for more than the policy says, or weaker",
			Remedy:   "copy the certificate and its key, both, from the member's folder to its host, readable to etcd's user; etcd needs no restart; where lockstep does not make them, their owner does",
			Find:     eachReached(findDefectiveServer),
		},
		{
			Code: "members/server-due", Severity: Warning, Needs: NeedsMembers,
			Sentence: "no server or peer certificate that lockstep did not make is in the last third of its life",
			Remedy:   "its owner has to renew it in time; etcd takes the new one without a restart",
			Find:     eachReached(findServerDue),
		},
	}
}

// shown is a certificate that a member shows on one of its ports.
type shown struct {
	kind string // server or peer, as the files of the member's folder are named
	port string // how a sentence about the port begins
	cert *x509.Certificate
	own  *x509.Certificate // what the PKI folder holds for it; nil for nothing
}

// certificatesOf is the certificates that m showed.
func (e *Evidence) certificatesOf(m Member) (out []shown) {
	for _, s := range []shown{
		{kind: "server", port: "shows", cert: m.Server},
		{kind: "peer", port: "its peer port shows", cert: m.PeerPort.Server},
	} {
		if s.cert != nil {
			s.own = e.own(m, s.kind)
			out = append(out, s)
		}
	}
	return out
}

// own is the certificate of that kind, server or peer, that the PKI folder holds for m;
// nil for none.
func (e *Evidence) own(m Member, kind string) *x509.Certificate {
	if e.Folder == nil {
		return nil
	}
	return e.Folder.Pairs[memberPath(m, kind)].Leaf
}

func memberPath(m Member, kind string) string {
	return certgen.Place{Kind: certgen.PlaceMember, Name: m.Name, Use: kind}.String()
}

// findOtherServer finds what was never copied to its host, or to the wrong one. What is wrong
// with it beside that is said by members/server-defective instead.
func findOtherServer(j *judgement, m Member) (out findings) {
	for _, s := range j.certificatesOf(m) {
		if text := j.other(m, s); text != "" && (j.ownerOf(s) != "" || len(j.exceeding(m, s)) == 0) {
			out.add(m.subject(), s.port+" "+text)
		}
	}
	return out
}

// other says whose certificate m shows instead of its own; "" for its own.
func (e *Evidence) other(m Member, s shown) string {
	if s.own == nil || s.own.Equal(s.cert) {
		return ""
	}
	if owner := e.ownerOf(s); owner != "" {
		return fmt.Sprintf("the %s certificate of %s: %s", s.kind, owner, s.difference())
	}
	which := "another"
	if s.cert.NotBefore.Before(s.own.NotBefore) {
		which = "an older"
	}
	return fmt.Sprintf("%s certificate than %s.crt: %s", which, memberPath(m, s.kind), s.difference())
}

// ownerOf is the member whose certificate is shown by another one; "" for none.
func (e *Evidence) ownerOf(s shown) string {
	i := slices.IndexFunc(e.Members, func(m Member) bool {
		theirs := e.own(m, s.kind)
		return theirs != nil && theirs.Equal(s.cert) && !theirs.Equal(s.own)
	})
	if i < 0 {
		return ""
	}
	return e.Members[i].Name
}

// difference tells the two certificates apart: by the day on which they end, else by the time,
// else by their serial numbers.
func (s shown) difference() string {
	ends, folder := day(s.cert), day(s.own)
	if ends == folder {
		ends, folder = s.cert.NotAfter.UTC().Format(time.RFC3339), s.own.NotAfter.UTC().Format(time.RFC3339)
	}
	if ends != folder {
		return fmt.Sprintf("it ends on %s, and the folder's on %s", ends, folder)
	}
	return fmt.Sprintf("its serial number is %x, and the folder's %x; both end on %s", s.cert.SerialNumber, s.own.SerialNumber, ends)
}

func day(cert *x509.Certificate) string { return cert.NotAfter.UTC().Format(time.DateOnly) }

// findDefectiveServer leaves what the folder holds to the checks of the folder, and a
// certificate that opens the port as a user to members/server-cn.
func findDefectiveServer(j *judgement, m Member) (out findings) {
	for _, s := range j.certificatesOf(m) {
		defects := j.exceeding(m, s)
		if len(defects) == 0 || j.ownerOf(s) != "" || s.kind == "server" && len(findServerUser(j, m)) > 0 {
			continue
		}
		out.add(m.subject(), fmt.Sprintf("%s a certificate that %s", s.port, joined(defects)))
	}
	return out
}

// exceeding is why the certificate is for more than the policy says, or weaker. An older one that
// lacks a host is neither. Of one that lockstep did not make only the algorithms are judged.
func (j *judgement) exceeding(m Member, s shown) []certgen.Defect {
	i := slices.IndexFunc(j.wanted().Profiles, func(p certgen.Profile) bool { return p.Path == memberPath(m, s.kind) })
	if s.own == nil || i < 0 {
		all := certgen.Defects(s.cert, certgen.Profile{Kind: certgen.KindServer, External: s.kind}, s.cert, j.Now)
		return slices.DeleteFunc(certgen.Fatal(all), func(d certgen.Defect) bool { return d.Code != certgen.CodeAlgorithm })
	}
	p := j.wanted().Profiles[i]
	trust, err := j.Folder.Trust(p.CA)
	if err != nil || s.own.Equal(s.cert) {
		return nil
	}
	return slices.DeleteFunc(certgen.Defects(s.cert, j.Folder.Judged(p), trust.Of(s.cert), j.Now), func(d certgen.Defect) bool {
		return !d.Fatal && !d.Weak || d.Code == certgen.CodeHosts && len(certgen.MoreHosts(s.cert, p)) == 0
	})
}

// findServerDue leaves what the folder holds to certificates/due and members/server-other.
func findServerDue(j *judgement, m Member) (out findings) {
	for _, s := range j.certificatesOf(m) {
		if s.own == nil && !j.Now.Before(j.dueAt(s.cert)) {
			out.add(m.subject(), fmt.Sprintf("its %s certificate ends on %s, in %s", s.kind, day(s.cert), Days(s.cert.NotAfter.Sub(j.Now))))
		}
	}
	return out
}
