package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/disk"
	"lockstep/policies/hint"
)

type verifyOptions struct {
	*globals
	connection
	verify.Options
	list        bool
	offline     bool
	self        bool
	failOn      string
	metricsFile string
	report      string
}

func newVerifyCommand(g *globals) *cobra.Command {
	opts := verifyOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that certificates, users and permissions agree",
		Long: `Prove that certificates, users and permissions agree: policy, PKI folder and etcd are
compared three ways, and every component asks etcd itself, with its own certificate,
what it may do and what it may not. Nothing is written, neither here nor to etcd.
Members that are down, that ignore the CN, or that are learners are named, and the others are asked. When no
member can be asked, nothing in etcd was judged: that is exit code 1, and not 2.
Where root's certificate is not here, the administrator of --cert or --user asks; whether
root gets in is then listed as not checked, and everything else is.
--offline looks at the policy and the PKI folder alone. -o junit is for build servers,
-o sarif for what collects the findings of static analysis, --metrics-file for
Prometheus' node_exporter, --report for readers.`,
		Example: `  lockstep verify
  lockstep verify --exhaustive --mint
  lockstep verify -o junit --report report.html > junit.xml
  lockstep verify --offline --fail-on warning
  lockstep verify --self --cert client.crt --key client.key --cacert ca.crt`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runVerify(cmd.Context(), opts) },
	}
	opts.connection.signingFlags(cmd.Flags())
	cmd.Flags().BoolVar(&opts.Exhaustive, "exhaustive", false, "ask every component about every other component's keys")
	cmd.Flags().BoolVar(&opts.Mint, "mint", false, "for a component whose key is not here, make a five-minute certificate in memory (needs the client CA's key)")
	cmd.Flags().BoolVar(&opts.list, "list", false, "list the checks, and make none; lockstep explain CODE explains one")
	cmd.Flags().BoolVar(&opts.offline, "offline", false, "look at the policy and the PKI folder alone; etcd is not asked")
	cmd.Flags().BoolVar(&opts.self, "self", false, "as the component of --cert and --key: what etcd tells it about itself, without root and without a PKI folder")
	cmd.Flags().StringVar(&opts.failOn, "fail-on", "error", "from which `SEVERITY` on a finding makes the exit code 2: critical, error, warning or info")
	cmd.Flags().StringVar(&opts.metricsFile, "metrics-file", "", "also write Prometheus' text format to `FILE`, in one step")
	cmd.Flags().StringVar(&opts.report, "report", "", "also write a page for readers to `FILE.html`, in one step")
	return cmd
}

func runVerify(ctx context.Context, opts verifyOptions) error {
	if opts.list {
		return opts.answer(view.Checks(verify.Checks()))
	}
	failOn, err := verify.ParseSeverity(opts.failOn)
	if err != nil {
		return fmt.Errorf("reading --fail-on: %w", err)
	}
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	if opts.self {
		return runVerifySelf(ctx, opts, p, failOn)
	}
	opts.onlyReads = !opts.Mint
	s, err := opts.enter(ctx, p, opts.connection, opts.orScratch(opts.caKey, opts.lookedAt))
	if err != nil {
		return err
	}
	defer s.leave()
	e, err := opts.gather(ctx, s.World)
	s.pause()
	if err != nil {
		return err
	}
	answer := view.Proof{Kind: "Verify", Evidence: e, Report: verify.Judge(e, verify.Checks()), FailOn: &failOn}
	if err := errors.Join(opts.writeFiles(answer, s.Folder.Path()), opts.answer(answer)); err != nil {
		return err
	}
	if e.Outage() {
		return fmt.Errorf("nothing in etcd could be judged, no member could be asked: %w", e.Members[0].Err)
	}
	if !answer.InStep() {
		return errAnswered
	}
	return nil
}

func (opts verifyOptions) gather(ctx context.Context, w *world.World) (*verify.Evidence, error) {
	if opts.offline {
		return verify.GatherOffline(w, opts.Options)
	}
	return verify.Gather(ctx, w, opts.Options)
}

// runVerifySelf is verify for the holder of one component's certificate.
func runVerifySelf(ctx context.Context, opts verifyOptions, p *policies.Policy, failOn verify.Severity) error {
	if opts.offline || opts.Mint || opts.metricsFile != "" || opts.report != "" {
		return hint.With(errors.New("--self does not go with --offline, --mint, --metrics-file and --report"), "A component has neither the PKI folder nor a CA's key.")
	}
	nowhere := func(context.Context, folder.External) (*folder.Folder, func(), error) { return nil, func() {}, nil }
	s, err := opts.enter(ctx, p, opts.connection, nowhere)
	if err != nil {
		return err
	}
	defer s.leave()
	if s.Admin.Certificate == nil || s.Admin.Servers == nil {
		return hint.With(errors.New("--self needs the component's certificate and the CA of the servers"),
			"Give --cert, --key and --cacert, or load the component's etcdctl.env: set -a; . ./etcdctl.env")
	}
	e, err := verify.GatherSelf(ctx, s.World, s.Admin.Certificate, opts.Options)
	s.pause()
	if err != nil {
		return err
	}
	answer := view.Proof{Kind: "Verify", Evidence: e, Report: verify.Judge(e, verify.SelfChecks()), FailOn: &failOn}
	if err := opts.answer(answer); err != nil {
		return err
	}
	if e.Outage() {
		return fmt.Errorf("nothing in etcd could be judged, no member could be asked: %w", e.Members[0].Err)
	}
	if !answer.InStep() {
		return errAnswered
	}
	return nil
}

// writeFiles writes what is asked for beside the answer.
func (opts verifyOptions) writeFiles(answer view.Proof, folder string) error {
	if opts.metricsFile == "" && opts.report == "" {
		return nil
	}
	entries := certgen.Inventory(answer.Evidence.Policy, *answer.Evidence.Folder, answer.Evidence.Policy.Certificates.RenewAt, answer.Evidence.Now)
	if opts.metricsFile != "" {
		before, err := os.ReadFile(opts.metricsFile)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("reading the metrics of the last run: %w", err)
		}
		text, err := view.Metrics(answer, entries, folder, before)
		if err == nil {
			err = replaceFile(opts.metricsFile, text)
		}
		if err != nil {
			return fmt.Errorf("writing the metrics: %w", err)
		}
	}
	if opts.report != "" {
		page, err := view.Report(answer, entries)
		if err == nil {
			err = replaceFile(opts.report, page)
		}
		if err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	return nil
}

// replaceFile writes a file in one step: who reads it meanwhile sees the former one or this one.
func replaceFile(path string, content []byte) error {
	name := filepath.Base(path)
	return disk.Replace(filepath.Dir(path), "."+name+".new", name, content, 0o644)
}
