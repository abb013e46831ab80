package view

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lockstep/bootstrap"
	"lockstep/bootstrap/verify"
	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/roles/store"
)

// Revoked is what certs revoke has done, and what is left.
type Revoked struct {
	bootstrap.Revoked
	Name   string // as it was given
	Folder string // the PKI folder
	Policy *policies.Policy
}

// Text implements Answer.
func (r Revoked) Text(s *Sheet) {
	for _, user := range r.Deleted {
		s.Line("user %q is gone from etcd", user)
	}
	for _, user := range r.Kept {
		s.Line("%s user %q stays, because lockstep did not make it: etcdctl user delete takes its permission", s.Paint(Warn, "warning:"), user)
	}
	for _, c := range r.Certificates {
		s.Line("serial number %x, until %s: %s", c.Leaf.SerialNumber, c.Leaf.NotAfter.UTC().Format(time.RFC3339), r.state(c))
	}
	for _, c := range r.SameKey {
		s.Line("%s serial number %x, until %s, has the same key and stays valid", s.Paint(Warn, "warning:"), c.Leaf.SerialNumber, c.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	for _, c := range r.Since {
		s.Line("%s serial number %x, until %s, was made after the earlier revocation and stays valid", s.Paint(Warn, "warning:"), c.Leaf.SerialNumber, c.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	for _, waiting := range r.Waiting {
		s.Line("not signed: %s", waiting)
	}
	r.ports(s)
	r.next(s)
}

// state is what became of one certificate.
func (r Revoked) state(c certgen.RevokedCertificate) string {
	signed, waiting := r.lists(c)
	switch {
	case len(c.Lists) == 0:
		return "stays valid: clients of etcd read no revocation list (lockstep certs rotate-ca server replaces their CA)"
	case len(waiting) == 0:
		return "revoked by " + strings.Join(signed, " and ")
	case len(signed) == 0:
		return "recorded; revoked as soon as " + strings.Join(waiting, " and ") + areSigned(waiting)
	}
	return "revoked by " + strings.Join(signed, " and ") + "; recorded for " + strings.Join(waiting, " and ") + ", which" + areSigned(waiting) + " later"
}

func areSigned(lists []string) string {
	if len(lists) > 1 {
		return " are signed"
	}
	return " is signed"
}

// lists is the lists that name c, and those that will once they are signed.
func (r Revoked) lists(c certgen.RevokedCertificate) (signed, waiting []string) {
	for _, ca := range c.Lists {
		if r.Unsigned(ca) {
			waiting = append(waiting, certgen.CRLFile(ca))
		} else {
			signed = append(signed, certgen.CRLFile(ca))
		}
	}
	return signed, waiting
}

// listFiles is the lists that name c.
func listFiles(c certgen.RevokedCertificate) []string {
	files := []string{}
	for _, ca := range c.Lists {
		files = append(files, certgen.CRLFile(ca))
	}
	return files
}

// ports says which ports have loaded the lists, and what to copy to the others.
func (r Revoked) ports(s *Sheet) {
	for _, l := range r.Ports {
		switch {
		case l.Done():
			s.Line("%s refuses what %s revokes", l.Member, certgen.CRLFile(l.CA))
		case l.Outcome == verify.Accepted:
			s.Wrapped("  copy ", "    ", fmt.Sprintf("%s to %s: it still takes what the list revokes; the file is read at the next connection, without a restart%s", r.file(l), l.Member, r.startedWithout(l)))
		default:
			s.Wrapped("  copy ", "    ", fmt.Sprintf("%s to %s: it is not known whether it has loaded the list: %s", r.file(l), l.Member, why(l)))
		}
	}
	for _, file := range r.proxyFiles() {
		s.Wrapped("  copy ", "    ", fmt.Sprintf("%s to its proxy, which is not asked", file))
	}
}

// startedWithout is for a member that lockstep makes no folder for.
func (r Revoked) startedWithout(l verify.Loaded) string {
	if slices.ContainsFunc(r.Policy.Cluster.Members, func(m policies.Member) bool { return m.Name == l.Member }) {
		return ""
	}
	return fmt.Sprintf(", where the member was started with ETCD_%s_CRL_FILE; else it has to be restarted with it", strings.ToUpper(string(l.CA)))
}

func why(l verify.Loaded) string {
	switch {
	case l.Err == nil:
		return "no certificate that it takes could be shown beside the canary"
	case store.HungUp(l.Err):
		return "it ends the connection of every client, as a member does whose list is empty, not in DER form or missing: " + l.Err.Error()
	}
	return l.Err.Error()
}

// file is the list that is for the member, or the first copy where lockstep makes no folder
// for it.
func (r Revoked) file(l verify.Loaded) string {
	for _, m := range r.Policy.Cluster.Members {
		if m.Name == l.Member {
			return filepath.Join(r.Folder, "members", m.Name, certgen.CRLFile(l.CA))
		}
	}
	return filepath.Join(r.Folder, certgen.CRLFile(l.CA))
}

// proxyFiles is the copies for proxies, which take clients by the client CA's list.
func (r Revoked) proxyFiles() (files []string) {
	for _, s := range r.Lists.Steps {
		if s.Place().Kind == certgen.PlaceProxy {
			files = append(files, filepath.Join(r.Folder, filepath.FromSlash(s.File)))
		}
	}
	return files
}

// next says what a list does not do, and how a component comes back.
func (r Revoked) next(s *Sheet) {
	s.Line("")
	s.Wrapped("", "", "A revocation list ends no connection that is open, and no watch on it: restart the members one by one, or stop what holds the connection. "+
		"Do that before the user is there again: an open connection acts as the user then.")
	component, instance, _ := strings.Cut(r.Name, "/")
	switch _, named := r.Policy.Component(component); {
	case !named || len(r.Retire) == 0:
	case instance != "" || len(r.Users) == 0:
		s.Wrapped("", "", fmt.Sprintf("The policy still names %s: lockstep apply makes a new key and certificate.", r.Name))
	default:
		s.Wrapped("", "", fmt.Sprintf("The policy still names %s: lockstep apply makes a new key, certificate and user once every member refuses the former certificates; lockstep remove ends it for good.", r.Name))
	}
	s.Line("%s", r.total())
}

// total counts the certificates that every list names, and those of which a list is not signed.
func (r Revoked) total() string {
	revoked, recorded := 0, 0
	for _, c := range r.Certificates {
		switch _, waiting := r.lists(c); {
		case len(waiting) > 0:
			recorded++
		case len(c.Lists) > 0:
			revoked++
		}
	}
	switch {
	case recorded == 0:
		return count.Of(revoked, "certificate") + " revoked"
	case revoked == 0:
		return count.Of(recorded, "certificate") + " recorded as revoked"
	}
	return fmt.Sprintf("%s revoked, %d recorded as revoked", count.Of(revoked, "certificate"), recorded)
}

// revokedDocument is the answer of certs revoke (kind Revoked).
type revokedDocument struct {
	Header
	Name         string                       `json:"name"`
	Deleted      []string                     `json:"deletedUsers"`
	Kept         []string                     `json:"keptUsers"` // lockstep did not make them
	Certificates []revokedCertificateDocument `json:"certificates"`
	SameKey      []revokedCertificateDocument `json:"sameKey"`  // stay valid
	Since        []revokedCertificateDocument `json:"since"`    // made after an earlier revocation; stay valid
	Unsigned     []string                     `json:"unsigned"` // lists whose key is not here, in sentences
	Ports        []revokedPortDocument        `json:"ports"`
}

// revokedCertificateDocument is one certificate.
type revokedCertificateDocument struct {
	Serial   string   `json:"serial"`   // hexadecimal
	NotAfter string   `json:"notAfter"` // RFC 3339, UTC
	Lists    []string `json:"lists"`    // client.crl and peer.crl; none for a server certificate
	Unsigned []string `json:"unsigned"` // those of lists that are not signed yet
}

// revokedPortDocument is one port of a member, and whether it has loaded the newest list.
type revokedPortDocument struct {
	Member string `json:"member"`
	List   string `json:"list"`
	State  string `json:"state"`          // loaded, not loaded, unknown
	Copy   string `json:"copy,omitempty"` // the file to copy to the member
	Reason string `json:"reason,omitempty"`
}

// Document implements Answer.
func (r Revoked) Document() any {
	d := revokedDocument{Header: header("Revoked"), Name: r.Name, Deleted: orEmpty(r.Deleted), Kept: orEmpty(r.Kept), Unsigned: orEmpty(r.Waiting),
		Certificates: r.documents(r.Certificates), SameKey: r.documents(r.SameKey), Since: r.documents(r.Since), Ports: []revokedPortDocument{}}
	for _, l := range r.Ports {
		port := revokedPortDocument{Member: l.Member, List: certgen.CRLFile(l.CA), State: "loaded"}
		switch {
		case l.Done():
		case l.Outcome == verify.Accepted:
			port.State, port.Copy = "not loaded", r.file(l)
		default:
			port.State, port.Copy, port.Reason = "unknown", r.file(l), why(l)
		}
		d.Ports = append(d.Ports, port)
	}
	return d
}

func (r Revoked) documents(list []certgen.RevokedCertificate) []revokedCertificateDocument {
	out := []revokedCertificateDocument{}
	for _, c := range list {
		d := revokedCertificateDocument{Serial: fmt.Sprintf("%x", c.Leaf.SerialNumber), NotAfter: c.Leaf.NotAfter.UTC().Format(time.RFC3339), Lists: listFiles(c)}
		_, waiting := r.lists(c)
		d.Unsigned = orEmpty(waiting)
		out = append(out, d)
	}
	return out
}

func orEmpty(list []string) []string { return append([]string{}, list...) }
