package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"lockstep/bootstrap"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/policies/strict"
	"lockstep/roles"
)

// asking is what who-can, can and matrix have in common: the policy answers, or etcd.
type asking struct {
	*globals
	connection
	live bool
}

func (o *asking) flags(cmd *cobra.Command) {
	o.connection.signingFlags(cmd.Flags())
	cmd.Flags().BoolVar(&o.live, "live", false, "ask etcd for its users and roles (default: those of the policy)")
}

// state is the users and roles that answer.
func (o asking) state(ctx context.Context, p *policies.Policy) (roles.State, error) {
	if !o.live {
		return roles.Desired(p), nil
	}
	o.onlyReads = true
	s, err := o.enter(ctx, p, o.connection, orNone(o.lookedAt))
	if err != nil {
		return roles.State{}, err
	}
	defer s.leave()
	return bootstrap.UsersAndRoles(ctx, s.World)
}

// keys is which keys are meant: one, or those with a prefix.
type keys struct {
	prefix string
	given  bool // by --prefix
}

func (k *keys) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&k.prefix, "prefix", "", "all keys that begin with `PREFIX`, instead of one key; \"\" is every key")
}

// parse reads the words behind the access.
func (k keys) parse(words []string) (keyrange.Permission, error) {
	switch {
	case k.given && len(words) > 0:
		return keyrange.Permission{}, hint.With(fmt.Errorf("both --prefix and the key %q are given", words[0]), "Give one of them.")
	case k.given && k.prefix == "":
		return keyrange.Everything(keyrange.Read), nil
	case k.given:
		return keyrange.Prefix(k.prefix, keyrange.Read), nil
	case len(words) != 1:
		return keyrange.Permission{}, hint.With(fmt.Errorf("one key is needed, found %d", len(words)), "Give a key, or --prefix PREFIX.")
	case words[0] == "":
		return keyrange.Permission{}, hint.With(errors.New("etcd has no empty key"), `Give a key, or --prefix "" for every key.`)
	}
	return keyrange.Key(words[0], keyrange.Read), nil
}

// parseAccess reads read or write.
func parseAccess(word string) (keyrange.Access, error) {
	if a := keyrange.Access(word); a == keyrange.Read || a == keyrange.Write {
		return a, nil
	}
	return "", hint.With(fmt.Errorf("%q is no access to ask for", word), "It is read or write.")
}

type whoCanOptions struct {
	asking
	keys
}

func newWhoCanCommand(g *globals) *cobra.Command {
	opts := whoCanOptions{asking: asking{globals: g}}
	cmd := &cobra.Command{
		Use:   "who-can read|write KEY|--prefix PREFIX",
		Short: "Say which users can read or write a key, and why",
		Long: `Say which users can read or write a key or a prefix, and by which role and permission. The
policy answers, without any cluster; with --live etcd does. A user that reaches only some
of the keys of a prefix is marked: etcd refuses it a request for all of them. To delete is to
write.`,
		Example: `  lockstep who-can read /registry/secrets/default/token
  lockstep who-can write --prefix /calico/ --live`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.given = cmd.Flags().Changed("prefix")
			return runWhoCan(cmd.Context(), opts, args)
		},
		ValidArgsFunction: cobra.FixedCompletions([]string{"read", "write"}, cobra.ShellCompDirectiveNoFileComp),
	}
	opts.asking.flags(cmd)
	opts.keys.flags(cmd)
	return cmd
}

func runWhoCan(ctx context.Context, opts whoCanOptions, args []string) error {
	if len(args) == 0 {
		return hint.With(errors.New("it is not said which access is meant"), "lockstep who-can read KEY, or lockstep who-can write KEY.")
	}
	access, err := parseAccess(args[0])
	if err != nil {
		return err
	}
	asked, err := opts.parse(args[1:])
	if err != nil {
		return err
	}
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	state, err := opts.state(ctx, p)
	if err != nil {
		return err
	}
	return opts.answer(view.WhoCan{Access: access, Keys: asked, Holders: state.WhoCan(access, asked.Range()), Users: view.UsersOf(p, state), Live: opts.live})
}

func newCanCommand(g *globals) *cobra.Command {
	opts := whoCanOptions{asking: asking{globals: g}}
	cmd := &cobra.Command{
		Use:   "can USER read|write KEY|--prefix PREFIX",
		Short: "Say whether a user can read or write a key, and why",
		Long: `Say whether one user can read or write a key or all keys of a prefix, and by which role and
permission. The policy answers, without any cluster; with --live etcd does. The exit code
is 0 for yes and 2 for no.`,
		Example: `  lockstep can calico-node write /calico/ipam/v2/host/node-a
  lockstep can backup read --prefix "" --live`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			opts.given = cmd.Flags().Changed("prefix")
			return runCan(cmd.Context(), opts, args)
		},
		ValidArgsFunction: g.policyNames(userNames),
	}
	opts.asking.flags(cmd)
	opts.keys.flags(cmd)
	return cmd
}

func runCan(ctx context.Context, opts whoCanOptions, args []string) error {
	if len(args) < 2 {
		return hint.With(errors.New("user and access are needed"), "lockstep can USER read KEY, or lockstep can USER write KEY.")
	}
	access, err := parseAccess(args[1])
	if err != nil {
		return err
	}
	asked, err := opts.parse(args[2:])
	if err != nil {
		return err
	}
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	state, err := opts.state(ctx, p)
	if err != nil {
		return err
	}
	if _, found := state.User(args[0]); !found {
		return unknownUser(state, args[0], opts.live)
	}
	answer := view.Can{Access: access, Keys: asked, Holding: state.Can(args[0], access, asked.Range()), Users: view.UsersOf(p, state), Live: opts.live}
	if err := opts.answer(answer); err != nil {
		return err
	}
	if !answer.Whole {
		return errAnswered
	}
	return nil
}

func unknownUser(s roles.State, name string, live bool) error {
	var known []string
	for _, u := range s.Users {
		known = append(known, u.Name)
	}
	where := "the policy names"
	if live {
		where = "etcd has"
	}
	return hint.With(fmt.Errorf("%s no user %q", where, name), strict.Suggest(name, known, "The users are: "))
}

// userNames is the users of the policy, root included.
func userNames(p *policies.Policy) (names []string) {
	for _, u := range roles.Desired(p).Users {
		names = append(names, u.Name)
	}
	return slices.Compact(names)
}

func newMatrixCommand(g *globals) *cobra.Command {
	opts := asking{globals: g}
	cmd := &cobra.Command{
		Use:   "matrix",
		Short: "Show all key spaces, and which users read and write them",
		Long: `Show every range of keys that a permission names, and which users read and write it. A
name in parentheses reaches only some of the keys. Superusers reach everything; they are
named below the table. The policy answers, without any cluster; with --live etcd does.`,
		Example: `  lockstep matrix
  lockstep matrix --live -o json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return runMatrix(cmd.Context(), opts) },
	}
	opts.flags(cmd)
	return cmd
}

func runMatrix(ctx context.Context, opts asking) error {
	p, err := opts.readPolicy()
	if err != nil {
		return err
	}
	state, err := opts.state(ctx, p)
	if err != nil {
		return err
	}
	return opts.answer(view.Matrix{Spaces: state.Matrix(), Superusers: state.Superusers(), Users: view.UsersOf(p, state), Live: opts.live})
}
