//go:build unix

package folder

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
	"time"

	"lockstep/policies/hint"
)

// owned is a file of another user, which only root could make for real.
type owned struct {
	fs.FileInfo
	uid  uint32
	mode fs.FileMode
}

func (o owned) Name() string       { return "client.key" }
func (o owned) Mode() fs.FileMode  { return o.mode }
func (o owned) IsDir() bool        { return o.mode.IsDir() }
func (o owned) ModTime() time.Time { return time.Time{} }
func (o owned) Sys() any           { return &syscall.Stat_t{Uid: o.uid} }

func TestGuard(t *testing.T) {
	t.Parallel()
	me := uint32(os.Geteuid())
	for _, c := range []struct {
		info owned
		want string
	}{
		{owned{uid: me, mode: 0o600}, ""},
		{owned{uid: me, mode: 0o400}, ""},
		{owned{uid: 0, mode: 0o600}, ""},
		{owned{uid: me, mode: 0o644}, "ca/client.key has mode 0644, and others may use it: only 0600 is accepted"},
		{owned{uid: me, mode: 0o610}, "ca/client.key has mode 0610, and others may use it: only 0600 is accepted"},
		{owned{uid: me, mode: 0o700}, "ca/client.key has mode 0700, and others may use it: only 0600 is accepted"},
		{owned{uid: me + 4242, mode: 0o600}, fmt.Sprintf("ca/client.key belongs to user %d, who can read and exchange it", me+4242)},
	} {
		err := (&Folder{path: "pki"}).guard("ca/client.key", c.info)
		switch {
		case c.want == "" && err != nil:
			t.Error(err)
		case c.want != "" && (err == nil || err.Error() != c.want || hint.Of(err) != hint.Refused):
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}

// TestOwned: root and the PKI folder's owner may own everything, and what lies in a folder of
// another user is said of the folder.
func TestOwned(t *testing.T) {
	t.Parallel()
	const pki, other = 4242, 4243
	for _, c := range []struct {
		uid   uint32
		mode  fs.FileMode
		above int64
		want  string
		hint  string
	}{
		{uid: pki, above: pki},
		{uid: 0, above: pki},
		{uid: other, above: other},
		{uid: other, above: pki, want: "ca/server.crt belongs to user 4243, who can exchange it",
			hint: "Compare it with a copy that you trust; then, as root: chown 4242 'a pki/ca/server.crt'"},
		{uid: other, mode: fs.ModeDir, want: "ca/server.crt belongs to user 4243, who can exchange what lies in it",
			hint: "Look whether everything in it is yours; then, as root: chown -R 4242 'a pki/ca/server.crt'"},
	} {
		err := (&Folder{path: "a pki"}).owned("ca/server.crt", owned{uid: c.uid, mode: c.mode}, pki, c.above)
		switch {
		case c.want == "" && err != nil:
			t.Error(err)
		case c.want != "" && (err == nil || err.Error() != c.want || hint.Text(err) != c.hint || hint.Of(err) != hint.Refused):
			t.Errorf("%v (%s), want %s (%s)", err, hint.Text(err), c.want, c.hint)
		}
	}
}

// TestMine: the PKI folder belongs to this user or to root.
func TestMine(t *testing.T) {
	t.Parallel()
	me, f := uint32(os.Geteuid()), &Folder{path: "pki"}
	for uid, want := range map[uint32]string{me: "", 0: "", me + 4242: fmt.Sprintf("pki belongs to user %d, who can exchange what lies in it", me+4242)} {
		if err := f.mine(owned{uid: uid, mode: fs.ModeDir}); (err != nil) != (want != "") || err != nil && err.Error() != want {
			t.Errorf("user %d: %v, want %q", uid, err, want)
		}
	}
}

// What another user has put into a folder that is open to all is not taken for ours, and
// a sticky folder of another user is not closed: its owner may exchange everything.
func TestPlantedFiles(t *testing.T) {
	t.Parallel()
	me, f := uint32(os.Geteuid()), &Folder{path: "pki"}
	for uid, want := range map[uint32]string{
		me: "", 0: "", me + 4242: fmt.Sprintf("ca/server.crt belongs to user %d, who may write the folder, too", me+4242),
	} {
		if err := f.planted("ca/server.crt", owned{uid: uid}); (err != nil) != (want != "") || err != nil && err.Error() != want {
			t.Errorf("user %d: %v, want %q", uid, err, want)
		}
		err := f.closed("ca", owned{uid: uid, mode: fs.ModeDir | fs.ModeSticky | 0o777})
		if (err != nil) != (want != "") {
			t.Errorf("a sticky folder of user %d: %v", uid, err)
		}
	}
}
