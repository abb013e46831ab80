package main

import (
	"context"
	"errors"
	"io/fs"
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

// openWorld is the surroundings of a command that talks to etcd. The returned func
// ends the progress line and lets the folder go.
func (g *globals) openWorld(ctx context.Context, p *policies.Policy, f *folder.Folder, c connection) (*world.World, func(), error) {
	t, err := c.resolve(p.Cluster, g.app)
	if err != nil {
		return nil, nil, err
	}
	files, err := t.load()
	if err != nil {
		return nil, nil, err
	}
	progress := g.progress()
	w := &world.World{
		Policy: p, Folder: f, Now: g.now, InFlight: inFlight, CallTimeout: g.timeout,
		Report: func(e world.Event) { progress.Report(view.Event(e)) },
		Admin: &world.Admin{
			Endpoints: t.Endpoints, Certificate: files.identity, Servers: files.servers, User: t.User, Password: t.Password,
		},
	}
	return w, progress.Close, nil
}

// readFolder opens the PKI folder for looking; that it is not there is said with the cure.
func (g *globals) readFolder() (*folder.Folder, error) {
	f, err := folder.Open(g.pkiFolder())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, hint.With(err, "lockstep bootstrap makes it; --pki names another one. The default is pki beside the first file that -f names.")
	}
	return f, err
}

// lockedFolder opens the PKI folder for changes; it must be there.
func (g *globals) lockedFolder(ctx context.Context) (*folder.Folder, func(), error) {
	f, err := g.readFolder()
	if err != nil {
		return nil, nil, err
	}
	return locked(ctx, f)
}

// changeFolder opens the PKI folder for changes, makes it where there is none, and
// keeps every other lockstep out until the returned func is called.
func (g *globals) changeFolder(ctx context.Context) (*folder.Folder, func(), error) {
	f, err := folder.Create(g.pkiFolder())
	if err != nil {
		return nil, nil, err
	}
	return locked(ctx, f)
}

func locked(ctx context.Context, f *folder.Folder) (*folder.Folder, func(), error) {
	unlock, err := f.Lock(ctx, lockWait)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, func() { unlock(); f.Close() }, nil
}
