package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docs/etcd.md holds each fact about etcd that a comment, a test or a script cites, and
// each proof that it names exists.
func TestTheFactsAboutEtcdAreWrittenDownAndProven(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "etcd.md"))
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^### (\d+)\. `).FindAllStringSubmatch(string(page), -1) {
		written[m[1]] = true
	}
	source := sourceText(t)
	for _, m := range regexp.MustCompile(`\b[Ff]acts? (\d+)(?:(?:, | to )(\d+))*`).FindAllString(source, -1) {
		for _, n := range regexp.MustCompile(`\d+`).FindAllString(m, -1) {
			if !written[n] {
				t.Errorf("%q is cited and docs/etcd.md has no fact %s", m, n)
			}
		}
	}
	for _, name := range regexp.MustCompile(`\bTest\w+`).FindAllString(string(page), -1) {
		if !strings.Contains(source, "func "+name+"(") {
			t.Errorf("docs/etcd.md names %s, which is no test", name)
		}
	}
	for _, proof := range regexp.MustCompile(`(?m)^Proof: .*$`).FindAllString(string(page), -1) {
		for _, m := range regexp.MustCompile("`([a-z-]+)`").FindAllStringSubmatch(proof, -1) {
			if _, err := os.Stat(filepath.Join("..", "..", "e2e", "testdata", "scripts", m[1]+".txtar")); err != nil {
				t.Errorf("docs/etcd.md names the script %s: %v", m[1], err)
			}
		}
	}
}

// sourceText is all Go files and scripts of the repository, one behind the other.
func sourceText(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == ".git" || d.Name() == ".build") {
			return fs.SkipDir
		}
		if ext := filepath.Ext(path); d.IsDir() || ext != ".go" && ext != ".txtar" {
			return nil
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
