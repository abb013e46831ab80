package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// readsClock is who may read the process's clock, by file and function.
func readsClock() []string {
	return []string{
		"cmd/lockstep/main.go process", // hands it to everything else
		"roles/store/stopwatch.go Stopwatch",
	}
}

// Everything takes the clock as a parameter, so that a test can set it: also what verifies
// certificates, where Go reads the clock itself unless a time is given.
func TestTheClockIsAParameter(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, filepath.FromSlash("../../")))
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (name == "e2e" || name == "etcd"): // modules of their own
			return filepath.SkipDir
		case entry.IsDir(), filepath.Ext(name) != ".go", strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			where := name
			if f, ok := d.(*ast.FuncDecl); ok {
				where += " " + f.Name.Name
			}
			for _, what := range clocksIn(d) {
				seen[where] = true
				if !slices.Contains(readsClock(), where) {
					t.Errorf("%s: %s", where, what)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range readsClock() {
		if !seen[where] {
			t.Errorf("%s does not read the clock: take it off the list", where)
		}
	}
}

// clocksIn is how a declaration reads the process's clock.
func clocksIn(d ast.Decl) (found []string) {
	ast.Inspect(d, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if name := selector(n); slices.Contains([]string{"time.Now", "time.Since", "time.Until"}, name) {
				found = append(found, "calls "+name)
			}
		case *ast.CompositeLit:
			field := map[string]string{"x509.VerifyOptions": "CurrentTime", "tls.Config": "Time"}[selector(n.Type)]
			if field != "" && !sets(n, field) {
				found = append(found, "makes "+selector(n.Type)+" without "+field)
			}
		}
		return true
	})
	return found
}

// selector is e as PACKAGE.NAME, "" for anything else.
func selector(e ast.Expr) string {
	s, ok := e.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	x, ok := s.X.(*ast.Ident)
	if !ok {
		return ""
	}
	return x.Name + "." + s.Sel.Name
}

// sets reports whether a literal names the field.
func sets(literal *ast.CompositeLit, field string) bool {
	return slices.ContainsFunc(literal.Elts, func(e ast.Expr) bool {
		pair, ok := e.(*ast.KeyValueExpr)
		if !ok {
			return false
		}
		name, ok := pair.Key.(*ast.Ident)
		return ok && name.Name == field
	})
}
