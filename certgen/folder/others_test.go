package folder_test

import (
	"os"
	"path/filepath"
	"testing"

	"lockstep/certgen/folder"
	"lockstep/policies/hint"
)

// A folder of others is refused before a byte is written; one of ours, an empty one, one
// that a run left half made and one that file systems and editors touched are opened.
func TestOthersFoldersAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files []string // those that end in / are folders
		want  string
	}{
		{"empty", nil, ""},
		{"a mount of its own", []string{"lost+found/", ".gitignore", ".gitkeep"}, ""},
		{"cut off", []string{"ca/"}, ""},
		{"a CA alone", []string{"ca/", "ca/client.crt"}, ""},
		{"a CA that is a mounted Secret", []string{"ca/", "ca/..data/", "ca/client.crt", "ca/client.key"}, ""},
		{"ours, with a note", []string{"README", "components/", "components/app/", "components/app/client.crt"}, ""},
		{"easy-rsa", []string{"private/", "private/ca.key", "issued/", "reqs/", "ca.crt", "index.txt", "serial"},
			"is not a PKI folder of lockstep's: it holds ca.crt, index.txt, issued, private, ..., and nothing that lockstep wrote"},
		{"kubeadm", []string{"ca.crt", "ca.key", "etcd/", "etcd/ca.crt"},
			"is not a PKI folder of lockstep's: it holds ca.crt, ca.key, etcd, and nothing that lockstep wrote"},
		{"a folder ca of others", []string{"ca/", "ca/cacert.pem"},
			"is not a PKI folder of lockstep's: it holds ca, and nothing that lockstep wrote"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "pki")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			for _, name := range c.files {
				var err error
				if at := filepath.Join(dir, name); name[len(name)-1] == '/' {
					err = os.Mkdir(at, 0o700)
				} else {
					err = os.WriteFile(at, nil, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			for _, open := range []func(string, folder.External) (*folder.Folder, error){folder.Open, folder.Create} {
				f, err := open(dir, folder.External{})
				if c.want == "" {
					if err != nil {
						t.Fatal(err)
					}
					f.Close()
					continue
				}
				if want := dir + " " + c.want; err == nil || err.Error() != want || hint.Of(err) != hint.Refused || hint.Text(err) == "" {
					t.Errorf("got %v (exit %d), want %s", err, hint.Of(err), want)
				}
			}
			if c.want != "" {
				if _, err := os.Stat(filepath.Join(dir, ".gitignore")); err == nil {
					t.Error("something was written")
				}
			}
		})
	}
}
