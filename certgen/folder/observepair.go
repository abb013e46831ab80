package folder

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies/hint"
)

func (v *visit) pair(name string, files pairFiles) error {
	p := certgen.Pair{Path: name, Problem: files.problem}
	if files.crt != nil {
		cert, err := v.certificate(name+".crt", files.crt)
		p.Leaf = cert
		if err != nil {
			p.Problem = err.Error()
		}
	}
	var next *x509.Certificate
	if files.newCrt != nil {
		next, _ = v.certificate(name+".crt"+certgen.NewSuffix, files.newCrt) // cut off: whatever it is, Finish clears it
	}
	if files.unopened {
		p.Key = certgen.KeyUnopened
	}
	if files.key != nil {
		p.KeyMode, p.Key = permissions(files.key), certgen.KeyUnopened
		if p.Place().Kind == certgen.PlaceCA && files.crt == nil && next != nil {
			p.Leaf = next
		}
		if err := v.keyOf(&p, files.key, next); err != nil {
			return err
		}
	}
	if files.crt != nil || p.Problem != "" || p.Key != certgen.KeyAbsent {
		v.state.Pairs[name] = p
	}
	return nil
}

// keyOf looks at p's key as far as this walk looks at keys.
func (v *visit) keyOf(p *certgen.Pair, info fs.FileInfo, next *x509.Certificate) error {
	file := p.Path + ".key"
	if certgen.Guarded(p.Path) {
		if err := v.guard(file, info); err != nil {
			return v.fault(certgen.FaultKey, file, err)
		}
	}
	switch {
	case p.Place().Kind == certgen.PlaceCA:
		if !v.reports || p.Leaf == nil {
			return nil
		}
		opened := *p // a CA's key stays unopened in the State
		if next == nil {
			next = v.f.successor(p.Path)
		}
		if err := v.key(&opened, info, next); err != nil {
			return nil // which CAs' keys this user may not read is no fault
		}
		return v.fault(certgen.FaultKey, file, ofCA(opened))
	case v.keys:
		if err := v.key(p, info, next); err != nil {
			return v.unread(file, err)
		}
	}
	return nil
}

// ofCA refuses a key that is not that of its CA.
func ofCA(p certgen.Pair) error {
	advice := fmt.Sprintf("Bring back the key of %s.crt from a copy of ca/: the CA signs nothing before that.", p.Path)
	switch p.Key {
	case certgen.KeyUnreadable:
		return hint.Refuse(advice, "%s.key is no private key in PKCS#8", p.Path)
	case certgen.KeyForeign:
		return hint.Refuse(advice, "%[1]s.key is not the key of %[1]s.crt", p.Path)
	}
	return nil
}

// key decides what p's key belongs to: its certificate, the one that was about to
// take its place, or neither.
func (v *visit) key(p *certgen.Pair, info fs.FileInfo, next *x509.Certificate) error {
	content, err := v.read(p.Path+".key", info)
	if err != nil {
		return advise(err) // a key that this user may not read is not a broken one
	}
	v.content(p.Path+".key", info, content)
	key, err := authority.ParseKey(content)
	clear(content)
	if errors.Is(err, authority.ErrEncrypted) && p.Place().Kind == certgen.PlaceCA {
		if key = v.f.secrets.key(p.Path); key == nil {
			return nil // what only looks does not ask for the passphrase
		}
		err = nil
	}
	switch {
	case err != nil:
		p.Key = certgen.KeyUnreadable
	case next != nil && authority.Matches(next, key): // Finish puts it in place
		p.Key, p.Leaf, p.Problem = certgen.KeyMatches, next, ""
	case p.Leaf != nil && authority.Matches(p.Leaf, key):
		p.Key = certgen.KeyMatches
	default:
		p.Key = certgen.KeyForeign
	}
	return nil
}
