package e2e

import (
	"crypto/sha256"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/zmap/zcrypto/x509"
	"github.com/zmap/zlint/v3"
	"github.com/zmap/zlint/v3/lint"
)

// listing prints one line for each file and folder, so that two listings are equal
// only if nothing was written, replaced or touched in between.
func listing(_ *script, ts *testscript.TestScript, args []string) error {
	skip, args := option(args, "-skip")
	if len(args) != 1 {
		return errors.New("usage: listing [-skip NAME]... DIR")
	}
	root := ts.MkAbs(args[0])
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if slices.Contains(skip, d.Name()) {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		sum := ""
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			sum = fmt.Sprintf("%x", sha256.Sum256(content))
		}
		name := strings.TrimPrefix(strings.TrimPrefix(path, root), "/")
		fmt.Fprintln(ts.Stdout(), info.Mode(), info.ModTime().Format(time.RFC3339Nano),
			info.Sys().(*syscall.Stat_t).Ino, sum, name)
		return nil
	})
}

// oneDocument holds when FILE (or stdout) is one JSON document and nothing else.
func oneDocument(_ *script, ts *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: json FILE")
	}
	var document map[string]any
	if err := json.Unmarshal([]byte(ts.ReadFile(args[0])), &document); err != nil {
		return fmt.Errorf("%s is not one JSON document: %w", args[0], err)
	}
	return nil
}

// lintCertificates runs zlint. The rules of public web CAs do not apply to ours.
func lintCertificates(_ *script, ts *testscript.TestScript, args []string) error {
	if len(args) == 0 {
		return errors.New("usage: zlint FILE...")
	}
	rules, err := lint.GlobalRegistry().Filter(lint.FilterOptions{
		IncludeSources: lint.SourceList{lint.RFC3279, lint.RFC5280, lint.RFC5480, lint.RFC5891, lint.RFC8813, lint.Community},
		ExcludeNames:   []string{"n_san_iana_pub_suffix_empty"}, // localhost is meant: etcdctl on the host asks for it
	})
	if err != nil {
		return err
	}
	var findings []string
	for _, name := range args {
		block, _ := pem.Decode([]byte(ts.ReadFile(name)))
		if block == nil {
			return fmt.Errorf("%s: no PEM block", name)
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		result := zlint.LintCertificateEx(cert, rules)
		passed := 0
		for rule, found := range result.Results {
			if found.Status > lint.Pass {
				findings = append(findings, fmt.Sprintf("%s: %s: %v %s", name, rule, found.Status, found.Details))
			} else if found.Status == lint.Pass {
				passed++
			}
		}
		if passed == 0 {
			return fmt.Errorf("%s: no lint applied", name)
		}
		fmt.Fprintf(ts.Stdout(), "%s: %d lints passed\n", name, passed)
	}
	if len(findings) > 0 {
		slices.Sort(findings)
		return errors.New(strings.Join(findings, "\n"))
	}
	return nil
}
