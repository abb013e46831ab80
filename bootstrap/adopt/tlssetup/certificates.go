package tlssetup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/strict"
)

// requests is everything that says how certificates are made: the common request, then
// servers, because members and proxies have no key of their own kind in a policy.
func (s setup) requests() (out []subject) {
	if s.template != nil {
		out = append(out, *s.template)
	}
	for _, one := range s.subjects {
		if len(one.hosts) > 0 {
			out = append(out, one)
		}
	}
	for _, one := range s.subjects {
		if len(one.hosts) == 0 {
			out = append(out, one)
		}
	}
	return out
}

// commonKey is the first key that a policy can ask for; "" for none.
func (s setup) commonKey() policies.KeyAlgorithm {
	for _, one := range s.requests() {
		if key := one.key.algorithm(); key != "" {
			return key
		}
	}
	return ""
}

// certificates is the field certificates: key and subject.
func (s setup) certificates() []string {
	out := []string{"certificates:"}
	key := s.commonKey()
	if key == "" {
		out = append(out, fmt.Sprintf("  key: %s    # the default: the requests name no key that a policy can ask for", policies.ECDSAP256))
	} else {
		out = append(out, fmt.Sprintf("  key: %s", key))
	}
	for _, one := range s.requests() {
		switch other := one.key.algorithm(); {
		case other == "" && one.key != (cfsslKey{}):
			out = append(out, fmt.Sprintf("  # %s asks for %s of %d bits, which no policy can.", one.file, printable(one.key.Algo), one.key.Size))
		case other != "" && other != key && len(one.hosts) > 0:
			out = append(out, fmt.Sprintf("  # %s asks for %s; members and proxies have the same kind of key.", one.file, other))
		}
	}
	return append(out, s.subject()...)
}

// subject is the field certificates.subject, by the first request that has names.
func (s setup) subject() []string {
	all := s.requests()
	i := slices.IndexFunc(all, func(one subject) bool { return len(one.names) > 0 })
	if i < 0 {
		return nil
	}
	own := all[i].names
	var fields, out []string
	for _, field := range []struct {
		name, letter string
		of           func(cfsslName) string
	}{
		{"organization", "O", func(n cfsslName) string { return n.O }},
		{"organizationalUnit", "OU", func(n cfsslName) string { return n.OU }},
		{"locality", "L", func(n cfsslName) string { return n.L }},
	} {
		var values []string
		for _, n := range own {
			values = append(values, field.of(n))
		}
		values, comments := subjectValues(field.name, field.letter, values)
		out = append(out, comments...)
		if len(values) > 0 {
			fields = append(fields, field.name+": ["+strings.Join(values, ", ")+"]")
		}
	}
	if slices.ContainsFunc(own, func(n cfsslName) bool { return n.C != "" || n.ST != "" }) {
		out = append(out, "  # C and ST are left out: subjects hold O, OU and L beside the CN.")
	}
	if slices.ContainsFunc(all[i+1:], func(one subject) bool { return len(one.names) > 0 && !slices.Equal(one.names, own) }) {
		out = append(out, fmt.Sprintf("  # The subject is that of %s; others differ, and one policy has one.", all[i].file))
	}
	if len(fields) > 0 {
		out = append(out, "  subject: {"+strings.Join(fields, ", ")+"}")
	}
	return out
}

// subjectValues is the values that a policy can have in a field of the subject, quoted, each
// once; comments say which it cannot have.
func subjectValues(field, letter string, values []string) (quoted, comments []string) {
	for _, value := range values {
		if value == "" || slices.Contains(quoted, fmt.Sprintf("%q", value)) {
			continue
		}
		why := problem("cluster: {name: a, endpoints: [\"https://a:1\"]}\ncertificates: {subject: {%s: [%q]}}\n", field, value)
		if why != "" {
			comments = append(comments, fmt.Sprintf("  # %s %q is left out: %s.", letter, value, why))
			continue
		}
		quoted = append(quoted, fmt.Sprintf("%q", value))
	}
	return quoted, comments
}

// problem is why no policy can hold a value, written by format into the lines of a policy;
// "" if one can.
func problem(format string, values ...any) string {
	text := head + "components: []\n" + fmt.Sprintf(format, values...)
	_, err := policies.Parse(policies.File{Text: []byte(text)})
	var problems strict.Problems
	if !errors.As(err, &problems) {
		return ""
	}
	return problems[0].Message
}

// printable is a word from outside, quoted unless it is a plain one.
func printable(word string) string {
	if policies.CheckName(word) == nil {
		return word
	}
	return fmt.Sprintf("%q", word)
}
