package authon

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"time"

	"lockstep/policies/hint"
	"lockstep/roles"
)

const (
	// recoveryFile is in the PKI folder from before auth is turned on until root is
	// known to get in. Its presence tells the next run of a crash in between.
	recoveryFile = "recovery"

	// recoveryWindow is how long after its making a recovery may turn auth off again.
	// Later, other clients may have come to rely on auth being on.
	recoveryWindow = 10 * time.Minute
)

// Folder is what holds the recovery file: the PKI folder.
type Folder interface {
	ReadSecret(name string) ([]byte, error)
	WriteSecret(name string, text []byte) error // durably, mode 0600; never replaces a file
	RemoveSecret(name string) error
	Path() string
}

// recovery is the temporary superuser with a password that can turn auth off again
// when members ignore the CN of certificates (fact 3).
type recovery struct {
	User      string    `json:"user"`
	Password  string    `json:"password"`
	ClusterID uint64    `json:"clusterID"`
	Time      time.Time `json:"time"`
}

// recoveryUser is the only kind of name that a recovery file may hold: a program that can
// plant a file here must not be able to have any other user deleted.
var recoveryUser = regexp.MustCompile("^" + roles.RecoveryPrefix + "[A-Z2-7]{8}$")

// newRecovery makes a user and a password that cannot be guessed.
func newRecovery(clusterID uint64, now time.Time) recovery {
	return recovery{User: roles.RecoveryPrefix + rand.Text()[:8], Password: rand.Text(), ClusterID: clusterID, Time: now.UTC()}
}

// save writes r durably with mode 0600; it never replaces an older file.
func (r recovery) save(f Folder) error {
	text, err := json.Marshal(r)
	if err == nil {
		err = f.WriteSecret(recoveryFile, text)
	}
	if err != nil {
		return fmt.Errorf("writing the recovery file: %w", err)
	}
	return nil
}

// load reads the file that an interrupted run left; nil when there is none.
func load(f Folder) (*recovery, error) {
	text, err := f.ReadSecret(recoveryFile)
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
			"the recovery file in %s is none that lockstep wrote", f.Path())
	}
	return &r, nil
}

func forget(f Folder) error {
	if err := f.RemoveSecret(recoveryFile); err != nil {
		return fmt.Errorf("removing the recovery file: %w", err)
	}
	return nil
}

// Left reports whether the folder holds the recovery file of an interrupted run, readable
// or not.
func Left(f Folder) bool {
	_, err := f.ReadSecret(recoveryFile)
	return !errors.Is(err, fs.ErrNotExist)
}

// Interrupted reports whether there is something to heal. The error says why the recovery
// file cannot be used.
func Interrupted(f Folder) (bool, error) {
	rec, err := load(f)
	return rec != nil, err
}
