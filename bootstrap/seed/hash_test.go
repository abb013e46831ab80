package seed_test

import (
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"lockstep/bootstrap/seed"
)

// A hash fits its password, tells nothing of it, and is taken from an earlier seed where it fits.
func TestHash(t *testing.T) {
	t.Parallel()
	const password = "a-password-of-a-component"
	first, err := seed.Hash(password, nil)
	if err != nil || bcrypt.CompareHashAndPassword([]byte(first), []byte(password)) != nil || strings.Contains(first, password) {
		t.Fatalf("%q, %v", first, err)
	}
	other, err := seed.Hash("another-password", nil)
	if err != nil {
		t.Fatal(err)
	}
	earlier := []byte("\x00\x0a\x02db\x12<" + other + "\x1a\x02\x00\x12<" + first + "\x1a\x02db")
	if again, err := seed.Hash(password, earlier); err != nil || again != first {
		t.Errorf("from an earlier seed: %q, %v", again, err)
	}
	if again, err := seed.Hash(password, []byte(other)); err != nil || again == other || again == first {
		t.Errorf("from a seed with another one: %q, %v", again, err)
	}
	if _, err := seed.Hash(strings.Repeat("s", 73), nil); err == nil || strings.Contains(err.Error(), "sss") {
		t.Errorf("of 73 bytes: %v", err)
	}
}
