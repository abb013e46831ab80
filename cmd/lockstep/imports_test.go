package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// goPackage is what `go list` says about a package.
type goPackage struct {
	ImportPath    string
	Imports, Deps []string
}

// mayImport says which packages of ours each package of ours may import: everything
// below each name. The order is the design: cmd -> bootstrap -> {roles/store -> roles,
// certgen/folder -> certgen} -> policies. The longest name that fits a package counts.
func mayImport() map[string][]string {
	return map[string][]string{
		"lockstep/policies/hint":     {},
		"lockstep/policies/count":    {},
		"lockstep/policies/pending":  {},
		"lockstep/policies/disk":     {},
		"lockstep/policies/keyrange": {"lockstep/policies/hint"},
		"lockstep/policies/strict":   {"lockstep/policies/hint", "lockstep/policies/count"},
		"lockstep/policies/calls":    {},
		"lockstep/policies/presets":  {"lockstep/policies/calls", "lockstep/policies/hint", "lockstep/policies/keyrange", "lockstep/policies/strict"},
		"lockstep/policies":          {"lockstep/policies"},
		"lockstep/roles":             {"lockstep/policies"},
		"lockstep/roles/store":       {"lockstep/policies", "lockstep/roles"},
		"lockstep/roles/rolestest":   {"lockstep/policies", "lockstep/roles"},
		"lockstep/certgen":           {"lockstep/policies"},
		"lockstep/certgen/handover":  {"lockstep/policies", "lockstep/certgen"},
		"lockstep/certgen/authority": {"lockstep/policies", "lockstep/certgen"},
		"lockstep/certgen/folder":    {"lockstep/policies", "lockstep/certgen"},
		"lockstep/certgen/pkitest":   {"lockstep/policies", "lockstep/certgen"},
		"lockstep/bootstrap/world":   {"lockstep/policies", "lockstep/roles", "lockstep/certgen"},
		"lockstep/bootstrap/authon":  {"lockstep/policies", "lockstep/roles"},
		"lockstep/bootstrap":         {"lockstep/policies", "lockstep/roles", "lockstep/certgen", "lockstep/bootstrap"},
		"lockstep/cmd/lockstep":      {"lockstep/policies", "lockstep/roles", "lockstep/certgen", "lockstep/bootstrap", "lockstep/cmd/lockstep/view"},
	}
}

// onlyIn says who alone may import a package of others.
func onlyIn() map[string][]string {
	return map[string][]string{
		"go.etcd.io/etcd/client/v3":          {"lockstep/roles/store", "lockstep/roles/store/fake"},
		"go.uber.org/zap":                    {"lockstep/roles/store"},
		"golang.org/x/crypto":                {"lockstep/certgen/authority/pbes2", "lockstep/bootstrap/seed"}, // scrypt, bcrypt
		"github.com/spf13/cobra":             {"lockstep/cmd/lockstep"},
		"github.com/spf13/cobra/doc":         {},                           // tests make the man pages
		"go.yaml.in/yaml/v4":                 {"lockstep/policies/strict"}, // one reader
		"software.sslmate.com/src/go-pkcs12": {"lockstep/certgen/handover"},
	}
}

func TestEveryImportFollowsTheDesign(t *testing.T) {
	t.Parallel()
	packages := list(t)
	rules := mayImport()
	for path, p := range packages {
		rule, ok := longest(rules, path)
		if !ok {
			t.Errorf("%s: no rule says what it may import", path)
			continue
		}
		for _, imported := range p.Imports {
			if below(imported, "lockstep") && !slices.ContainsFunc(rules[rule], func(name string) bool { return below(imported, name) }) {
				t.Errorf("%s imports %s, the rule for %s does not allow it", path, imported, rule)
			}
			for other, only := range onlyIn() {
				if below(imported, other) && !slices.Contains(only, path) {
					t.Errorf("%s imports %s, which only %s may", path, imported, strings.Join(only, " and "))
				}
			}
		}
	}
}

// One half never reaches the other, not even by way of a third package.
func TestRolesAndCertgenMeetInBootstrapOnly(t *testing.T) {
	t.Parallel()
	for path, p := range list(t) {
		for _, dep := range p.Deps {
			switch {
			case below(path, "lockstep/roles") && below(dep, "lockstep/certgen"),
				below(path, "lockstep/certgen") && below(dep, "lockstep/roles"),
				path == "lockstep/cmd/lockstep" && (dep == "lockstep/roles/store/fake" || dep == "lockstep/roles/rolestest" || dep == "lockstep/certgen/pkitest"):
				t.Errorf("%s reaches %s", path, dep)
			}
		}
	}
}

// The module that is built into the binary with CA keys has none of etcd's server in it:
// that is a module of its own, in the folder etcd.
func TestTheServerIsAModuleOfItsOwn(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range []string{"go.etcd.io/etcd/server/", "go.etcd.io/bbolt", "go.etcd.io/raft/", "github.com/golang-jwt/", "opentelemetry.io/otel/exporters/"} {
		if strings.Contains(string(text), module) {
			t.Errorf("go.mod requires %s", module)
		}
	}
}

func list(t *testing.T) map[string]goPackage {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Imports,Deps", "lockstep/...")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	ours := map[string]goPackage{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if below(p.ImportPath, "lockstep") {
			ours[p.ImportPath] = p
		}
	}
	if len(ours) < 10 {
		t.Fatalf("go list found %d packages of ours: it did not look at the whole module", len(ours))
	}
	return ours
}

func below(path, name string) bool { return path == name || strings.HasPrefix(path, name+"/") }

func longest(rules map[string][]string, path string) (rule string, ok bool) {
	for name := range rules {
		if below(path, name) && len(name) > len(rule) {
			rule, ok = name, true
		}
	}
	return rule, ok
}
