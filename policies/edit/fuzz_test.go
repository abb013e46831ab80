package edit_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"

	"lockstep/policies/edit"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// Whatever the file: an edit is exact in the eyes of another reader of YAML, or it is
// refused with advice; and what was added is removed without a trace.
func FuzzEdits(f *testing.F) {
	paths, err := filepath.Glob("testdata/cases/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(archive.Files[0].Data))
	}
	f.Fuzz(func(t *testing.T, text string) {
		added, err := edit.Add(file(text), grafana())
		if err != nil {
			checkRefusal(t, err)
			return
		}
		before := components(t, text)
		if string(added.Text) == text {
			return // it is there already
		}
		if diff := cmp.Diff(before, components(t, string(added.Text))[:len(before)]); diff != "" {
			t.Fatalf("(-before +after)\n%s", diff)
		}
		back, err := edit.Remove(added, "grafana")
		if err != nil {
			t.Fatalf("removing what was added: %v\n%q", err, added.Text)
		}
		if len(before) > 0 && string(back.Text) != text {
			t.Fatalf("added and removed again:\n%s", edit.Diff(file(text), back))
		}
		for _, entry := range before {
			name, _ := entry.(map[string]any)["name"].(string)
			out, err := edit.Remove(file(text), name)
			if err != nil {
				checkRefusal(t, err)
			} else if left := components(t, string(out.Text)); len(left) != len(before)-1 || len(left) > 0 && !subsequence(string(out.Text), text) {
				t.Fatalf("removing %s:\n%s", name, edit.Diff(file(text), out))
			}
		}
	})
}

func checkRefusal(t *testing.T, err error) {
	t.Helper()
	var problems strict.Problems
	if !errors.As(err, &problems) && (hint.Of(err) != hint.Refused || hint.Text(err) == "") {
		t.Fatalf("exit %d, %v, hint %q", hint.Of(err), err, hint.Text(err))
	}
}

func components(t *testing.T, text string) []any {
	t.Helper()
	var p struct{ Components []any }
	if err := yaml.Unmarshal([]byte(text), &p); err != nil {
		t.Fatalf("sigs.k8s.io/yaml: %v\n%s", err, text)
	}
	return append([]any{}, p.Components...)
}

// subsequence reports whether part is whole with bytes left out.
func subsequence(part, whole string) bool {
	for i := 0; i < len(whole) && part != ""; i++ {
		if whole[i] == part[0] {
			part = part[1:]
		}
	}
	return part == ""
}
