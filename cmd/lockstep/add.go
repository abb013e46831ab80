package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"lockstep/bootstrap"
	"lockstep/bootstrap/change"
	"lockstep/bootstrap/verify"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
	"lockstep/roles/store"
)

type addOptions struct {
	*globals
	connection
	entry     edit.Component
	with      []string
	into      string
	instance  string
	reuseName bool
	prefixes  map[keyrange.Access]*[]string
	keys      map[keyrange.Access]*[]string
}

func newAddCommand(g *globals) *cobra.Command {
	opts := addOptions{globals: g, prefixes: map[keyrange.Access]*[]string{}, keys: map[keyrange.Access]*[]string{}}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Add a component: policy entry, certificate, role and user",
		Long: `Add a component: its entry in the policy file, without touching another byte of it, its
certificate, role and user, and the proof that they agree. It costs the same number of
calls to etcd however many components there are. Cut off anywhere, the same command
finishes the work.`,
		Example: `  lockstep add app --readwrite /app/
  lockstep add cni --preset calico/cni
  lockstep add metrics --read /metrics/ --write-key metrics-lock
  lockstep add cni --instance node-c`,
		Args: oneComponent,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.entry.Name = args[0]
			if cmd.Flags().Changed("instance") {
				return runAddInstance(cmd.Context(), opts)
			}
			return runAdd(cmd.Context(), opts)
		},
	}
	fs := cmd.Flags()
	opts.connection.signingFlags(fs)
	fs.StringVar(&opts.entry.Preset, "preset", "", "`PRESET` that says what it needs; lockstep presets lists them")
	fs.StringArrayVar(&opts.with, "with", nil, "`KEY=VALUE` of the preset; may be repeated")
	fs.StringVar(&opts.entry.Identity, "identity", "", "how it proves who it is: `certificate`, or password for software behind etcd's HTTP gateway")
	fs.BoolVar(&opts.entry.Administrator, "administrator", false, "give it etcd's role root")
	fs.StringVar(&opts.entry.Role, "role", "", "`ROLE` it holds (default: its name)")
	for _, a := range []keyrange.Access{keyrange.Read, keyrange.Write, keyrange.ReadWrite} {
		opts.prefixes[a], opts.keys[a] = new([]string), new([]string)
		fs.StringArrayVar(opts.prefixes[a], string(a), nil, fmt.Sprintf("`PREFIX` that it may %s; may be repeated", verb(a)))
		fs.StringArrayVar(opts.keys[a], string(a)+"-key", nil, fmt.Sprintf("single `KEY` that it may %s; may be repeated", verb(a)))
	}
	fs.StringVar(&opts.instance, "instance", "", "add only the instance `NAME` to a component that is there: a key and a certificate of its own for the same user")
	fs.StringVar(&opts.into, "into", "", "policy `FILE` that the entry is written to (default: the one that -f names)")
	fs.BoolVar(&opts.reuseName, "reuse-name", false, "add it although a certificate that the name had before is still valid")
	return cmd
}

func verb(a keyrange.Access) string {
	if a == keyrange.ReadWrite {
		return "read and write"
	}
	return string(a)
}

// oneComponent wants exactly one argument.
func oneComponent(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		return nil
	}
	return hint.With(fmt.Errorf("%s takes one name, found %d", cmd.CommandPath(), len(args)), cmd.CommandPath()+" --help shows more.")
}

func runAdd(ctx context.Context, opts addOptions) error {
	if err := opts.complete(); err != nil {
		return err
	}
	files, err := policies.Read(opts.policy, opts.stdin)
	if err != nil {
		return err
	}
	before, err := opts.file(files, opts.into)
	if err != nil {
		return err
	}
	after, err := edit.Add(before, opts.entry)
	if err != nil {
		return err
	}
	p, err := parsePolicy(replaced(files, after)...)
	if err != nil {
		return err
	}
	s, err := opts.enter(ctx, p, opts.connection, opts.locked)
	if err != nil {
		return err
	}
	defer s.leave()
	proofs, err := bootstrap.Add(ctx, s.World, bootstrap.ComponentChange{
		Name: opts.entry.Name, ReuseName: opts.reuseName, Before: before, After: after,
	}, addition{terminal{opts.globals, s}, view.NewComponent{Name: opts.entry.Name, Warnings: p.WarningsOf(opts.entry.Name), Overlap: p.OverlapOf(opts.entry.Name)}})
	s.pause()
	if err != nil {
		return err
	}
	component, _ := p.Component(opts.entry.Name)
	return opts.added(s, component.Holders()[0], edit.Diff(before, after), proofs[0])
}

// added is the answer, of a component or of an instance.
func (opts addOptions) added(s *session, h policies.Holder, diff string, proof verify.Proof) error {
	answer := view.Added{Diff: diff, Folder: folderOf(s, h), Proof: proof, Try: firstQuestion(h.Component)}
	if err := opts.answer(answer); err != nil {
		return err
	}
	if !proof.Proven() {
		advice := "lockstep verify says more."
		if store.IsGatewayOff(proof.Err) {
			advice = "Copy the folder of each member to its host and restart the members one after the other: their etcd.env turns the HTTP gateway on. Then lockstep verify proves it."
		}
		return hint.Pending(advice, "%s is added, and not everything is proven", h.ID())
	}
	return nil
}

// describes reports whether flags say what a component is.
func (opts addOptions) describes() bool {
	given := opts.entry.Preset != "" || opts.entry.Role != "" || opts.entry.Identity != "" || opts.entry.Administrator || len(opts.with) > 0 || opts.into != ""
	for _, a := range []keyrange.Access{keyrange.Read, keyrange.Write, keyrange.ReadWrite} {
		given = given || len(*opts.prefixes[a])+len(*opts.keys[a]) > 0
	}
	return given
}

// complete turns flags into the entry.
func (opts *addOptions) complete() error {
	for _, pair := range opts.with {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return hint.With(fmt.Errorf("--with %s", pair), "It is --with KEY=VALUE; lockstep presets show PRESET lists the keys.")
		}
		if opts.entry.With == nil {
			opts.entry.With = map[string]string{}
		}
		opts.entry.With[key] = value
	}
	for _, a := range []keyrange.Access{keyrange.Read, keyrange.Write, keyrange.ReadWrite} {
		for _, prefix := range *opts.prefixes[a] {
			opts.entry.Permissions = append(opts.entry.Permissions, presets.Permission{Form: presets.Prefix, First: prefix, Access: a})
		}
		for _, key := range *opts.keys[a] {
			opts.entry.Permissions = append(opts.entry.Permissions, presets.Permission{Form: presets.Key, First: key, Access: a})
		}
	}
	if opts.entry.Preset == "" && !opts.entry.Administrator && len(opts.entry.Permissions) == 0 {
		return hint.With(errors.New("adding a component without permissions"),
			"Say what it may do: --preset PRESET, --read PREFIX, --write PREFIX, --readwrite PREFIX, the same with -key for single keys, or --administrator.")
	}
	return nil
}

// addition is the operator of add: the terminal says what is suspicious before it asks.
type addition struct {
	terminal
	component view.NewComponent
}

// Confirm implements change.Operator.
func (a addition) Confirm(ctx context.Context, p *change.Plan) error {
	a.session.pause()
	_ = a.tell(a.component)
	return a.terminal.Confirm(ctx, p)
}
