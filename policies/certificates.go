package policies

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// KeyAlgorithms is all kinds of keys, the default first.
func KeyAlgorithms() []KeyAlgorithm {
	return []KeyAlgorithm{ECDSAP256, ECDSAP384, Ed25519, RSA2048, RSA3072, RSA4096}
}

func keyAlgorithm() strict.Type {
	t := strict.Type{Kind: strict.Text}
	for _, k := range KeyAlgorithms() {
		t.Enum = append(t.Enum, string(k))
	}
	return t
}

const lifetimePattern = `^[1-9][0-9]{0,5}[hdy]$`

var lifetimeForm = regexp.MustCompile(lifetimePattern)

func lifetime() strict.Type {
	return strict.Type{Kind: strict.Text, Pattern: lifetimePattern, Check: func(s string) error {
		_, err := ParseLifetime(s)
		return err
	}}
}

// ParseLifetime reads an integer and h, d (24 hours) or y (365 days), from 1h to 30y.
func ParseLifetime(s string) (time.Duration, error) {
	if !lifetimeForm.MatchString(s) {
		return 0, hint.With(fmt.Errorf("%q is no lifetime", s), "write an integer and h, d or y: 12h, 90d, 10y")
	}
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil {
		return 0, fmt.Errorf("reading the lifetime %q: %w", s, err)
	}
	unit := map[byte]time.Duration{'h': time.Hour, 'd': day, 'y': year}[s[len(s)-1]]
	if time.Duration(n) > 30*year/unit {
		return 0, fmt.Errorf("%s is longer than 30 years", s)
	}
	return time.Duration(n) * unit, nil
}

// FormatLifetime is d as a policy would say it, in the largest unit without a rest.
func FormatLifetime(d time.Duration) string {
	switch {
	case d%year == 0:
		return fmt.Sprintf("%dy", d/year)
	case d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return d.String()
}

// subjectText is one value of O, OU or L. X.520 allows 64 characters; system:masters
// as an organization is root in a Kubernetes cluster that trusts the same CA.
func subjectText() strict.Type {
	return strict.Type{Kind: strict.Text, NonEmpty: true, Check: func(s string) error {
		switch {
		case s == "":
			return errors.New("is empty")
		case len(s) > 64:
			return fmt.Errorf("has %d bytes, the limit is 64 (X.520)", len(s))
		case strings.TrimSpace(s) != s:
			return errors.New("begins or ends with a space")
		case strings.HasPrefix(strings.ToLower(s), "system:"):
			return errors.New("names that begin with system: are groups with rights in Kubernetes")
		}
		return nil
	}}
}

func (p *parser) readCertificates(v strict.Value, cluster string) Certificates {
	c := Certificates{
		Key: KeyAlgorithm(v.Field("key").Or(string(ECDSAP256))),
		Subject: Subject{
			Organization:       p.readSubject(v.Field("subject").Field("organization")),
			OrganizationalUnit: p.readSubject(v.Field("subject").Field("organizationalUnit")),
			Locality:           p.readSubject(v.Field("subject").Field("locality")),
		},
		Lifetimes: p.readLifetimes(v.Field("lifetimes"), v.Field("ca").Given()),
		RenewAt:   readDue(v.Field("renewAt")),
	}
	c.CA, c.OtherCA = readCAFiles(v.Field("ca").Field("cert"))
	if c.CA.Resolve() == c.OtherCA.Resolve() && !c.CA.IsZero() {
		p.Fail(v.Field("ca").Field("cert"), "write it once", "%q is given twice", c.CA.Path)
	}
	p.checkDue(v.Field("renewAt"), c)
	if len(c.Subject.Organization) == 0 {
		c.Subject.Organization = []string{cluster}
	}
	return c
}

// checkDue refuses a time before the end that is no shorter than a lifetime: a certificate
// would be due when it is made.
func (p *parser) checkDue(v strict.Value, c Certificates) {
	for _, one := range []struct {
		whose    string
		lifetime time.Duration
	}{{"member", c.Lifetimes.Member}, {"component", c.Lifetimes.Component}} {
		if v.Valid() && c.RenewAt.Left >= one.lifetime {
			p.Fail(v, "shorten it, or write a share: 33%", "%s is not shorter than the lifetime of a %s's certificate, %s", c.RenewAt, one.whose, FormatLifetime(one.lifetime))
			return
		}
	}
}

func (p *parser) readSubject(v strict.Value) []string {
	seen := map[string]bool{}
	for _, item := range v.Items() {
		if item.Valid() && seen[item.Text()] {
			p.Fail(item, "", "%q is given twice", item.Text())
		}
		seen[item.Text()] = true
	}
	return v.Texts()
}

// readLifetimes reads how long new certificates are valid; an external CA is as old as it is.
func (p *parser) readLifetimes(v strict.Value, external bool) Lifetimes {
	if ca := v.Field("ca"); external && ca.Given() {
		p.Fail(ca, "leave it out", "says nothing about a CA that is there already")
	}
	l := Lifetimes{
		CA:        readLifetime(v.Field("ca"), 10*year),
		Member:    readLifetime(v.Field("member"), year),
		Component: readLifetime(v.Field("component"), 90*day),
	}
	for _, one := range []struct {
		name  string
		value time.Duration
	}{{"member", l.Member}, {"component", l.Component}} {
		field := v.Field(one.name)
		switch {
		case one.value <= l.CA || field.Given() && !field.Valid():
		case field.Given():
			p.Fail(field, "shorten it, or give the CA longer", "%s is longer than the CA's %s", FormatLifetime(one.value), FormatLifetime(l.CA))
		default:
			p.Fail(v.Field("ca"), "set lifetimes."+one.name+" as well", "%s is shorter than the default for a %s, %s", FormatLifetime(l.CA), one.name, FormatLifetime(one.value))
		}
	}
	return l
}

// readLifetime is what v says, which was checked, or the default.
func readLifetime(v strict.Value, otherwise time.Duration) time.Duration {
	if d, err := ParseLifetime(v.Text()); err == nil {
		return d
	}
	return otherwise
}
