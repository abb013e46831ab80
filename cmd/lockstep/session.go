package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"lockstep/bootstrap/world"
	"lockstep/certgen/folder"
	"lockstep/cmd/lockstep/view"
	"lockstep/policies"
	"lockstep/policies/hint"
)

const (
	// inFlight is how many calls, handshakes and files are under way together: enough
	// for etcd to batch its writes, few enough for its connections.
	inFlight = 128

	// lockWait is how long a second lockstep on the same folder waits for the first.
	lockWait = 10 * time.Second
)

// openWorld is the surroundings of a command that talks to etcd by t, which is resolved once: it
// may have asked for a password. The returned func
// ends the progress line and lets the folder go.
func (g *globals) openWorld(p *policies.Policy, f *folder.Folder, t target) (*world.World, func(), error) {
	files, err := t.load()
	if err != nil {
		return nil, nil, err
	}
	progress := g.progress()
	w := &world.World{
		Policy: p, Folder: f, Now: g.now, InFlight: inFlight, CallTimeout: g.timeout,
		Report: func(e world.Event) { progress.Report(view.Event(e)) },
		Hold:   g.hold,
		Admin: &world.Admin{
			Endpoints: t.Endpoints, Servers: files.servers,
			Certificate: files.identity, File: t.Cert.value, Source: t.Cert.source,
			User: t.User.value, Password: t.Password, UserSource: t.User.source,
		},
	}
	return w, progress.Close, nil
}

// readFolder opens the PKI folder for looking; that it is not there is said with the cure.
func (g *globals) readFolder(external folder.External) (*folder.Folder, error) {
	f, err := folder.Open(g.pkiFolder(), external)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hint.With(err, "lockstep bootstrap makes it; --pki names another one. The default is pki beside the first file that -f names.")
	}
	return f, err
}

// folderIn opens the PKI folder, with what the policy names outside of it, and returns how to
// let it go.
type folderIn func(ctx context.Context, external folder.External) (*folder.Folder, func(), error)

// lookedAt is the folder as it is, and not kept from others.
func (g *globals) lookedAt(_ context.Context, external folder.External) (*folder.Folder, func(), error) {
	f, err := g.readFolder(external)
	if err != nil {
		return nil, nil, err
	}
	return f, func() { f.Close() }, nil
}

// locked is the folder as it is, and every other lockstep is kept out.
func (g *globals) locked(ctx context.Context, external folder.External) (*folder.Folder, func(), error) {
	f, err := g.readFolder(external)
	if err != nil {
		return nil, nil, err
	}
	return locked(ctx, f)
}

// made is the folder, locked; where there is none, it is made, and gone again if nothing
// came into it.
func (g *globals) made(ctx context.Context, external folder.External) (*folder.Folder, func(), error) {
	_, absent := os.Lstat(g.pkiFolder())
	f, err := folder.Create(g.pkiFolder(), external)
	if err != nil {
		return nil, nil, err
	}
	f, release, err := locked(ctx, f)
	if err != nil || absent == nil {
		return f, release, err
	}
	return f, func() {
		_ = f.RemoveIfBorn() // an empty folder that stays does no harm
		release()
	}, nil
}

func locked(ctx context.Context, f *folder.Folder) (*folder.Folder, func(), error) {
	unlock, err := f.Lock(ctx, lockWait)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, func() { unlock(); f.Close() }, nil
}

// session is an open world, and how to leave it.
type session struct {
	*world.World
	pause func() // ends the progress line: call it before anything else is written
	leave func() // that, and lets the folder go
}

// scratch is an empty folder for a look at what would come into it; it is never shown, and
// it is gone again.
func scratch(_ context.Context, external folder.External) (*folder.Folder, func(), error) {
	dir, err := os.MkdirTemp("", "lockstep-plan-")
	if err != nil {
		return nil, nil, fmt.Errorf("making a folder for the plan: %w", err)
	}
	f, err := folder.Create(filepath.Join(dir, "pki"), external)
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	return f, func() {
		f.Close()
		_ = os.RemoveAll(dir) // it holds no secret
	}, nil
}

// orScratch is in, or an scratch folder where there is none and a CA's key is at hand: a
// look then shows the empty one that a change would begin with.
func (g *globals) orScratch(caKey string, in folderIn) folderIn {
	if _, err := os.Lstat(g.pkiFolder()); caKey != "" && errors.Is(err, fs.ErrNotExist) {
		return scratch
	}
	return in
}

// orNone opens the folder as in does; where there is none, it is nil.
func orNone(in folderIn) folderIn {
	return func(ctx context.Context, external folder.External) (*folder.Folder, func(), error) {
		f, release, err := in(ctx, external)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, func() {}, nil
		}
		return f, release, err
	}
}

// enter opens the world of one command. What can be wrong outside the folder is settled
// first: it leaves no folder behind.
func (g *globals) enter(ctx context.Context, p *policies.Policy, c connection, in folderIn) (*session, error) {
	t, err := c.resolve(p.Cluster, g.app)
	if err != nil {
		return nil, err
	}
	passphrase := g.passphraseOf(ctx, c.signing)
	external, err := folder.ReadExternal(p, c.caKey, passphrase)
	if err != nil {
		return nil, err
	}
	f, release, err := in(ctx, external)
	if err != nil {
		return nil, err
	}
	if f != nil {
		if err := decrypt(f, external, passphrase); err != nil {
			release()
			return nil, err
		}
	}
	w, pause, err := g.openWorld(p, f, t)
	if err != nil {
		release()
		return nil, err
	}
	return &session{World: w, pause: pause, leave: func() { pause(); release() }}, nil
}

// signingFolder opens the policy and the PKI folder, locked and with its CA keys decrypted,
// for a command that signs and does not talk to etcd.
func (g *globals) signingFolder(ctx context.Context, s signing) (*policies.Policy, *folder.Folder, func(), error) {
	p, err := g.readPolicy()
	if err != nil {
		return nil, nil, nil, err
	}
	passphrase := g.passphraseOf(ctx, s)
	external, err := folder.ReadExternal(p, s.caKey, passphrase)
	if err != nil {
		return nil, nil, nil, err
	}
	f, release, err := g.locked(ctx, external)
	if err != nil {
		return nil, nil, nil, err
	}
	if err := decrypt(f, external, passphrase); err != nil {
		release()
		return nil, nil, nil, err
	}
	return p, f, release, nil
}
