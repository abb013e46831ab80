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
		err := guard("ca/client.key", c.info)
		switch {
		case c.want == "" && err != nil:
			t.Error(err)
		case c.want != "" && (err == nil || err.Error() != c.want || hint.Of(err) != hint.Refused):
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
