package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/policies/presets"
)

const fewComponents = `apiVersion: lockstep/v1
kind: Policy
cluster: {name: edge, members: [{name: a, hosts: [10.0.0.1]}]}
components:
  - {name: till, role: sales, permissions: [{prefix: /till/, access: read}]}
  - {name: boss, user: the-boss, administrator: true}
`

func TestCompletion(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "lockstep.yaml")
	if err := os.WriteFile(file, []byte(fewComponents), 0o600); err != nil {
		t.Fatal(err)
	}
	const nothing, files, extensions, folders = ":4", ":0", ":8", ":16" // cobra's directives
	for args, want := range map[string]string{
		"remove -f " + file + " ":            "till boss " + nothing,
		"remove -f " + file + " till ":       nothing,
		"remove -f missing.yaml ":            nothing,
		"remove -f - ":                       nothing,
		"add -f " + file + " x --role ":      "sales root " + nothing,
		"verify -f " + file + " --user ":     "the-boss " + nothing,
		"plan -f " + file + " --endpoints ":  "https://10.0.0.1:2379 " + nothing,
		"members remove -f " + file + " ":    "a " + nothing,
		"members replace -f " + file + " a ": nothing,
		"members list ":                      nothing,
		"verify ":                            nothing,
		"apply ":                             files,
		"apply --adopt=":                     "recreate " + nothing,
		"plan --output ":                     "text json " + nothing,
		"plan --policy ":                     "yaml yml " + extensions,
		"plan --pki ":                        folders,
		"init --certs ":                      folders,
		"rehearse --members ":                "1 3 5 " + nothing,
		"add x --preset ":                    strings.Join(presets.Names(), " ") + " " + nothing,
		"presets show ":                      strings.Join(presets.Names(), " ") + " " + nothing,
		"certs export -f " + file + " ":      "members/a till boss " + nothing,
		"certs export x --format ":           strings.Join(exportFormats, " ") + " " + nothing,
		"rehe":                               "rehearse\tProve the policy on a throw-away local etcd " + nothing,
		"help certs ":                        "encrypt-ca export issue list rekey renew revoke rotate-ca sign " + nothing,
	} {
		var o outside
		o.run(append([]string{"__complete"}, strings.Split(args, " ")...)...)
		if got := strings.ReplaceAll(strings.TrimSpace(o.stdout.String()), "\n", " "); got != want {
			t.Errorf("%s: got %q, want %q", args, got, want)
		}
	}
}
