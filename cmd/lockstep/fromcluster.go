package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lockstep/bootstrap/adopt"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/policies"
	"lockstep/policies/count"
	"lockstep/policies/hint"
	"lockstep/roles"
)

// defaultEndpoint is where etcdctl looks, too.
const defaultEndpoint = "https://127.0.0.1:2379"

// runInitFromCluster looks at the cluster and writes down what it is.
func runInitFromCluster(ctx context.Context, opts initOptions) error {
	if path := opts.policy[0]; path != "-" {
		if _, err := os.Lstat(path); err == nil {
			return refuseExisting(path) // before the question
		}
	}
	endpoints, err := opts.startingPoints()
	if err != nil {
		return err
	}
	opts.endpoints = endpoints
	f, err := folder.Open(opts.pkiFolder(), folder.External{})
	if err == nil {
		defer f.Close()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	description, err := opts.describe(ctx, f)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%s as components, %s only in comments", count.Of(description.Components, "user"), count.Of(description.Omitted, "user"))
	if description.Proposed {
		what = fmt.Sprintf("etcd has no users; proposed: %s", count.Of(description.Components, "component"))
	}
	return opts.begin(string(description.Text), fmt.Sprintf("read it (%s), then: lockstep plan -f %s", what, opts.policy[0]))
}

// describe asks the cluster. The folder is nil where there is none.
func (o initOptions) describe(ctx context.Context, f *folder.Folder) (adopt.Description, error) {
	var none adopt.Description
	own, err := ownFacts(f)
	if err != nil {
		return none, err
	}
	ca, file := o.externalCA(own)
	certificates, err := o.certificates(ca)
	if err != nil {
		return none, err
	}
	p, err := provisional(own.Cluster, o.endpoints)
	if err != nil {
		return none, err
	}
	t, err := o.connection.resolve(p.Cluster, o.app)
	if err != nil {
		return none, err
	}
	w, finish, err := o.openWorld(p, f, t)
	if err != nil {
		return none, err
	}
	defer finish()
	if a := w.Admin; f == nil && (a.Servers == nil || a.Certificate == nil && a.User == "") {
		return none, hint.With(fmt.Errorf("there is no PKI folder at %s: the servers' CA and root's certificate are not known", o.pkiFolder()),
			"Name the cluster's CA with --cacert, and root with --cert and --key (or --user); or the folder with --pki.")
	}
	state, facts, err := look(ctx, w)
	if err != nil {
		return none, err
	}
	facts.Folder, facts.Certificates, facts.CA = own, certificates, file
	return adopt.Policy(state, facts)
}

func ownFacts(f *folder.Folder) (adopt.Folder, error) {
	if f == nil {
		return adopt.Folder{}, nil
	}
	state, err := f.Observe()
	if err != nil {
		return adopt.Folder{}, fmt.Errorf("reading the PKI folder: %w", err)
	}
	return adopt.ReadFolder(state), nil
}

// startingPoints is where to ask for the members: flag, environment, or this host.
func (o initOptions) startingPoints() ([]string, error) {
	if len(o.endpoints) > 0 {
		return parseEndpoints("--endpoints", o.endpoints)
	}
	if exported, _ := o.env("ETCDCTL_ENDPOINTS"); exported != "" {
		return parseEndpoints("ETCDCTL_ENDPOINTS", strings.Split(exported, ","))
	}
	return []string{defaultEndpoint}, nil
}

// provisional is a policy that knows where the cluster is and nothing else: root's
// certificate and the connection are made by it.
func provisional(cluster string, endpoints []string) (*policies.Policy, error) {
	if err := policies.CheckName(cluster); err != nil {
		cluster = "etcd"
	}
	text := fmt.Sprintf("apiVersion: lockstep/v1\nkind: Policy\ncomponents: []\ncluster:\n  name: %q\n  endpoints:\n", cluster)
	for _, url := range endpoints {
		text += fmt.Sprintf("    - %q\n", url)
	}
	p, err := policies.Parse(policies.File{Name: "endpoints", Text: []byte(text)})
	if err != nil {
		return nil, hint.With(fmt.Errorf("no policy can name the endpoints %s", strings.Join(endpoints, ", ")),
			"Write https://HOST:PORT, each once, the host in small letters.")
	}
	return p, nil
}

func look(ctx context.Context, w *world.World) (state roles.State, facts adopt.Facts, err error) {
	etcd, err := w.Administrator(ctx)
	if err != nil {
		return state, facts, fmt.Errorf("connecting to etcd: %w", err)
	}
	defer etcd.Close()
	w.Introduce(ctx, etcd)
	if state, facts, err = adopt.Look(ctx, etcd, w.CallTimeout); err == nil {
		facts.Endpoints = adopt.Distinct(ctx, etcd, w.Policy.Cluster.Endpoints, w.CallTimeout)
	}
	return state, facts, err
}

// certificates is what lies in the folder of --certs, by the paths that the operator
// would type; nil without the flag.
func (o initOptions) certificates(ca *x509.Certificate) ([]adopt.Certificate, error) {
	if o.certs == "" {
		return nil, nil
	}
	found, err := adopt.ReadCertificates(os.DirFS(o.certs), ca)
	if err != nil {
		return nil, fmt.Errorf("looking into %s: %w", o.certs, err)
	}
	for i := range found {
		found[i].File = o.fromPolicy(filepath.Join(o.certs, filepath.FromSlash(found[i].File)))
	}
	return found, nil
}

// externalCA is the CA of --cacert, if it can be one that a policy names, and how
// the policy would name its file. Where lockstep made CAs of its own there is none.
func (o initOptions) externalCA(own adopt.Folder) (*x509.Certificate, string) {
	path := o.named("--cacert", o.cacert, "ETCDCTL_CACERT").value
	text, err := os.ReadFile(path)
	if err != nil || own.Cluster != "" {
		return nil, "" // a file that cannot be read is said when it is needed
	}
	ca, err := certgen.ParseCertificate(text)
	if err != nil || !ca.IsCA {
		return nil, ""
	}
	return ca, o.fromPolicy(path)
}

// fromPolicy is path as the policy says it, relative to its own folder.
func (o initOptions) fromPolicy(path string) string {
	if filepath.IsAbs(path) || o.policy[0] == "-" {
		return path
	}
	own, err := filepath.Abs(filepath.Dir(o.policy[0]))
	if err != nil {
		return path
	}
	there, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if relative, err := filepath.Rel(own, there); err == nil && !filepath.IsAbs(o.policy[0]) {
		return relative
	}
	return there
}
