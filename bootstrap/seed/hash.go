package seed

import (
	"fmt"
	"regexp"

	"golang.org/x/crypto/bcrypt"
)

// stored is a bcrypt hash as etcd's database holds it.
var stored = regexp.MustCompile(`\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}`)

// Hash is the bcrypt hash of password. Each one is another, so that a hash of it that is in the
// earlier seed is used again: the same users then give the same seed.
func Hash(password string, earlier []byte) (string, error) {
	for _, hash := range stored.FindAll(earlier, -1) {
		if bcrypt.CompareHashAndPassword(hash, []byte(password)) == nil {
			return string(hash), nil
		}
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	if err != nil {
		return "", fmt.Errorf("hashing a password for the seed: %w", err)
	}
	return string(hash), nil
}
