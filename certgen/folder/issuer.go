package folder

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"lockstep/certgen"
	"lockstep/certgen/authority"
)

// Issuer opens a CA with its key, the external one if its key was given for this run, if there
// is one: once, and it is kept for the run, which opens the CA again when it replaces it. The error is
// fs.ErrNotExist when one of the two is not here, and also authority.ErrEncrypted when the key
// is encrypted and Decrypt has not opened it; a key that others may read or own, and
// one in a folder that others may write, is refused.
func (f *Folder) Issuer(ca certgen.CA) (*authority.Authority, error) {
	f.opening.Lock()
	defer f.opening.Unlock()
	if a := f.issuers[ca]; a != nil {
		return a, nil
	}
	a, err := f.authority(ca)
	if err != nil {
		return nil, err
	}
	if f.issuers == nil { // the whole folder is read for its serial numbers, once for all CAs
		state, err := f.observe(observer{reports: true})
		if err != nil {
			return nil, err
		}
		f.serials.Add(state)
		f.issuers = map[certgen.CA]*authority.Authority{}
	}
	a.Avoid(&f.serials)
	f.issuers[ca] = a
	return a, nil
}

func (f *Folder) authority(ca certgen.CA) (*authority.Authority, error) {
	if o := f.external; o.CA.Current != nil && o.Key != nil {
		return authority.LoadExternal(o.CA.Current, o.Key)
	}
	if err := f.trusted(certgen.CAPath(ca) + ".key"); err != nil {
		return nil, fmt.Errorf("opening the %s CA: %w", ca, err)
	}
	cert, key, err := f.readPair(certgen.CAPath(ca))
	if errors.Is(err, authority.ErrEncrypted) {
		err = lockedError{err}
	}
	if err != nil {
		return nil, fmt.Errorf("opening the %s CA: %w", ca, err)
	}
	load := authority.Load
	if f.external.CA.Current != nil {
		load = authority.LoadExternal
	}
	a, err := load(cert, key)
	if err != nil {
		return nil, fmt.Errorf("opening the %s CA: %w", ca, err)
	}
	return a, nil
}

// Identity is the pair at a Profile.Path, to be shown in a handshake. The error is
// fs.ErrNotExist when its certificate or key is not here.
func (f *Folder) Identity(pair string) (tls.Certificate, error) {
	if certgen.Locate(pair+".crt").Purpose != certgen.ForCertificate {
		return tls.Certificate{}, fmt.Errorf("reading %q: this is no place for a certificate", pair)
	}
	cert, key, err := f.readPair(pair)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("reading the certificate and key %s: %w", pair, err)
	}
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}, nil
}

// Certificate is the certificate of the CA that signs: the current one of [Folder.Trust].
func (f *Folder) Certificate(ca certgen.CA) (*x509.Certificate, error) {
	trust, err := f.Trust(ca)
	return trust.Current, err
}

// Trust is what is trusted as a CA: the external one, else from ca/ or, when that is not
// here, from the copies in the other folders. No key is opened. The error is
// fs.ErrNotExist when there is none of these.
func (f *Folder) Trust(ca certgen.CA) (certgen.TrustSet, error) {
	if f.external.CA.Current != nil {
		return f.external.CA, nil
	}
	current, err := f.generation(ca, certgen.Current)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return f.copied(ca)
	}
	trust := certgen.TrustSet{Current: current}
	if err == nil {
		trust.Next, err = f.otherGeneration(ca, certgen.Next)
	}
	if err == nil {
		trust.Previous, err = f.otherGeneration(ca, certgen.Previous)
	}
	if err != nil {
		return certgen.TrustSet{}, err
	}
	return f.moved(ca, trust), nil
}

// generation reads the certificate of one generation of a CA.
func (f *Folder) generation(ca certgen.CA, g certgen.Generation) (*x509.Certificate, error) {
	file := certgen.CAPlace(ca, g).String() + ".crt"
	if err := f.trusted(file); err != nil {
		return nil, err
	}
	return f.readCertificate(file)
}

// otherGeneration is nil where there is none: a CA is seldom rotated.
func (f *Folder) otherGeneration(ca certgen.CA, g certgen.Generation) (*x509.Certificate, error) {
	cert, err := f.generation(ca, g)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return cert, err
}

// copied is the CA that the copies in the other folders agree on.
func (f *Folder) copied(ca certgen.CA) (certgen.TrustSet, error) {
	copies := map[string][]byte{}
	places, err := f.places()
	if err != nil {
		return certgen.TrustSet{}, err
	}
	for _, place := range places {
		for _, file := range []string{string(ca) + "-ca.crt", "ca.crt"} {
			where := place.In(file).String()
			if item := certgen.Locate(where); item.Purpose != certgen.ForCopy || item.CA != ca {
				continue
			}
			content, _, err := f.read(where)
			if err == nil {
				copies[where] = content
			} else if !errors.Is(err, fs.ErrNotExist) {
				return certgen.TrustSet{}, err
			}
		}
	}
	return certgen.Agree(ca, copies)
}

// places is the folders of members, proxies, components and instances that are here.
func (f *Folder) places() ([]certgen.Place, error) {
	var found []certgen.Place
	for _, kind := range []certgen.PlaceKind{certgen.PlaceMember, certgen.PlaceProxy, certgen.PlaceComponent} {
		names, err := f.list(string(kind))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			place := certgen.Place{Kind: kind, Name: name}
			found = append(found, place)
			if kind != certgen.PlaceComponent {
				continue
			}
			instances, err := f.list(place.Instances())
			if err != nil && !errors.Is(err, syscall.ENOTDIR) {
				return nil, err
			}
			for _, instance := range instances {
				found = append(found, certgen.Place{Kind: kind, Name: name, Instance: instance})
			}
		}
	}
	return found, nil
}

// list names the entries of a folder; none when it is absent.
func (f *Folder) list(dir string) ([]string, error) {
	in, err := f.root.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	names, err := in.Readdirnames(-1)
	return names, errors.Join(err, in.Close())
}
