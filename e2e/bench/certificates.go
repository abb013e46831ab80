package main

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// renewals is how often all certificates are renewed in one round: a renewal takes seconds, in
// which other work of the machine counts.
const renewals = 3

// renewed is the PKI folder's copy, below the cluster's folder, in which the floor renews.
const renewed = "floor-renew"

// certificates times "certs renew --all" and its floor, which take turns, and "certs list".
func (b *bench) certificates(ctx context.Context, c *cluster) (sample, error) {
	if err := os.CopyFS(filepath.Join(c.dir, renewed), os.DirFS(filepath.Join(c.dir, "pki"))); err != nil {
		return nil, fmt.Errorf("copying the PKI folder for the floor: %w", err)
	}
	var own, floor, ratio, list, memory []float64
	renew := func() error {
		t, err := b.lockstep(ctx, c, nil, "certs", "renew", "--all", "--yes")
		own, memory = append(own, t.seconds), append(memory, t.rss)
		return err
	}
	bare := func() error {
		t, err := runTimed(ctx, c.dir, nil, nil, b.floor(c, "renew")...)
		floor = append(floor, t.seconds)
		return err
	}
	look := func() error {
		t, err := b.lockstep(ctx, c, nil, "certs", "list")
		list = append(list, t.cpu)
		return err
	}
	for n := range renewals {
		turns := []func() error{renew, bare}
		if n%2 == 1 {
			slices.Reverse(turns)
		}
		for _, turn := range append(turns, look) {
			syscall.Sync() // what one wrote is not the next one's to wait for
			if err := turn(); err != nil {
				return nil, err
			}
		}
		ratio = append(ratio, own[n]/floor[n])
	}
	return sample{
		"renew": median(own), "renew floor": median(floor), "renew ratio": median(ratio),
		"renew MiB": slices.Max(memory), "list CPU": median(list),
	}, nil
}

// renew makes every certificate of a component or member of the copy anew, for the same key,
// and keeps the one before: two files for each, as lockstep certs renew.
func (f floor) renew() error {
	pki := filepath.Join(f.dir, renewed)
	var files []string
	for _, pattern := range []string{"components/*/client.crt", "members/*/server.crt", "members/*/peer.crt"} {
		found, err := filepath.Glob(filepath.Join(pki, pattern))
		if err != nil {
			return err
		}
		files = append(files, found...)
	}
	if len(files) < f.size {
		return fmt.Errorf("the copy of the PKI folder has %d certificates, want at least %d", len(files), f.size)
	}
	return together(len(files), func(i int) error { return f.authority.renewTo(pki, files[i]) })
}

// renewTo replaces the certificate in file, which goes to retired/.
func (a *authority) renewTo(pki, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return fmt.Errorf("%s is no PEM file", file)
	}
	present, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	der, err := a.signFor(present.PublicKey, present.Subject.CommonName)
	if err != nil {
		return err
	}
	dir := filepath.Dir(file)
	retired := filepath.Join(pki, "retired", filepath.Base(dir))
	if err := os.MkdirAll(retired, 0o700); err != nil {
		return err
	}
	name := fmt.Sprintf("%x.crt", present.SerialNumber)
	if err := os.Rename(file, filepath.Join(retired, name)); err != nil {
		return err
	}
	if err := writeThrough(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})); err != nil {
		return err
	}
	return errors.Join(syncFolder(retired), syncFolder(dir))
}

func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
