package policies

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func host() strict.Type { return strict.Type{Kind: strict.Text, NonEmpty: true, Check: checkHost} }

// checkHost takes what may be a SAN: an IP address in its usual form, or a DNS name.
func checkHost(s string) error {
	if address, err := netip.ParseAddr(s); err == nil {
		return checkAddress(s, address)
	}
	switch {
	case s == "":
		return errors.New("the host is empty")
	case strings.Contains(s, "*"):
		return hint.With(fmt.Errorf("%q is a wildcard", s), "name each host: a wildcard would make one member's certificate good for others")
	case strings.Contains(s, "://"):
		return hint.With(fmt.Errorf("%q is a URL", s), "name the host alone; URLs go into clientURL and peerURL")
	case strings.HasPrefix(s, "["):
		return hint.With(fmt.Errorf("%q is in brackets", s), "write the address without them")
	case strings.Contains(s, ":"):
		return hint.With(fmt.Errorf("%q is neither an IP address nor a DNS name", s), "ports go into clientURL and peerURL")
	case strings.Contains(s, "/"):
		return fmt.Errorf("%q is neither an IP address nor a DNS name", s)
	case s != strings.ToLower(s):
		return hint.With(fmt.Errorf("%q has capital letters", s), "write "+strings.ToLower(s))
	case len(s) > 253:
		return fmt.Errorf("the host has %d bytes, the limit for DNS names is 253", len(s))
	}
	return checkLabels(s)
}

func checkLabels(s string) error {
	labels := strings.Split(s, ".")
	for _, l := range labels {
		if !label.MatchString(l) {
			return fmt.Errorf("%q is neither an IP address nor a DNS name", s)
		}
	}
	if last := labels[len(labels)-1]; strings.Trim(last, "0123456789") == "" {
		return fmt.Errorf("%q looks like an IP address and is none", s)
	}
	return nil
}

func checkAddress(s string, address netip.Addr) error {
	switch {
	case address.Zone() != "":
		return hint.With(fmt.Errorf("%q has a zone, which means something on one host only", s), "use an address without one")
	case address.IsUnspecified():
		return hint.With(fmt.Errorf("%q is every address and none", s), "name the address by which others reach the host")
	case address.IsMulticast():
		return fmt.Errorf("%q is a multicast address", s)
	case address.Is4In6():
		return hint.With(fmt.Errorf("%q is an IPv4-mapped IPv6 address", s), "write "+address.Unmap().String())
	case address.String() != s:
		return hint.With(fmt.Errorf("%q is not the usual way to write this address", s), "write "+address.String())
	}
	return nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

func secureURL() strict.Type {
	return strict.Type{Kind: strict.Text, Pattern: `^https://.+:[0-9]+$`, Check: func(s string) error {
		u, err := parseURL(s, "https")
		if err != nil {
			return err
		}
		return checkHost(u.Hostname())
	}}
}

// listenURL is only listened on, never dialled: etcd wants an IP address there, or
// localhost ("expected IP in URL for binding").
func listenURL() strict.Type {
	return strict.Type{Kind: strict.Text, Pattern: `^https?://.+:[0-9]+$`, Check: func(s string) error {
		u, err := parseURL(s, "https", "http")
		if err != nil {
			return err
		}
		if address, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || address.Zone() != "") {
			return hint.With(fmt.Errorf("%q is no IP address", u.Hostname()), "etcd listens on addresses, not on names")
		}
		return nil
	}}
}

// parseURL takes scheme://host:port and nothing more.
func parseURL(s string, schemes ...string) (*url.URL, error) {
	scheme, _, found := strings.Cut(s, "://")
	u, err := url.Parse(s)
	switch {
	case !found:
		return nil, hint.With(fmt.Errorf("%q is no URL", s), "write "+schemes[0]+"://HOST:PORT")
	case scheme == "http" && len(schemes) == 1:
		return nil, hint.With(fmt.Errorf("%q is not encrypted", s), "certificates tell etcd who is calling over https only")
	case err != nil || !slices.Contains(schemes, scheme):
		return nil, hint.With(fmt.Errorf("%q is no %s URL", s, schemes[0]), "write "+schemes[0]+"://HOST:PORT")
	case u.Port() == "":
		return nil, hint.With(fmt.Errorf("%q has no port", s), "write "+schemes[0]+"://HOST:PORT")
	case scheme+"://"+u.Host != s:
		return nil, hint.With(fmt.Errorf("%q has more than a host and a port", s), "write "+scheme+"://"+u.Host)
	}
	if port, err := strconv.Atoi(u.Port()); err != nil || port < 1 || port > 65535 || strconv.Itoa(port) != u.Port() {
		return nil, fmt.Errorf("%s is no port", u.Port())
	}
	return u, nil
}
