package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// writers may name stdout and stderr. Everything else goes through view, which escapes
// what others wrote; these write no name from outside, or a file that was asked for.
func writers() []string {
	return []string{
		"process", "newRootCommand", // hand the streams on
		"Run",                                                      // puts an outlet around each
		"answer", "instruct", "tell", "exit", "report", "progress", // to view
		"line", "resolveUser", "hidden", // a question without a line break; the name in it is quoted
		"printHelp", "runLint", // our own pages; the schema
		"begin",        // the policy, which holds no control characters
		"savePlan",     // to a file
		"runProgram",   // keeps what a program of --exec writes, for view
		"handToStdout", // keys and certificates, never to a terminal
	}
}

func TestNothingIsPrintedPastView(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(f, func(n ast.Node) bool {
				s, ok := n.(*ast.SelectorExpr)
				if !ok || !slices.Contains([]string{"stdout", "stderr", "Stdout", "Stderr", "Print", "Printf", "Println", "OutOrStdout"}, s.Sel.Name) {
					return true
				}
				seen[f.Name.Name] = true
				if !slices.Contains(writers(), f.Name.Name) {
					t.Errorf("%s: %s writes by %s, past view", name, f.Name.Name, s.Sel.Name)
				}
				return true
			})
		}
	}
	for _, name := range writers() {
		if !seen[name] {
			t.Errorf("%s writes nothing: take it off the list", name)
		}
	}
}
