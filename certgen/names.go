package certgen

import (
	"cmp"
	"crypto/x509"
	"net"
	"slices"
	"strings"
	"time"

	"lockstep/policies/count"
)

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// canonicalHost is a SAN in the form in which two are compared.
func canonicalHost(h string) string {
	if ip := net.ParseIP(h); ip != nil {
		return ip.String()
	}
	return strings.TrimSuffix(strings.ToLower(h), ".")
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

func covers(got, want []x509.ExtKeyUsage) bool {
	for _, u := range want {
		if !slices.Contains(got, u) && !slices.Contains(got, x509.ExtKeyUsageAny) {
			return false
		}
	}
	return true
}

func listed(names []string) string {
	if len(names) == 0 {
		return "no name"
	}
	names = slices.Clone(names)
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}

// orNone is names for a sentence, also where there is none.
func orNone(names []string) string { return cmp.Or(count.Quoted(names), "(none)") }

// keyUsageNames is a key usage in the words of RFC 5280, 4.2.1.3.
func keyUsageNames(usage x509.KeyUsage) string {
	var out []string
	for i, name := range []string{"digitalSignature", "contentCommitment", "keyEncipherment", "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"} {
		if usage&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return strings.Join(out, "+")
}

func usageNames(all []x509.ExtKeyUsage) string {
	out := make([]string, len(all))
	for i, u := range all {
		out[i] = u.String()
	}
	return strings.Join(out, "+")
}
