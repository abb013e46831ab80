package bootstrap

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"time"

	"lockstep/bootstrap/world"
	"lockstep/policies/hint"
	"lockstep/roles"
)

const (
	// recoveryFile lies in the PKI folder from before auth is turned on until root is
	// known to get in. Its presence is how the next run learns of a crash in between.
	recoveryFile = "recovery"

	// recoveryWindow is how long after its making a recovery may turn auth off again.
	// Later, somebody may have come to rely on auth being on.
	recoveryWindow = 10 * time.Minute
)

// recovery is the temporary superuser with a password that can turn auth off again
// when certificates do not name anybody (fact 3).
type recovery struct {
	User      string    `json:"user"`
	Password  string    `json:"password"`
	ClusterID uint64    `json:"clusterID"`
	Time      time.Time `json:"time"`
}

// recoveryUser is the only kind of name that a recovery file may hold: whoever can plant
// a file here must not be able to have any other user deleted.
var recoveryUser = regexp.MustCompile("^" + roles.RecoveryPrefix + "[A-Z2-7]{8}$")

// newRecovery makes a user and password that nobody can guess.
func newRecovery(clusterID uint64, now time.Time) recovery {
	return recovery{User: roles.RecoveryPrefix + rand.Text()[:8], Password: rand.Text(), ClusterID: clusterID, Time: now.UTC()}
}

// save writes r durably with mode 0600; it never replaces an older one.
func (r recovery) save(w *world.World) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("writing the recovery file: %w", err)
	}
	if err := w.Folder.WriteSecret(recoveryFile, text); err != nil {
		return fmt.Errorf("writing the recovery file: %w", err)
	}
	return nil
}

// loadRecovery reads the file that an interrupted run left; nil when there is none.
func loadRecovery(w *world.World) (*recovery, error) {
	text, err := w.Folder.ReadSecret(recoveryFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the recovery file: %w", err)
	}
	var r recovery
	if err := json.Unmarshal(text, &r); err != nil || !recoveryUser.MatchString(r.User) || r.Password == "" {
		// The error would quote the text, and with it the password.
		return nil, hint.Refuse("An earlier run left it while turning auth on. Look with etcdctl as root whether auth is on and root gets in; then move the file away.",
			"the recovery file in %s is none that lockstep wrote", w.Folder.Path())
	}
	return &r, nil
}

func forgetRecovery(w *world.World) error {
	if err := w.Folder.RemoveSecret(recoveryFile); err != nil {
		return fmt.Errorf("removing the recovery file: %w", err)
	}
	return nil
}
