package verify

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
)

// findCopied names what can act as a user or as a CA and lies outside of that user's or
// CA's own folder, whatever its name.
func findCopied(j *judgement) (out findings) {
	texts := j.copied()
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		for _, text := range texts[name] {
			out.add(Subject{SubjectFile, name}, text, identityRemedy(j, name))
		}
	}
	return out
}

// copied is what findCopied says, by path.
func (j *judgement) copied() map[string][]string {
	if j.plans.copied != nil {
		return j.plans.copied
	}
	p := places(j.Evidence)
	texts := map[string][]string{}
	for name, pair := range j.Folder.Pairs {
		if pair.Leaf != nil && !p.wanted[name] {
			texts[name+".crt"] = p.certificates(name+".crt", pair.Leaf)
		}
	}
	for _, c := range j.Folder.Contents {
		said := append(p.certificates(c.Path, c.Leaves...), p.keys(c.Path, c.Public)...)
		texts[c.Path] = append(texts[c.Path], said...)
	}
	j.plans.copied = texts
	return texts
}

// own is which identity belongs into which folder.
type own struct {
	trust  certgen.TrustSet                   // the client CA; zero for unknown
	wanted map[string]bool                    // pairs that the policy names
	users  map[string]string                  // the folder of each user
	ours   map[string][]certgen.Pair          // the certificates whose keys belong into their folders alone, by key
	pairs  map[string]certgen.Pair            // what lies in the folder
	cas    map[certgen.CA][]*x509.Certificate // every generation
	leaves []*x509.Certificate                // of certificate.file: they lie where the policy says
}

func places(e *Evidence) own {
	o := own{wanted: map[string]bool{}, users: map[string]string{"root": "root"}, ours: map[string][]certgen.Pair{}, pairs: e.Folder.Pairs, cas: map[certgen.CA][]*x509.Certificate{}}
	for _, ca := range certgen.CAs() {
		if trust, err := e.Folder.Trust(ca); err == nil && trust.Current.IsCA {
			o.cas[ca] = trust.All()
		}
	}
	o.trust, _ = e.Folder.Trust(certgen.ClientCA) // other checks say what is wrong with it
	for _, p := range certgen.Desired(e.Policy).Profiles {
		o.wanted[p.Path] = true
		if user := p.User.String(); !p.User.IsZero() {
			o.users[user] = p.Place().Owner().String()
		}
		switch leaf := e.Folder.Pair(p).Leaf; {
		case leaf == nil || p.Kind == certgen.KindCA:
		case p.External != "":
			o.leaves = append(o.leaves, leaf)
		case leaf.Subject.CommonName == p.User.String(): // else the key is of another user's place
			o.own(e.Folder.Pair(p))
		}
	}
	o.wanted[certgen.RootPath] = e.rootLives()
	if root := e.Folder.Pairs[certgen.RootPath]; root.Leaf != nil && root.Leaf.Subject.CommonName == policies.Root().String() {
		o.own(root)
	}
	return o
}

func (o own) own(pair certgen.Pair) {
	key := encodedKey(pair.Leaf.PublicKey)
	o.ours[key] = append(o.ours[key], pair)
}

func (o own) certificates(file string, leaves ...*x509.Certificate) (texts []string) {
	for _, leaf := range leaves {
		dir, known := o.users[leaf.Subject.CommonName]
		elsewhere := slices.ContainsFunc(o.leaves, leaf.Equal)
		if known && !elsewhere && !strings.HasPrefix(file, dir+"/") && o.trust.Issued(leaf) {
			texts = append(texts, fmt.Sprintf("holds a certificate of the client CA for user %q, whose place is %s/", leaf.Subject.CommonName, dir))
		}
	}
	return texts
}

func (o own) keys(file string, keys []crypto.PublicKey) (texts []string) {
	for _, ca := range o.copied(file, keys) {
		texts = append(texts, fmt.Sprintf("holds the key of the %s CA", ca))
	}
	for _, key := range keys {
		for _, pair := range o.ours[encodedKey(key)] {
			if dir := pair.Place().Folder().String(); !o.paired(file, key) && !strings.HasPrefix(file, dir+"/") {
				texts = append(texts, fmt.Sprintf("holds the key of %s.crt", pair.Path))
			}
		}
	}
	return texts
}

// paired reports whether file is the key of the certificate beside it, in a place that the policy
// names, or root's: findMisnamed and findSharedKeys look at that certificate.
func (o own) paired(file string, key crypto.PublicKey) bool {
	pair := o.pairs[certgen.Locate(file).Pair]
	return pair.Leaf != nil && (o.wanted[pair.Path] || pair.Path == certgen.RootPath && pair.Leaf.Subject.CommonName == "root") && pair.Path+".key" == file && same(key, pair.Leaf)
}

// copied is the CAs whose keys are among keys, in a file outside of ca/.
func (o own) copied(file string, keys []crypto.PublicKey) (cas []certgen.CA) {
	for _, ca := range certgen.CAs() {
		known := func(key crypto.PublicKey) bool {
			return !o.paired(file, key) && slices.ContainsFunc(o.cas[ca], func(cert *x509.Certificate) bool { return same(key, cert) })
		}
		if !ofCA(file) && slices.ContainsFunc(keys, known) {
			cas = append(cas, ca)
		}
	}
	return cas
}

func same(key crypto.PublicKey, cert *x509.Certificate) bool {
	public, ok := key.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(cert.PublicKey)
}

// afterCopy is what to do once the copy of a CA's key is away.
func afterCopy(j *judgement, cas []certgen.CA) string {
	if len(cas) == 0 {
		return ""
	}
	text := "; the CA's key was copied: who could read it can sign any certificate of that CA, any user with the client CA's"
	if j.Policy.HasExternalCA() {
		return text + "; its owner replaces the CA then"
	}
	return text + fmt.Sprintf("; lockstep certs rotate-ca %s --compromised replaces it", cas[0])
}

// identityRemedy is what to do about a file that is not what its place says: lockstep
// replaces the pairs that the policy names, and neither a CA nor anything else.
func identityRemedy(j *judgement, subject string) string {
	item := certgen.Locate(subject)
	if ofCA(subject) && item.Pair != "" {
		return fmt.Sprintf("restore ca/ from its backup, or replace the CA: lockstep certs rotate-ca %s --compromised", item.CA)
	}
	p, after := places(j.Evidence), ""
	i, held := slices.BinarySearchFunc(j.Folder.Contents, subject, func(c certgen.Content, path string) int { return strings.Compare(c.Path, path) })
	if held {
		after = afterCopy(j, p.copied(subject, j.Folder.Contents[i].Public))
	}
	if item.Pair == certgen.RootPath && p.wanted[item.Pair] && after == "" {
		return issueRoot
	}
	_, paired := j.Folder.Pairs[item.Pair]
	if !held && !paired || p.wanted[item.Pair] && after == "" {
		return ""
	}
	return fmt.Sprintf(`move it away: mv %s "$(mktemp -d ~/moved.XXXXXX)"`, j.word(subject)) + after
}

// word is the path of a file of the PKI folder as an argument of a command.
func (e *Evidence) word(file string) string {
	return hint.Word(filepath.Join(e.Folder.Root, filepath.FromSlash(file)))
}
