package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"lockstep/bootstrap/authon"
	"lockstep/bootstrap/change"
	"lockstep/bootstrap/seed"
	"lockstep/certgen"
	"lockstep/certgen/folder"
	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// makeSeed makes, for members that never ran, everything before etcd is started: CAs, all
// certificates, and the database with which every member starts: users, roles and auth on.
func (r *run) makeSeed(ctx context.Context) error {
	if !r.options.Seed {
		return nil
	}
	err := change.Do(ctx, r.refuseSeed, r.planSeed, r.writeSeed)
	r.plan = change.Plan{} // what is left to do is planned when the members answer
	return err
}

// refuseSeed stops where a cluster runs or ran: a seed is the first data of all members.
func (r *run) refuseSeed(ctx context.Context) error {
	if len(r.World.Policy.Cluster.Members) == 0 {
		return hint.Refuse("Name the members in cluster.members, or leave out --seed.",
			"the policy names endpoints and no members: only members that lockstep configures start from a seed")
	}
	if interrupted, err := authon.Interrupted(r.World.Folder); err != nil {
		return err
	} else if interrupted {
		return hint.Refuse("Start that cluster and run lockstep bootstrap without --seed, which finishes it. If that cluster is gone for good, remove pki/recovery.",
			"an earlier run was cut off while it turned auth on in a cluster; nothing was changed")
	}
	if listening := r.listening(ctx); len(listening) > 0 {
		return hint.Refuse("Run lockstep bootstrap without --seed: it goes on with the members as they are. For a new cluster, stop etcd on every host and remove its data folder first.",
			"a seed is for members that never ran, and something listens at %s; nothing was changed", strings.Join(listening, ", "))
	}
	return r.refuseData()
}

// listening is the members' URLs, for clients and for peers, at which anything takes a
// connection.
func (r *run) listening(ctx context.Context) []string {
	ctx, cancel := context.WithTimeout(ctx, r.World.CallTimeout)
	defer cancel()
	var urls []string
	for _, m := range r.World.Members() {
		urls = append(urls, m.URL, m.PeerURL)
	}
	taken := make([]bool, len(urls))
	var group sync.WaitGroup
	for i, u := range urls {
		group.Go(func() { taken[i] = connects(ctx, u) })
	}
	group.Wait()
	var out []string
	for i, u := range urls {
		if taken[i] {
			out = append(out, u)
		}
	}
	return out
}

func connects(ctx context.Context, text string) bool {
	u, err := url.Parse(text)
	if err != nil {
		return false
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return false
	}
	_ = conn.Close() // nothing was sent
	return true
}

// refuseData looks for data of members that lie on this host. On the other hosts restore.sh
// looks for itself.
func (r *run) refuseData() error {
	for _, m := range r.World.Policy.Cluster.Members {
		data := r.World.Policy.Cluster.Data
		if !filepath.IsAbs(data) {
			data = filepath.Join(r.memberFolder(m), data)
		} else if !here(m) {
			continue
		}
		if _, err := os.Lstat(filepath.Join(data, "member")); !errors.Is(err, fs.ErrNotExist) {
			return hint.Refuse("Start etcd and run lockstep bootstrap without --seed. For a new cluster, remove the data folder first.",
				"%s holds data of an etcd member: a seed is for members that never ran; nothing was changed", data)
		}
	}
	return nil
}

func (r *run) memberFolder(m policies.Member) string {
	return filepath.Join(r.World.Folder.Path(), "members", m.Name)
}

// here reports whether a member's address is one of this host's.
func here(m policies.Member) bool {
	local, err := net.InterfaceAddrs()
	if err != nil {
		return true
	}
	for _, host := range m.Hosts {
		ip := net.ParseIP(host)
		for _, address := range local {
			if network, ok := address.(*net.IPNet); ok && network.IP.Equal(ip) {
				return true
			}
		}
	}
	return false
}

// planSeed plans all certificates, and the users and roles of the seed, refuses conflicts before
// the first write, and asks once.
func (r *run) planSeed(ctx context.Context) error {
	p := &r.plan
	var err error
	if r.Folder, err = r.World.Folder.Observe(); err != nil {
		return err
	}
	p.Certificates = certgen.Diff(certgen.Desired(r.World.Policy), r.Folder, r.World.Now())
	if err := refuseUnusable(p.Certificates); err != nil {
		return err
	}
	if err := refuseUnfit(p.Certificates.Unfit()); err != nil {
		return err
	}
	p.Roles = r.PlanRoles(freshEtcd())
	if err := r.RefuseRevival(ctx, p.Roles); err != nil {
		return err
	}
	if err := r.prepareSeed(ctx, p); err != nil {
		return err
	}
	p.Notes = change.Notes(r.World.Policy, nil) // no member tells its version yet
	return r.Confirm(ctx, p)
}

// freshEtcd is what an etcd holds that never ran.
func freshEtcd() roles.State { return roles.State{Revision: 1} }

// prepareSeed makes the seed of the plan in memory. Where it is in place already, the plan has no
// users and roles.
func (r *run) prepareSeed(ctx context.Context, p *change.Plan) error {
	state, err := freshEtcd().After(p.Roles.Steps)
	if err != nil {
		return err
	}
	there := false
	if !makesPassword(p.Certificates) { // else it is made once the password is there
		if err = r.fillSeed(ctx, state); err == nil {
			there, err = r.World.Folder.HoldsSeed(r.seed)
		}
	}
	if there || err != nil {
		p.Roles.Steps = nil
		return err
	}
	p.Seed = &change.Seed{File: certgen.SeedFile, Users: len(state.Users), Roles: len(state.Roles), Members: len(r.World.Policy.Cluster.Members)}
	return nil
}

// makesPassword reports whether the plan makes a password.
func makesPassword(p certgen.Plan) bool {
	return slices.ContainsFunc(p.Steps, func(s certgen.Step) bool { return s.Action == certgen.MakePassword })
}

// fillSeed makes the seed of state in memory. The program that writes it gets hashes of passwords,
// and no password.
func (r *run) fillSeed(ctx context.Context, state roles.State) error {
	program, err := seed.Find()
	if err != nil {
		return err
	}
	hashes, err := r.passwordHashes(state)
	if err != nil {
		return err
	}
	state.Enabled = true
	if r.seed.Database, err = seed.Make(ctx, program, state, hashes); err != nil {
		return err
	}
	r.seed.Scripts = scripts(r.World.Policy, r.seed.Database)
	return nil
}

// passwordHashes is the hash of each user's password, from the seed that is there where it fits.
func (r *run) passwordHashes(state roles.State) (map[string]string, error) {
	hashes := map[string]string{}
	var earlier []byte
	for _, u := range state.Users {
		if u.Password != roles.PasswordOurs {
			continue
		}
		password, err := r.World.Password(u.Name)
		if err != nil {
			return nil, err
		}
		if earlier == nil {
			if earlier, err = r.World.Folder.ReadSeed(); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
		if hashes[u.Name], err = seed.Hash(password, earlier); err != nil {
			return nil, err
		}
	}
	return hashes, nil
}

// scripts is the restore.sh of every member.
func scripts(p *policies.Policy, database []byte) map[string][]byte {
	out := map[string][]byte{}
	for _, m := range p.Cluster.Members {
		out[m.Name] = certgen.RestoreScript(p, m, database)
	}
	return out
}

// writeSeed makes what was confirmed, certificates first: no user exists before its certificate.
func (r *run) writeSeed(ctx context.Context) error {
	if err := r.Write(ctx, r.plan.Certificates.Steps); err != nil {
		return err
	}
	r.SayHosts(r.plan.Certificates.Steps)
	if r.plan.Seed == nil {
		return nil
	}
	if r.seed.Database == nil {
		state, err := freshEtcd().After(r.plan.Roles.Steps)
		if err != nil {
			return err
		}
		if err := r.fillSeed(ctx, state); err != nil {
			return err
		}
	}
	_, err := r.World.Folder.ReadSeed()
	replaced := err == nil
	if err := r.World.Folder.WriteSeed(r.seed); err != nil {
		return err
	}
	r.World.Say("seed", "wrote %s and each member's %s", certgen.SeedFile, certgen.RestoreFile)
	if replaced {
		r.World.Warn("seed", "%s has changed: members that were restored from the earlier one do not join the others; remove their data, and restore them again", certgen.SeedFile)
	}
	return nil
}

// readSeeded reads the folder that makeSeed filled. Most runs end before.
func (r *run) readSeeded(context.Context) error {
	if !r.options.Seed {
		return nil
	}
	return r.ReadFolder()
}

// seedFile is the path of the seed in the folder; "" for none. The members' scripts have to
// belong to it.
func (r *run) seedFile() (string, error) {
	database, err := r.World.Folder.ReadSeed()
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	whole, err := r.World.Folder.HoldsSeed(folder.Seed{Database: database, Scripts: scripts(r.World.Policy, database)})
	if err == nil && !whole {
		err = hint.Refuse("Run lockstep bootstrap --seed, which writes them again.",
			"%s and the members' %s do not belong together: writing them was cut off, or the policy's members have changed since", certgen.SeedFile, certgen.RestoreFile)
	}
	return r.seedPath(), err
}

func (r *run) seedPath() string { return filepath.Join(r.World.Folder.Path(), certgen.SeedFile) }

// refuseUnseeded stops where members were to start from a seed, and were started without it: auth
// is off, and they are not what the operator has been told. Data are given up only for a cluster
// that holds none.
func (r *run) refuseUnseeded(ctx context.Context, observed roles.State) error {
	_, err := r.World.Folder.ReadSeed()
	if errors.Is(err, fs.ErrNotExist) || err == nil && observed.Enabled {
		return nil
	} else if err != nil {
		return err
	}
	without := fmt.Sprintf("remove %s and run the same command.", hint.Word(r.seedPath()))
	used, err := r.Etcd.HoldsKey(ctx, keyrange.Everything(keyrange.Read))
	switch {
	case err != nil:
		return fmt.Errorf("looking whether the cluster holds keys: %w", err)
	case used || len(observed.Users) > 0:
		return hint.Refuse("To turn auth on through etcd, "+without,
			"%s is for members that never ran, and this cluster, with auth off, holds keys or users; nothing was changed in etcd", certgen.SeedFile)
	}
	return hint.Refuse("Stop etcd on every host, remove its data folder, run restore.sh, and start etcd again. To turn auth on through etcd instead, "+without,
		"the members were started without the seed: auth is off; nothing was changed in etcd")
}

// dropSeed removes the seed once every member has been seen with auth on, and before anything is
// changed: from now on etcd holds its users and roles, and an old seed would bring back those of
// today.
func (r *run) dropSeed(context.Context) error {
	if _, err := r.World.Folder.ReadSeed(); errors.Is(err, fs.ErrNotExist) || !r.plan.Enabled {
		return nil
	}
	var names []string
	for _, m := range r.World.Policy.Cluster.Members {
		names = append(names, m.Name)
	}
	if err := r.World.Folder.RemoveSeed(names); err != nil {
		return err
	}
	r.World.Say("seed", "the cluster runs from the seed: removed %s and the members' %s", certgen.SeedFile, certgen.RestoreFile)
	return nil
}
