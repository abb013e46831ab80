package folder

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/certgen/authority/pbes2"
	"lockstep/policies/hint"
)

// secrets is what a run knows of encrypted CA keys. The zero value knows nothing.
type secrets struct {
	mu         sync.Mutex
	passphrase []byte                   // of all CA keys; new ones are encrypted with it
	keys       map[string]crypto.Signer // decrypted, by Profile.Path of the CA
}

// key is the decrypted key of the CA at pair, nil for none.
func (s *secrets) key(pair string) crypto.Signer {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keys[pair]
}

func (s *secrets) know(pair string, key crypto.Signer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.keys == nil {
		s.keys = map[string]crypto.Signer{}
	}
	s.keys[pair] = key
}

// moved tells that the key of the CA at from lies at to now, and that what was there is gone.
func (s *secrets) moved(from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if key := s.keys[from]; key != nil {
		s.keys[to] = key
		delete(s.keys, from)
	}
}

func (s *secrets) current() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.passphrase
}

// lockedError says that a CA's key is encrypted and was not decrypted in this run. For what
// looks and does not sign that is the same as a key that is not here.
type lockedError struct{ err error }

func (e lockedError) Error() string        { return e.err.Error() }
func (e lockedError) Unwrap() error        { return e.err }
func (e lockedError) Is(target error) bool { return target == fs.ErrNotExist }

// AtRest is the places of the CA keys that are encrypted, and of those that are not. A key that
// this user may not read is in neither.
type AtRest struct{ Plain, Encrypted []certgen.Place }

// keyPlaces is where a CA's key can be: a previous generation has none.
func keyPlaces() (places []certgen.Place) {
	for _, generation := range []certgen.Generation{certgen.Current, certgen.Next} {
		for _, ca := range certgen.CAs() {
			places = append(places, certgen.CAPlace(ca, generation))
		}
	}
	return places
}

// AtRest looks at the keys in ca/ and decrypts none. What cannot be read is left to what
// reads it for use, and says why.
func (f *Folder) AtRest() AtRest {
	var out AtRest
	for _, ca := range keyPlaces() {
		content, _, err := f.read(ca.String() + ".key")
		if err != nil {
			continue
		}
		if _, err := authority.ParseKey(content); errors.Is(err, authority.ErrEncrypted) {
			out.Encrypted = append(out.Encrypted, ca)
		} else {
			out.Plain = append(out.Plain, ca)
		}
		clear(content)
	}
	return out
}

// Decrypt opens every encrypted key in ca/ for this run, and makes the run encrypt with the
// same passphrase what it adds there. A passphrase that does not open all of them is a
// hint.Refused error, and then none is open.
func (f *Folder) Decrypt(passphrase []byte) error {
	opened := map[string]crypto.Signer{}
	for _, ca := range f.AtRest().Encrypted {
		key, err := f.decrypted(ca.String(), passphrase)
		if errors.Is(err, pbes2.ErrPassphrase) {
			return f.wrongPassphrase(ca, len(opened) > 0)
		}
		if err != nil {
			return err
		}
		opened[ca.String()] = key
	}
	for pair, key := range opened {
		f.secrets.know(pair, key)
	}
	return f.EncryptNew(passphrase)
}

func (f *Folder) wrongPassphrase(ca certgen.Place, others bool) error {
	name := ca.String() + ".key"
	if !others {
		return hint.Refuse("Give the passphrase with which the CA keys were encrypted; without it: docs/ca-keys.md.",
			"the passphrase does not open %s: nothing was changed", name)
	}
	where := f.word(name)
	return hint.Refuse(fmt.Sprintf("Give it the passphrase of the others: openssl pkcs8 -in %[1]s | openssl pkcs8 -topk8 -out new.key && chmod 600 new.key && mv new.key %[1]s", where),
		"%s has another passphrase than the other CA keys: nothing was changed", name)
}

// EncryptNew makes this run encrypt every CA key that it makes. An empty passphrase is an error.
func (f *Folder) EncryptNew(passphrase []byte) error {
	if len(passphrase) == 0 {
		return errors.New("the passphrase is empty")
	}
	f.secrets.mu.Lock()
	defer f.secrets.mu.Unlock()
	f.secrets.passphrase = passphrase
	return nil
}

// decrypted is the encrypted key at pair. Whether others may use it is for what uses it.
func (f *Folder) decrypted(pair string, passphrase []byte) (crypto.Signer, error) {
	name := pair + ".key"
	content, _, err := f.read(name)
	if err != nil {
		return nil, err
	}
	key, err := authority.DecryptKey(content, passphrase)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return key, nil
}

// encode is the text of the key file of pair: a CA's key is encrypted where this run has a
// passphrase for it.
func (f *Folder) encode(pair string, key crypto.Signer) ([]byte, error) {
	passphrase := f.secrets.current()
	if len(passphrase) == 0 || certgen.PlaceOf(pair).Kind != certgen.PlaceCA {
		return authority.EncodeKey(key)
	}
	content, err := authority.EncryptKey(key, passphrase)
	if err == nil {
		f.secrets.know(pair, key)
	}
	return content, err
}

// EncryptCAs encrypts every key in ca/ with the passphrase after; before opens those that are
// encrypted already. Each file is replaced by a rename when what was written has been read
// back and decrypted: a crash leaves one whole key for each CA, and the same call goes on. It
// calls done after each. Before the first change every key was opened and found to belong
// to its certificate.
func (f *Folder) EncryptCAs(ctx context.Context, before, after []byte, done func(certgen.Place)) error {
	if len(after) == 0 {
		return errors.New("the passphrase is empty")
	}
	if !f.held.Load() {
		unlock, err := f.Lock(ctx, 0)
		if err != nil {
			return err
		}
		defer unlock()
	}
	if err := f.Replaceable(f.AtRest()); err != nil {
		return err
	}
	changes, err := f.toEncrypt(before, after)
	if err != nil {
		return err
	}
	for _, c := range changes {
		err := ctx.Err()
		if err == nil {
			err = f.encryptCA(c.ca.String()+".key", c.key, after)
		}
		if err != nil {
			return advise(fmt.Errorf("encrypting %s.key: %w", c.ca, err))
		}
		done(c.ca)
	}
	return nil
}

// keyToEncrypt is the key of a CA that is not encrypted, or not with the new passphrase.
type keyToEncrypt struct {
	ca  certgen.Place
	key crypto.Signer
}

func (f *Folder) toEncrypt(before, after []byte) ([]keyToEncrypt, error) {
	at := f.AtRest()
	var out []keyToEncrypt
	for _, ca := range at.Encrypted {
		pair := ca.String()
		key, err := f.decrypted(pair, after)
		switch {
		case err == nil: // a run that was cut off has done it
			f.secrets.know(pair, key)
			continue
		case !errors.Is(err, pbes2.ErrPassphrase):
			return nil, err
		}
		key, err = f.decrypted(pair, before)
		if errors.Is(err, pbes2.ErrPassphrase) {
			return nil, f.wrongPassphrase(ca, len(out) > 0)
		} else if err != nil {
			return nil, err
		}
		f.secrets.know(pair, key)
		out = append(out, keyToEncrypt{ca: ca})
	}
	for _, ca := range at.Plain {
		out = append(out, keyToEncrypt{ca: ca})
	}
	for i, c := range out {
		pair := c.ca.String()
		if err := f.trusted(pair + ".key"); err != nil {
			return nil, err
		}
		_, key, err := f.readPair(pair)
		if err != nil {
			return nil, fmt.Errorf("encrypting %s.key: %w", c.ca, err)
		}
		out[i].key = key
	}
	return out, nil
}

// Replaceable refuses keys of a mounted Secret: what is written into the mount is lost with
// it, if it can be written at all.
func (f *Folder) Replaceable(at AtRest) error {
	for _, ca := range slices.Concat(at.Plain, at.Encrypted) {
		name := ca.String() + ".key"
		info, err := f.root.Lstat(name)
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return hint.Refuse("Encrypt the key where the Secret is made, and make the Secret anew from it: openssl pkcs8 -topk8 -in PLAIN -out ENCRYPTED.",
				"%s is part of a mounted Secret, and is not changed in the mount", name)
		}
	}
	return nil
}

// encryptCA replaces the key file at name by an encrypted one.
func (f *Folder) encryptCA(name string, key crypto.Signer, passphrase []byte) error {
	content, err := authority.EncryptKey(key, passphrase)
	if err != nil {
		return err
	}
	err = f.stage(name, content, 0o600)
	if err == nil {
		err = f.holds(name+certgen.NewSuffix, key, passphrase)
	}
	if err == nil {
		err = f.disk.Rename(name+certgen.NewSuffix, name)
	}
	if err != nil {
		return errors.Join(err, f.unstage(name))
	}
	return f.disk.SyncDir("ca")
}

// holds looks whether the file at name is key, encrypted with the passphrase.
func (f *Folder) holds(name string, key crypto.Signer, passphrase []byte) error {
	written, _, err := f.read(name)
	if err != nil {
		return fmt.Errorf("reading back: %w", err)
	}
	back, err := authority.DecryptKey(written, passphrase)
	if err != nil {
		return fmt.Errorf("reading back %s: %w", name, err)
	}
	same, ok := back.(interface{ Equal(crypto.PrivateKey) bool })
	if !ok || !same.Equal(key) {
		return fmt.Errorf("reading back %s: it holds another key", name)
	}
	return nil
}
