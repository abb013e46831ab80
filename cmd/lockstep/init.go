package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"lockstep/cmd/lockstep/view"
	"lockstep/policies/hint"
	"lockstep/policies/presets"
)

type initOptions struct {
	*globals
	connection
	presets     []string
	fromCluster bool
	tlsSetup    string // folder of etcd's hack/tls-setup; "" for none
	certs       string // folder of certificates to look into; "" for none
}

func newInitCommand(g *globals) *cobra.Command {
	opts := initOptions{globals: g}
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Write a starter policy, or that of a cluster or of hack/tls-setup",
		Long: `Write a starter policy, with comments, to the file that -f names or, with -f -, to
stdout. A file that exists is never overwritten.

With --from-cluster it is the policy that describes a cluster as it is: lockstep plan
with it changes nothing in etcd's users, roles and permissions. What no policy can say
is in its comments. To a cluster without users it proposes components, by the keys that
are there. Without --endpoints it asks https://127.0.0.1:2379. It needs root, and without
a PKI folder the CA and root's certificate or password by the flags below.

With --from-tls-setup it is the policy that describes a folder of etcd's
hack/tls-setup: CNs become users, hosts members, keys and names the key and the
subject. Its comments say what was wrong there, and what the folder does not
tell: which keys each component uses.`,
		Example: `  lockstep init --preset kubernetes/kube-apiserver,calico/node,calico/cni
  lockstep init --from-cluster --endpoints https://10.0.0.11:2379 \
    --cacert ca.pem --cert root.pem --key root-key.pem --certs /etc/etcd/certs
  lockstep init --from-tls-setup etcd/hack/tls-setup`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := opts.agree(cmd.Flags()); err != nil {
				return err
			}
			if opts.fromCluster {
				return runInitFromCluster(cmd.Context(), opts)
			}
			if opts.tlsSetup != "" {
				return runInitFromTLSSetup(opts)
			}
			return runInit(opts)
		},
	}
	cmd.Flags().StringSliceVar(&opts.presets, "preset", nil, "`NAMES` of presets, each of which becomes a component (see lockstep presets)")
	cmd.Flags().BoolVar(&opts.fromCluster, "from-cluster", false, "describe a living cluster")
	cmd.Flags().StringVar(&opts.tlsSetup, "from-tls-setup", "", "describe `DIR`, a folder of etcd's hack/tls-setup")
	cmd.Flags().StringVar(&opts.certs, "certs", "", "`DIR` with the certificates that components have today: their CN says whose they are")
	opts.connection.flags(cmd.Flags())
	return cmd
}

// agree refuses flags that say nothing about what is asked for.
func (o initOptions) agree(flags *pflag.FlagSet) error {
	if len(o.policy) != 1 {
		return hint.With(fmt.Errorf("a policy to begin with is one file, -f names %d", len(o.policy)), "give -f once")
	}
	if o.tlsSetup != "" && (o.fromCluster || len(o.presets) > 0) {
		return hint.With(errors.New("--from-tls-setup describes a folder, and nothing else"), "leave out --from-cluster and --preset")
	}
	if o.fromCluster && len(o.presets) > 0 {
		return hint.With(errors.New("--from-cluster finds out itself which presets are in use"), "leave out --preset, and add components to the file afterwards")
	}
	for _, name := range []string{"certs", "endpoints", "cacert", "cert", "key", "user"} {
		if flags.Changed(name) && !o.fromCluster {
			return hint.With(fmt.Errorf("--%s is about a living cluster", name), "add --from-cluster, or leave it out")
		}
	}
	return nil
}

func runInit(opts initOptions) error {
	var chosen []presets.Preset
	for _, name := range opts.presets {
		preset, err := lookupPreset(name)
		if err != nil {
			return err
		}
		chosen = append(chosen, preset)
	}
	return opts.begin(starter(chosen), "put your members' addresses into it, then: lockstep lint -f "+opts.policy[0])
}

// begin writes a policy to where -f says, and then what is next.
func (o initOptions) begin(text, next string) error {
	asJSON := view.Format(o.output) == view.JSON
	if o.policy[0] == "-" && asJSON {
		return hint.With(errors.New("-f - prints the policy, and -o json one document of JSON"), "Leave out one of the two.")
	}
	if o.policy[0] == "-" {
		_, err := io.WriteString(o.stdout, text)
		return err
	}
	if err := writeNew(o.policy[0], text); err != nil {
		return err
	}
	if asJSON {
		return o.answer(view.Written{File: o.policy[0], Next: next})
	}
	return o.tell(view.Say(func(s *view.Sheet) {
		s.Line("wrote %s", o.policy[0])
		s.Line("next: %s", next)
	}))
}

// writeNew writes a file that was not there. What it cannot write whole it removes.
func writeNew(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return refuseExisting(path)
	}
	switch folder := filepath.Dir(path); {
	case errors.Is(err, fs.ErrNotExist):
		return hint.With(fmt.Errorf("writing the policy: %w", err), "Make the folder first: mkdir -p "+hint.Word(folder))
	case errors.Is(err, fs.ErrPermission):
		return hint.With(fmt.Errorf("writing the policy: %w", err), fmt.Sprintf("This user may not write in %q: name another file with -f, or print the policy with -f -.", folder))
	case err != nil:
		return fmt.Errorf("writing the policy: %w", err)
	}
	_, err = io.WriteString(f, text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("writing the policy: %w", err), os.Remove(path))
	}
	return nil
}

func refuseExisting(path string) error {
	return hint.Refuse("name another file with -f, or print it with -f -", "%s exists and is not overwritten", path)
}
