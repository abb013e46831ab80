package policies_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/policies"
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

func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", path, diff)
	}
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
			compare(t, path+".txt", err.Error()+"\n")
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
			compare(t, path+".json", string(text)+"\n")
			warnings := p.Warnings.Error()
			if warnings != "" {
				warnings += "\n"
			}
			compare(t, path+".warnings", warnings)
		})
	}
}
