package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Every variable that the code reads, or gives to a program, is on the help page "environment".
func TestEnvironmentIsDocumented(t *testing.T) {
	t.Parallel()
	page := ""
	for _, topic := range topics() {
		if topic.Use == "environment" {
			page = topic.Long
		}
	}
	variable := regexp.MustCompile(`"((?:ETCDCTL|LOCKSTEP)_[A-Z_]*[A-Z]|NO_COLOR|TERM)[="]`)
	found := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range variable.FindAllSubmatch(text, -1) {
			found[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range found {
		if !strings.Contains(page, "  "+name+" ") {
			t.Errorf("lockstep environment does not name %s", name)
		}
	}
	if len(found) < 12 {
		t.Errorf("found %d variables only: %v", len(found), found)
	}
}
