package tlssetup

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"

	"lockstep/certgen"
	"lockstep/policies"
	"lockstep/policies/hint"
)

// subject is one holder of a certificate: what cfssl was asked for, or what it made.
type subject struct {
	stem  string // of the files: "etcd1" of certs/etcd1.pem
	file  string // where it was read
	cn    string
	hosts []string // SANs; none for a client
	key   cfsslKey
	names []cfsslName
}

// cfsslRequest is a certificate request of cfssl in JSON; other fields are left aside.
type cfsslRequest struct {
	CN    string      `json:"CN"`
	Hosts []string    `json:"hosts"`
	Key   cfsslKey    `json:"key"`
	Names []cfsslName `json:"names"`
}

type cfsslKey struct {
	Algo string `json:"algo"`
	Size int    `json:"size"`
}

type cfsslName struct {
	C, ST, L, O, OU string
}

// setup is what the folder holds.
type setup struct {
	subjects   []subject // by stem; template's are not among them
	template   *subject  // config/req-csr.json, the request of every certificate
	etcds      []etcd    // of the Procfile
	procfile   bool
	caKey      bool     // certs/ca-key.pem is there
	severalCAs bool     // there are CAs beside certs/ca.pem
	expiry     string   // of config/ca-config.json, as cfssl says it
	leftOut    []string // what is not in the policy and why, in whole sentences
}

// read reads the folder. The error is that it is none of hack/tls-setup.
func read(dir fs.FS) (setup, error) {
	var s setup
	if err := s.readRequests(dir); err != nil {
		return s, err
	}
	if err := s.readCertificates(dir); err != nil {
		return s, err
	}
	if s.template == nil && len(s.subjects) == 0 {
		return s, hint.With(errors.New("there is neither config/req-*.json nor certs/*.pem"), "Name the folder hack/tls-setup itself, in which make was run.")
	}
	slices.SortFunc(s.subjects, func(a, b subject) int { return strings.Compare(a.stem, b.stem) })
	text, err := fs.ReadFile(dir, "Procfile")
	switch {
	case err == nil:
		s.procfile, s.etcds = true, readProcfile(string(text))
	case !errors.Is(err, fs.ErrNotExist):
		return s, fmt.Errorf("reading the Procfile: %w", err)
	}
	return s, s.readConfig(dir)
}

// readRequests reads config/req-*.json.
func (s *setup) readRequests(dir fs.FS) error {
	names, err := fs.Glob(dir, "config/req-*.json")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(dir, name)
		var request cfsslRequest
		if err == nil {
			err = json.Unmarshal(text, &request)
		}
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		stem := strings.TrimSuffix(strings.TrimPrefix(path.Base(name), "req-"), ".json")
		one := subject{stem: stem, file: shown(name), cn: request.CN, hosts: s.hosts(name, request.Hosts), key: request.Key, names: request.Names}
		if stem == "csr" {
			s.template = &one
			continue
		}
		s.subjects = append(s.subjects, one)
	}
	return nil
}

// shown is a file's name in a comment, which holds no line break.
func shown(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r > '~' }) {
		return strconv.Quote(name)
	}
	return name
}

// hosts is the hosts of a file as a policy writes them, each once; what no policy can name
// is left out. cfssl writes [""] for none.
func (s *setup) hosts(file string, hosts []string) []string {
	var out []string
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			h = ip.String()
		}
		h = strings.ToLower(strings.TrimSpace(h))
		if h == "" || slices.Contains(out, h) {
			continue
		}
		if why := problem("cluster: {name: a, members: [{name: a, hosts: [%q]}]}\n", h); why != "" {
			s.leftOut = append(s.leftOut, fmt.Sprintf("What to write for the host %q of %s: %s.", h, shown(file), why))
			continue
		}
		out = append(out, h)
	}
	return out
}

// readCertificates reads the certificates that no request of their own describes.
func (s *setup) readCertificates(dir fs.FS) error {
	names, err := fs.Glob(dir, "certs/*.pem")
	if err != nil {
		return err
	}
	for _, name := range names {
		stem := strings.TrimSuffix(path.Base(name), ".pem")
		if key, isKey := strings.CutSuffix(stem, "-key"); isKey {
			s.caKey = s.caKey || key == "ca"
			continue
		}
		if stem == "ca" || strings.HasPrefix(stem, "peer-") || slices.ContainsFunc(s.subjects, func(o subject) bool { return o.stem == stem }) {
			continue
		}
		one, err := s.certificate(dir, name)
		if errors.Is(err, errCA) {
			s.severalCAs = true
			continue
		}
		if err != nil {
			s.leftOut = append(s.leftOut, fmt.Sprintf("What is in %q: %v.", name, err))
			continue
		}
		one.stem = stem
		s.subjects = append(s.subjects, one)
	}
	return nil
}

// errCA is that a certificate is a CA's.
var errCA = errors.New("it is a CA")

// certificate is what one certificate says.
func (s *setup) certificate(dir fs.FS, name string) (subject, error) {
	text, err := fs.ReadFile(dir, name)
	if err != nil {
		return subject{}, err
	}
	cert, err := certgen.ParseLeaf(text)
	if err != nil {
		return subject{}, err
	}
	if cert.IsCA {
		return subject{}, errCA
	}
	hosts := slices.Clone(cert.DNSNames)
	for _, ip := range cert.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	one := subject{file: shown(name), cn: cert.Subject.CommonName, hosts: s.hosts(name, hosts)}
	for i := range max(len(cert.Subject.Organization), len(cert.Subject.OrganizationalUnit), len(cert.Subject.Locality)) {
		one.names = append(one.names, cfsslName{O: at(cert.Subject.Organization, i), OU: at(cert.Subject.OrganizationalUnit, i), L: at(cert.Subject.Locality, i)})
	}
	one.key = keyOf(certgen.AlgorithmOf(cert.PublicKey))
	return one, nil
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

// readConfig reads how long cfssl's certificates live.
func (s *setup) readConfig(dir fs.FS) error {
	text, err := fs.ReadFile(dir, "config/ca-config.json")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var config struct {
		Signing struct {
			Default struct {
				Expiry string `json:"expiry"`
			} `json:"default"`
		} `json:"signing"`
	}
	if err == nil {
		err = json.Unmarshal(text, &config)
	}
	if err != nil {
		return fmt.Errorf("reading config/ca-config.json: %w", err)
	}
	s.expiry = config.Signing.Default.Expiry
	return nil
}

// algorithm is the key in a policy's words; "" for one that no policy can ask for.
func (k cfsslKey) algorithm() policies.KeyAlgorithm {
	for _, known := range policies.KeyAlgorithms() {
		if keyOf(known) == k {
			return known
		}
	}
	return ""
}

// keyOf is a policy's kind of key in cfssl's words.
func keyOf(algorithm policies.KeyAlgorithm) cfsslKey {
	return map[policies.KeyAlgorithm]cfsslKey{
		policies.ECDSAP256: {"ecdsa", 256}, policies.ECDSAP384: {"ecdsa", 384}, policies.Ed25519: {"ed25519", 0},
		policies.RSA2048: {"rsa", 2048}, policies.RSA3072: {"rsa", 3072}, policies.RSA4096: {"rsa", 4096},
	}[algorithm]
}
