// Package goldentest compares what a program says with the file that a reader sees: pages of docs/
// that are written from code, and files of testdata.
package goldentest

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Compare fails the test where the file at path is not got. With update, the test's own flag
// -update, the file is written first.
func Compare(t *testing.T, update bool, path, got string) {
	t.Helper()
	if update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-file +got; -update writes it)\n%s", path, diff)
	}
}
