package pbes2

import "testing"

// What each signing run pays for each key.
func BenchmarkDecrypt(b *testing.B) {
	made := mustEncrypt(b, newKey(b))
	for b.Loop() {
		if _, err := Decrypt(made, []byte("open")); err != nil {
			b.Fatal(err)
		}
	}
}
