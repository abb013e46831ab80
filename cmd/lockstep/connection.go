package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"lockstep/policies"
	"lockstep/policies/hint"
)

// connection is how the administrator reaches etcd: etcdctl's flags and environment.
// It never carries a proof, which goes by each component's own certificate.
type connection struct {
	endpoints         []string
	cacert, cert, key string
	user              string
	signing
}

// signing is how a command gets at the key of a CA.
type signing struct {
	caKey          string // file of the key of a CA that the policy names
	passphraseFile string
	passphraseFD   string // number of a file descriptor; "" for none
	onlyReads      bool   // it never asks for a passphrase
}

func (c *connection) flags(fs *pflag.FlagSet) {
	fs.StringSliceVar(&c.endpoints, "endpoints", nil, "`URLS` of etcd (default: the policy's; environment: ETCDCTL_ENDPOINTS)")
	fs.StringVar(&c.cacert, "cacert", "", "`FILE` of the CA that signed etcd's server certificates (ETCDCTL_CACERT)")
	fs.StringVar(&c.cert, "cert", "", "`FILE` of the administrator's certificate (default: root's, made in memory; ETCDCTL_CERT)")
	fs.StringVar(&c.key, "key", "", "`FILE` of its key (ETCDCTL_KEY)")
	fs.StringVar(&c.user, "user", "", "`NAME` or NAME:PASSWORD of an administrator with a password (ETCDCTL_USER, ETCDCTL_PASSWORD)")
}

// signingFlags is flags for commands that also sign, if only root's certificate.
func (c *connection) signingFlags(fs *pflag.FlagSet) {
	c.flags(fs)
	c.signing.flags(fs)
}

func (s *signing) flags(fs *pflag.FlagSet) {
	fs.StringVar(&s.caKey, "ca-key", "", "`FILE` of the key of the CA that certificates.ca in the policy names")
	s.passphraseFlags(fs)
}

func (s *signing) passphraseFlags(fs *pflag.FlagSet) {
	fs.StringVar(&s.passphraseFile, "passphrase-file", "", "`FILE` that holds the passphrase of the CA keys (default: asked for where a CA signs and its key is encrypted)")
	fs.StringVar(&s.passphraseFD, "passphrase-fd", "", "the same, read from file descriptor `N`")
}

// target is a resolved connection.
type target struct {
	Endpoints []string // https URLs, never empty
	CACert    named    // path; "" for the CA in the PKI folder
	Cert, Key named    // paths, both or none; none for root's certificate from the PKI folder
	User      named    // "" for the user that the certificate names
	Password  string   // set if and only if User is
}

// named is a value, and the flag or variable that it came from.
type named struct{ value, source string }

// named is the flag's value, else the variable's.
func (a app) named(flag, value, variable string) named {
	if value != "" {
		return named{value, flag}
	}
	if exported, _ := a.env(variable); exported != "" {
		return named{exported, variable}
	}
	return named{}
}

// String never shows the password.
func (t target) String() string {
	return fmt.Sprintf("%s as %q", strings.Join(t.Endpoints, ","), t.User.value)
}

// resolve settles flags, environment and policy, in this order of strength. An
// environment that points somewhere else than the policy is refused: it was exported
// for another cluster more often than for this one.
func (c connection) resolve(cluster policies.Cluster, a app) (target, error) {
	t := target{
		CACert: a.named("--cacert", c.cacert, "ETCDCTL_CACERT"),
		Cert:   a.named("--cert", c.cert, "ETCDCTL_CERT"),
		Key:    a.named("--key", c.key, "ETCDCTL_KEY"),
	}
	if (t.Cert.value == "") != (t.Key.value == "") {
		err := fmt.Errorf("the certificate %s needs its key, which neither --key nor ETCDCTL_KEY names", t.Cert)
		if t.Cert.value == "" {
			err = fmt.Errorf("the key %s needs its certificate, which neither --cert nor ETCDCTL_CERT names", t.Key)
		}
		return target{}, hint.With(err, "give both, or none of --cert, --key, ETCDCTL_CERT and ETCDCTL_KEY")
	}
	endpoints, err := c.resolveEndpoints(cluster, a)
	if err != nil {
		return target{}, err
	}
	t.Endpoints = endpoints
	t.User, t.Password, err = c.resolveUser(a)
	return t, err
}

func (c connection) resolveEndpoints(cluster policies.Cluster, a app) ([]string, error) {
	own := policyEndpoints(cluster)
	if len(c.endpoints) > 0 {
		return parseEndpoints("--endpoints", c.endpoints)
	}
	exported, _ := a.env("ETCDCTL_ENDPOINTS")
	if exported == "" {
		return parseEndpoints("the policy", own)
	}
	found, err := parseEndpoints("ETCDCTL_ENDPOINTS", strings.Split(exported, ","))
	if err != nil {
		return nil, err
	}
	for _, endpoint := range found {
		if !slices.Contains(own, endpoint) {
			return nil, hint.Refuse(
				fmt.Sprintf("unset ETCDCTL_ENDPOINTS, or repeat it if you mean it: --endpoints %s", strings.Join(found, ",")),
				"ETCDCTL_ENDPOINTS names %s, which is none of the policy's endpoints (%s)", endpoint, strings.Join(own, ", "))
		}
	}
	return found, nil
}

// policyEndpoints is where the policy's members listen for clients.
func policyEndpoints(cluster policies.Cluster) []string {
	if len(cluster.Members) == 0 {
		return cluster.Endpoints
	}
	var urls []string
	for _, m := range cluster.Members {
		urls = append(urls, m.ClientURL)
	}
	return urls
}

// parseEndpoints makes https URLs of what etcdctl takes: host:port or a URL.
func parseEndpoints(from string, texts []string) ([]string, error) {
	var urls []string
	for _, text := range texts {
		text = strings.TrimSpace(text)
		full := text
		if !strings.Contains(full, "://") {
			full = "https://" + full
		}
		u, err := url.Parse(full)
		switch {
		case err == nil && u.Scheme == "http":
			return nil, hint.Refuse("etcd has to be started with --cert-file, --trusted-ca-file and --client-cert-auth; lockstep writes an etcd.env that does",
				"%s names %s: a client cannot show a certificate over plain http, so it has no identity", from, text)
		case err != nil, u.Scheme != "https", u.Hostname() == "", u.Port() == "", u.User != nil, strings.Trim(u.Path, "/") != "", u.RawQuery != "", u.Fragment != "":
			return nil, hint.With(fmt.Errorf("%s names %q, which is no endpoint", from, text), "write https://HOST:PORT")
		}
		urls = append(urls, "https://"+u.Host)
	}
	if len(urls) == 0 {
		return nil, fmt.Errorf("%s names no endpoint", from)
	}
	return urls, nil
}

// resolveUser finds the name and the password, which is asked for where it can be.
func (c connection) resolveUser(a app) (user named, password string, err error) {
	user = a.named("--user", c.user, "ETCDCTL_USER")
	name, password, given := strings.Cut(user.value, ":")
	if exported, ok := a.env("ETCDCTL_PASSWORD"); ok && !given {
		password, given = exported, true
	}
	switch {
	case name == "":
		return named{}, "", nil // a password alone, exported for etcdctl, belongs to no user
	case !given && a.stdinTerminal:
		fmt.Fprintf(a.stderr, "Password of %q: ", name)
		typed, err := a.password()
		fmt.Fprintln(a.stderr)
		if err != nil {
			return named{}, "", fmt.Errorf("reading the password: %w", err)
		}
		password = string(typed)
	}
	if password == "" {
		return named{}, "", hint.With(fmt.Errorf("user %q has no password", name), "set ETCDCTL_PASSWORD; an identity without a password logs in by --cert and --key")
	}
	return named{name, user.source}, password, nil
}
