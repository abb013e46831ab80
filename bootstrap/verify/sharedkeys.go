package verify

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"lockstep/certgen"
)

// sharedKeyChecks is about keys that are more than one identity's.
func sharedKeyChecks() []Check {
	return []Check{{
		Code: "certificates/shared-key", Severity: Critical, Needs: NeedsFolder, Acceptable: true, Brief: "key of several certificates",
		Sentence: "each key has one identity: the holder of a key can act as every certificate that has it",
		Remedy:   "lockstep certs rekey makes a new key for each of them, and with --revoke the present certificates are refused",
		Find:     findSharedKeys,
	}}
}

// findSharedKeys names each certificate in use whose key another certificate has, too: one in
// use, a CA's, or a retired one of another identity that is still valid. Of certificates in use
// with one key the first is only named as the other one.
func findSharedKeys(j *judgement) (out findings) {
	owners := map[string][]filed{}
	inUse, others := j.everyCertificate()
	for _, c := range slices.Concat(others, inUse) {
		if key := encodedKey(c.leaf.PublicKey); key != "" {
			owners[key] = append(owners[key], c)
		}
	}
	for _, all := range owners {
		slices.SortFunc(all, filed.compare)
	}
	revoked := certgen.Revocations(*j.Folder)
	for _, c := range slices.Concat(others, inUse) {
		for _, o := range owners[encodedKey(c.leaf.PublicKey)] {
			if o.precedes(c) && !o.same(c) && !(o.retired != "" && (o.retired == c.identity() || o.revoked || j.ended(o.leaf, revoked))) {
				out = append(out, j.sharedKey(o, c))
				break
			}
		}
	}
	return out
}

// encodedKey is a public key in a form that can be compared; "" for one of an unknown kind.
func encodedKey(key crypto.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return ""
	}
	return string(der)
}

// ended reports whether etcd refuses leaf already.
func (j *judgement) ended(leaf *x509.Certificate, revoked map[certgen.CA]map[string]bool) bool {
	return !j.Now.Before(leaf.NotAfter) || naming(revoked, certgen.ClientCA, leaf) != ""
}

func (j *judgement) sharedKey(o, c filed) Finding {
	f := Finding{Subject: Subject{SubjectFile, c.path}, Remedy: j.rekeyRemedy(o, c)}
	switch {
	case o.ca():
		f.Text = fmt.Sprintf("has the key of %s: its holder can sign what that CA may sign", o.path)
	case o.retired == "" && certgen.PlaceOf(o.pair).Owner() == certgen.PlaceOf(c.pair).Owner():
		f.Severity, f.Text = Warning, fmt.Sprintf("has the key of %s: revoking one of them leaves the key good for the other", o.path)
	default:
		f.Text = fmt.Sprintf("has the key of %s: the holder of the one can act as the other", o.path)
	}
	return f
}

// rekeyRemedy gives both certificates new keys, as far as lockstep makes them.
func (j *judgement) rekeyRemedy(o, c filed) string {
	if c.ca() {
		return fmt.Sprintf("lockstep certs rotate-ca %s --compromised", certgen.Locate(c.path).CA)
	}
	var does []string
	if names := namesOf(o, c); len(names) > 0 {
		apart := o.retired != "" || certgen.PlaceOf(o.pair).Folder() != certgen.PlaceOf(c.pair).Folder() // else one host has both
		does = append(does, j.command("rekey", apart && !o.ca(), names...))
	}
	for _, x := range []filed{o, c} {
		switch {
		case x.external:
			does = append(does, fmt.Sprintf("the owner of %s has to make it again, with a key of its own", x.path))
		case x.pair == certgen.RootPath:
			does = append(does, "lockstep certs issue root --ttl 1h")
		}
	}
	text := strings.Join(does, "; ")
	if o.ca() {
		text += afterCopy(j, []certgen.CA{certgen.Locate(o.path).CA})
	}
	return text
}
