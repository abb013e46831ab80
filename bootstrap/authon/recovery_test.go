package authon

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lockstep/certgen/folder"
	"lockstep/policies/hint"
)

// A recovery file that lockstep did not write deletes no user, and its text is not shown.
func TestPlantedRecoveryFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a component":      `{"user":"writer","password":"hunter2","clusterID":1,"time":"2026-01-01T00:00:00Z"}`,
		"root":             `{"user":"root","password":"hunter2"}`,
		"a longer name":    `{"user":"lockstep-recovery-ABCDEFGHI","password":"hunter2"}`,
		"two lines":        `{"user":"lockstep-recovery-ABCDEFGH\n","password":"hunter2"}`,
		"without password": `{"user":"lockstep-recovery-ABCDEFGH"}`,
		"no JSON":          `hunter2`,
		"empty":            ``,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := emptyFolder(t)
			if err := os.WriteFile(filepath.Join(f.Path(), recoveryFile), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			rec, err := load(f)
			if rec != nil || hint.Of(err) != hint.Refused || strings.Contains(err.Error()+hint.Text(err), "hunter2") {
				t.Errorf("got %v, %v", rec, err)
			}
		})
	}
}

func TestRecoveryFileIsReadBack(t *testing.T) {
	t.Parallel()
	f := emptyFolder(t)
	if rec, err := load(f); rec != nil || err != nil {
		t.Fatalf("without a file: got %v, %v", rec, err)
	}
	rec := newRecovery(7, time.Now())
	if err := rec.save(f); err != nil {
		t.Fatal(err)
	}
	if err := newRecovery(8, time.Now()).save(f); err == nil {
		t.Error("a recovery file was overwritten")
	}
	got, err := load(f)
	if err != nil || got.User != rec.User || got.Password != rec.Password || got.ClusterID != 7 || !got.Time.Equal(rec.Time) {
		t.Errorf("got %v, %v", got, err)
	}
	if err := forget(f); err != nil {
		t.Fatal(err)
	}
	if rec, err := load(f); rec != nil || err != nil {
		t.Errorf("after forgetting: got %v, %v", rec, err)
	}
}

func emptyFolder(t *testing.T) *folder.Folder {
	t.Helper()
	f, err := folder.Create(filepath.Join(t.TempDir(), "pki"), folder.External{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
