package certgen

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"time"

	"lockstep/policies"
	"lockstep/policies/pending"
)

// leaf plans one certificate. A non-empty asked replaces it without a defect.
func (d *differ) leaf(p Profile, asked string) {
	v := d.views[p.CA]
	if v == nil || v.blocked {
		return // the CA's own sentence tells why
	}
	pair := d.state.Pairs[p.Path]
	s := Step{Action: Issue, Profile: p, Reason: cmp.Or(asked, Missing)}
	if pair.Leaf != nil || pair.Problem != "" || pair.Key != KeyAbsent {
		s = d.again(p, pair, v, asked)
	}
	if s.Reason != "" && d.suits(p, v) {
		d.signed(v, s)
	}
}

// again plans a certificate that is there: a new key where the present one cannot be used,
// or a new certificate for the same key where only its time is over or due.
func (d *differ) again(p Profile, pair Pair, v *view, asked string) Step {
	ca := v.trust.Of(pair.Leaf)
	fault := d.fault(p, pair, ca)
	carries := d.carries(p, pair, ca) || d.carries(p, pair, d.state.dropped(p.CA))
	s := Step{Action: Reissue, Profile: p, Reason: cmp.Or(fault, asked), Carries: carries}
	switch {
	case asked != "" || s.Carries && fault != "" && !pair.usable():
	case fault == "" && d.due(p, pair.Leaf, v):
		s.Action, s.Early, s.Reason = Renew, true, fmt.Sprintf("its certificate ends on %s", day(pair.Leaf.NotAfter))
	case fault != "" && s.Carries:
		s.Action = Renew
	}
	if s.Action == Renew {
		s.Profile.Key = AlgorithmOf(pair.Leaf.PublicKey)
	}
	return s
}

// usable reports whether nothing is wrong with the private key, as far as it is here.
func (p Pair) usable() bool { return p.Key != KeyForeign && p.Key != KeyUnreadable }

// due reports whether the certificate is to be renewed. One that ends with its CA is not: a new
// one would end then, too. Nor is one whose successor would be due at once.
func (d *differ) due(p Profile, leaf *x509.Certificate, v *view) bool {
	if v.cert == nil || d.wanted.RenewAt == (policies.Due{}) || d.now.Before(d.wanted.RenewAt.At(leaf.NotBefore, leaf.NotAfter)) {
		return false
	}
	end := ends(p, v.cert, d.now)
	if !end.Before(v.cert.NotAfter) {
		return leaf.NotAfter.Before(end)
	}
	return d.now.Before(d.wanted.RenewAt.At(d.now, end))
}

// ends is the end of a certificate that ca issues for p now.
func ends(p Profile, ca *x509.Certificate, now time.Time) time.Time {
	if end := now.Add(p.Lifetime); end.Before(ca.NotAfter) {
		return end
	}
	return ca.NotAfter
}

// suits reports whether the CA may sign p, and blocks the plan where it may not: that is
// known before the first file is written. All that tells certificates apart to a CA is
// their kind and their names.
func (d *differ) suits(p Profile, v *view) bool {
	if v.cert == nil {
		return true // it is about to be made, for just that
	}
	like := fmt.Sprintf("%s %q", p.Kind, p.Hosts)
	text, judged := v.unsuited[like]
	if !judged {
		text = unsuited(p, v.cert, d.now)
		if v.unsuited == nil {
			v.unsuited = map[string]string{}
		}
		v.unsuited[like] = text
	}
	if text != "" && !judged {
		d.block(v, "%s cannot sign %s%s: that certificate %s; %s", v.profile.authority(), p.Path, p.holder(), text, v.profile.otherwise())
	}
	return text == ""
}

// external looks at an external certificate. The folder keeps a copy, as
// it keeps what was issued: it tells later whose the user was.
func (d *differ) external(p Profile) {
	v := d.views[p.CA]
	if v == nil || v.blocked {
		return
	}
	theirs, noted := d.state.Pair(p), d.state.Pairs[p.Path]
	switch reason := d.fault(p, theirs, v.trust.Of(theirs.Leaf)); {
	case reason != "":
		d.wait(pending.Issuer, Step{Action: Renew, Profile: p, Carries: d.carries(p, theirs, v.trust.Of(theirs.Leaf))}, reason)
	case noted.Leaf == nil && noted.Problem == "" && noted.Key == KeyAbsent:
		d.step(Step{Action: Note, Profile: p, Content: EncodeCertificate(theirs.Leaf), Reason: NotNoted})
	case noted.Leaf == nil || !noted.Leaf.Equal(theirs.Leaf) || noted.Key != KeyAbsent:
		d.step(Step{Action: Note, Profile: p, Content: EncodeCertificate(theirs.Leaf), Reason: "its issuer has made a new one"})
	}
}

// isRevoked reports whether the certificate of p is revoked: its key is used no more.
func (d *differ) isRevoked(p Profile, leaf *x509.Certificate) bool {
	if d.revoked == nil {
		d.revoked = Revocations(d.state)
	}
	return d.revoked[p.CA][leaf.SerialNumber.String()]
}

// carries reports whether ca issued pair's certificate for its user, expired or not, and it is
// not revoked.
func (d *differ) carries(p Profile, pair Pair, ca *x509.Certificate) bool {
	if pair.Leaf == nil || ca == nil || d.isRevoked(p, pair.Leaf) {
		return false
	}
	return !slices.ContainsFunc(d.judged.of(p, pair.Leaf, ca), func(x Defect) bool {
		return x.Fatal && x.Code != codeExpired && x.Code != codeNotYetValid
	})
}

// RevokedReason is the reason of a step that replaces what is revoked.
const RevokedReason = "its certificate is revoked"

// fault says why pair does not do as p, or "".
func (d *differ) fault(p Profile, pair Pair, ca *x509.Certificate) string {
	switch {
	case pair.Problem != "":
		return "its certificate cannot be read: " + pair.Problem
	case pair.Leaf == nil:
		return "its certificate is missing"
	case d.isRevoked(p, pair.Leaf):
		return RevokedReason
	}
	var texts []string
	if ca == nil {
		texts = append(texts, fmt.Sprintf("is not signed by the %s CA", p.CA))
	} else {
		d.plan.Defects[p.Path] = d.judged.of(p, pair.Leaf, ca)
		for _, defect := range Fatal(d.plan.Defects[p.Path]) {
			texts = append(texts, defect.Text)
		}
	}
	if len(texts) > 0 {
		return "its certificate " + strings.Join(texts, "; ")
	}
	switch pair.Key { // an absent one is fine: keys are delivered, and need not stay here
	case KeyForeign:
		return ForeignKey
	case KeyUnreadable:
		return "its key cannot be read"
	}
	return ""
}
