package main

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// persons are the words that docs/style.md replaces by a role: the operator, another client,
// no user.
var persons = regexp.MustCompile(`(?i)\b(somebody|nobody|whoever|whom|anybody|everybody)\b|[a-z](Somebody|Nobody|Whoever|Whom|Anybody|Everybody)|nobodys`)

// phrases are further ones that docs/style.md replaces. members/blind is a check's code.
var phrases = regexp.MustCompile(`(?i)\b(bring|brings|brought) along\b|\bbrings? (no|a|its) CA along\b|\bmay do nothing\b|\bwaiting for you\b|what it guards|(^|[^/])\bblind\b|\bintruder`)

// TestPlainWords reads code, presets, scripts and pages of the whole repository.
func TestPlainWords(t *testing.T) {
	t.Parallel()
	kinds := []string{"", ".sh", ".txt", ".go", ".md", ".txtar", ".yaml", ".json", ".service", ".timer"}
	lists := []string{"LICENSE", "docs/style.md", "cmd/lockstep/words_test.go"} // the last two name the words
	read := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := filepath.ToSlash(strings.TrimPrefix(path, "../../"))
		switch {
		case d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "../..":
			return filepath.SkipDir
		case d.IsDir(), !slices.Contains(kinds, filepath.Ext(name)), slices.Contains(lists, name):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		read++
		for i, line := range strings.Split(string(text), "\n") {
			if word := cmp.Or(persons.FindString(line), phrases.FindString(line)); word != "" {
				t.Errorf("%s:%d: %q (docs/style.md): %s", name, i+1, word, strings.TrimSpace(line))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if read < 500 {
		t.Errorf("read %d files only", read)
	}
}
