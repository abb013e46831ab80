package certgen

import (
	"crypto/x509"
	"fmt"
	"slices"
)

// RetiredCA is the identity under which the certificate of a CA that was replaced lies in
// retired/: "client-ca".
func RetiredCA(ca CA) string { return string(ca) + "-ca" }

// dropped is the generation of a CA that no copy holds any more, and that servers may still
// trust because they were not restarted; nil for none.
func (s State) dropped(ca CA) *x509.Certificate { return s.Pairs[CAPlace(ca, Dropped).String()].Leaf }

// Former is the generations of a CA that are trusted no more: the dropped one, and those in
// retired/.
func (s State) Former(ca CA) []*x509.Certificate {
	var all []*x509.Certificate
	if dropped := s.dropped(ca); dropped != nil {
		all = append(all, dropped)
	}
	for _, r := range s.Retired {
		if r.Identity == RetiredCA(ca) && r.Leaf.IsCA {
			all = append(all, r.Leaf)
		}
	}
	return all
}

// outdated says that the CA in its place is one that was replaced, as when ca/ comes from an
// older copy; "" where it is not. Such a CA is never used: others may have its key.
func (s State) outdated(ca CA) string {
	current := s.Pairs[CAPath(ca)].Leaf
	for _, r := range s.Retired {
		if r.Identity == RetiredCA(ca) && current != nil && SameCA(r.Leaf, current) {
			return fmt.Sprintf("%s.crt is a %s CA that was replaced, as %s tells: bring back %[1]s.crt and %[1]s.key of the CA that replaced it", CAPath(ca), ca, r.Path())
		}
	}
	return ""
}

// rotating reports whether the rotation of a CA is under way.
func (s State) rotating() bool {
	return slices.ContainsFunc(CAs(), func(ca CA) bool { return s.Stage(ca) != StageNone })
}

// Inherited reports whether the CA is the external one of an earlier policy: its key was never
// here, and it has no name that lockstep gives.
func (s State) Inherited(ca CA) bool {
	pair := s.Pairs[CAPath(ca)]
	return s.ExternalCA.Current == nil && pair.Leaf != nil && pair.Key == KeyAbsent && !madeHere(pair.Leaf, ca)
}

// Judged is the profile by which what is in p's place is judged: a CA that was inherited is
// external, trusted until it is replaced, and signs nothing here.
func (s State) Judged(p Profile) Profile {
	if p.Kind == KindCA && p.ExternalCA == "" && s.Inherited(p.CA) {
		p.ExternalCA = p.File()
	}
	return p
}

func holds(cas []*x509.Certificate, ca *x509.Certificate) bool {
	return slices.ContainsFunc(cas, func(own *x509.Certificate) bool { return SameCA(own, ca) })
}

// HalfMoved reports whether the move of the next generation of a CA to the place of the
// current one has begun: the current certificate lies in the place of a generation that does
// not sign, too. Such a move is finished, never undone.
func HalfMoved(current, next, previous, dropped *x509.Certificate) bool {
	same := func(other *x509.Certificate) bool { return other != nil && other.Equal(current) }
	return current != nil && next != nil && (same(previous) || same(dropped))
}

// FinishMoves shows each CA whose move was cut off as it will be when the move is finished,
// and returns their paths.
func (s State) FinishMoves() (paths []string) {
	for _, ca := range CAs() {
		at := func(g Generation) Pair { return s.Pairs[CAPlace(ca, g).String()] }
		if !HalfMoved(at(Current).Leaf, at(Next).Leaf, at(Previous).Leaf, at(Dropped).Leaf) {
			continue
		}
		s.succeed(ca)
		paths = append(paths, CAPath(ca))
	}
	return paths
}

// succeed shows the next generation of a CA in the place of the current one. Its key may be in
// either place.
func (s State) succeed(ca CA) {
	current, next := s.Pairs[CAPath(ca)], s.Pairs[CAPlace(ca, Next).String()]
	if next.Key == KeyAbsent {
		next.Key, next.KeyMode = current.Key, current.KeyMode
	}
	delete(s.Pairs, next.Path)
	next.Path = current.Path
	s.Pairs[current.Path] = next
}
