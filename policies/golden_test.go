package policies_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lockstep/policies"
	"lockstep/policies/goldentest"
)

var update = flag.Bool("update", false, "write the expected texts from what is there now")

// cases is every policy below testdata/kind: one file, or a folder of several. The
// names in messages are those of the files alone.
func cases(t testing.TB, kind string) map[string][]policies.File {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join("testdata", kind))
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]policies.File{}
	for _, entry := range entries {
		path := filepath.Join("testdata", kind, entry.Name())
		if !entry.IsDir() && filepath.Ext(path) != ".yaml" {
			continue
		}
		files, err := policies.Read([]string{path}, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range files {
			files[i].Name = filepath.Base(files[i].Name)
		}
		found[strings.TrimSuffix(path, ".yaml")] = files
	}
	return found
}

// Each broken policy is refused with exactly the text beside it.
func TestInvalid(t *testing.T) {
	t.Parallel()
	found := cases(t, "invalid")
	if len(found) < 60 {
		t.Errorf("%d broken policies, want at least 60", len(found))
	}
	for path, files := range found {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			p, err := policies.Parse(files...)
			if err == nil {
				t.Fatalf("accepted: %+v", p)
			}
			if p != nil {
				t.Error("an error and a policy")
			}
			goldentest.Compare(t, *update, path+".txt", err.Error()+"\n")
		})
	}
}

// Each good policy means exactly what stands beside it, its warnings included.
func TestValid(t *testing.T) {
	t.Parallel()
	for path, files := range cases(t, "valid") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			p, err := policies.Parse(files...)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.MarshalIndent(p, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, *update, path+".json", string(text)+"\n")
			warnings := p.Warnings.Error()
			if warnings != "" {
				warnings += "\n"
			}
			goldentest.Compare(t, *update, path+".warnings", warnings)
		})
	}
}
