package tlssetup

import (
	"net"
	"net/url"
	"path"
	"strings"
)

// etcd is one line of a Procfile that starts etcd.
type etcd struct {
	process string            // before the colon
	flags   map[string]string // without dashes; "true" for a flag without a value
	proxy   bool
}

// readProcfile reads the lines that start etcd. Quotation marks hold blanks together, as
// in a shell; nothing is expanded.
func readProcfile(text string) []etcd {
	var out []etcd
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		process, command, found := strings.Cut(line, ":")
		words := shellWords(command)
		if strings.HasPrefix(strings.TrimSpace(line), "#") || !found || len(words) == 0 || path.Base(words[0]) != "etcd" {
			continue
		}
		e := etcd{process: strings.TrimSpace(process), flags: map[string]string{}}
		for i, word := range words[1:] {
			name, isFlag := strings.CutPrefix(word, "--")
			if !isFlag {
				name, isFlag = strings.CutPrefix(word, "-")
			}
			if !isFlag {
				e.proxy = e.proxy || word == "grpc-proxy"
				continue
			}
			name, value, given := strings.Cut(name, "=")
			if next := i + 2; !given {
				value = "true"
				if next < len(words) && !strings.HasPrefix(words[next], "-") {
					value = words[next]
				}
			}
			e.flags[name] = value
		}
		e.proxy = e.proxy || e.flags["proxy"] == "on" || e.flags["proxy"] == "readonly"
		out = append(out, e)
	}
	return out
}

// shellWords splits at blanks outside of quotation marks.
func shellWords(line string) (words []string) {
	var word strings.Builder
	var quote rune
	begun := false
	end := func() {
		if begun {
			words = append(words, word.String())
		}
		word.Reset()
		begun = false
	}
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote, begun = r, true
		case quote == 0 && (r == ' ' || r == '\t' || r == '\n' || r == '\r'):
			end()
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	end()
	return words
}

// on reports whether a switch is given and not false.
func (e etcd) on(flag string) bool { return e.flags[flag] != "" && e.flags[flag] != "false" }

// certStem is which certificate it serves with: "etcd1" of --cert-file=certs/etcd1.pem.
func (e etcd) certStem() string {
	return strings.TrimSuffix(path.Base(e.flags["cert-file"]), ".pem")
}

// address is the first URL of the first of these flags that says where others reach it, as
// https, and its host. A grpc-proxy is given addresses without a scheme.
func (e etcd) address(flags ...string) (address, host string) {
	for _, flag := range flags {
		first, _, _ := strings.Cut(e.flags[flag], ",")
		if !strings.Contains(first, "://") {
			first = "https://" + first
		}
		u, err := url.Parse(first)
		if err != nil || u.Hostname() == "" || u.Port() == "" || net.ParseIP(u.Hostname()).IsUnspecified() {
			continue
		}
		return "https://" + u.Host, strings.ToLower(u.Hostname())
	}
	return "", ""
}
