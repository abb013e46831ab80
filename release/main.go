// Command release builds what users download: static, stripped binaries in archives, packages
// for Debian and Fedora, an OCI image, a list of the modules that are linked (CycloneDX), and SHA-256 sums.
//
// The same commit gives the same bytes: all times are those of the commit, archives are sorted,
// and nothing of this machine is in them.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet("release", flag.ContinueOnError)
	root := fs.String("root", "..", "the checkout; what is not committed is not in the release")
	out := fs.String("out", "../.build/release", "folder that the release is written to; it is emptied first")
	only := fs.String("only", "", "one platform, for example linux/amd64 (default: all)")
	if err := fs.Parse(args); err != nil {
		return err
	}
	r, err := newRelease(ctx, *root, *out)
	if r != nil {
		defer r.close()
	}
	if err != nil {
		return err
	}
	for _, p := range platforms() {
		if *only == "" || *only == p.String() {
			r.platforms = append(r.platforms, p)
		}
	}
	if len(r.platforms) == 0 {
		return fmt.Errorf("there is no platform %q; there are %s", *only, strings.Trim(fmt.Sprint(platforms()), "[]"))
	}
	for _, step := range []func(context.Context) error{r.build, r.write, r.archives, r.packages, r.image, r.bill, r.sums, r.print} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}
