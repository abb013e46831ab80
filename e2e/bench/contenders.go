package main

import (
	"context"
	"crypto/x509"
	_ "embed"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed shell.sh
var shellScript string

// sample is what one run of one contender gave: figures by name, seconds unless the
// name says otherwise.
type sample map[string]float64

// contender does a job on a cluster.
type contender struct {
	name string
	run  func(ctx context.Context, c *cluster) (sample, error)
}

// lockstep runs one command of the product.
func (b *bench) lockstep(ctx context.Context, c *cluster, line func(float64, string), args ...string) (timed, error) {
	return runTimed(ctx, c.dir, nil, line, append([]string{b.program("lockstep")}, args...)...)
}

// bootstrap times the second run of "lockstep bootstrap": the first one made the
// members' folders. A line per step (-v) tells where the time goes. Its part without the
// proof ends when the recovery file goes: that is the last thing before the proof.
func (b *bench) bootstrap(ctx context.Context, c *cluster) (sample, error) {
	recovery := filepath.Join(c.dir, "pki", "recovery")
	var watch chan float64
	var planned, certified, converged, turning float64
	t, err := b.lockstep(ctx, c, func(at float64, text string) {
		switch {
		case planned == 0 && strings.HasPrefix(text, "in etcd, last: turn auth on"):
			planned = at
		case strings.HasPrefix(text, "certificates: ") && planned > 0:
			certified = at
		case strings.HasPrefix(text, "users and roles: ") && strings.Contains(text, "/"):
			converged = at
		case strings.HasPrefix(text, "auth: turning auth on"):
			turning, watch = at, goneAt(recovery, at)
		}
	}, "bootstrap", "--yes", "-v")
	if err != nil {
		return nil, err
	}
	if watch == nil || planned == 0 || certified == 0 || converged == 0 {
		return nil, errors.New("bootstrap -v did not name its stages as this program knows them")
	}
	on := <-watch
	return sample{
		"bootstrap": on, "bootstrap and proof": t.seconds, "bootstrap MiB": t.rss,
		"look and plan": planned, "certificates": certified - planned, "roles and users": converged - certified,
		"look before auth": turning - converged, "auth on": on - turning, "proof": t.seconds - on,
		"changes": certified - planned + converged - certified + on - turning,
	}, nil
}

// goneAt sends, on the clock that shows at now, when the file is gone.
func goneAt(file string, at float64) chan float64 {
	start := time.Now()
	gone := make(chan float64, 1)
	go func() {
		for {
			if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) || time.Since(start) > time.Minute {
				gone <- at + time.Since(start).Seconds()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	return gone
}

func (b *bench) floorBootstrap(ctx context.Context, c *cluster) (sample, error) {
	t, err := runTimed(ctx, c.dir, nil, nil, b.floor(c, "bootstrap")...)
	if err != nil {
		return nil, err
	}
	s := sample{"floor": t.seconds}
	for _, line := range strings.Split(strings.TrimSpace(string(t.stdout)), "\n") {
		stage, figure, _ := strings.Cut(line, " ")
		if s["floor "+stage], err = strconv.ParseFloat(figure, 64); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (b *bench) floor(c *cluster, job string, args ...string) []string {
	head := []string{b.self, floorArg, "-dir", c.dir, "-endpoints", strings.Join(c.endpoints, ","), "-size", strconv.Itoa(c.size)}
	return append(append(head, args...), job)
}

// shell runs the script, all of whose programs are found in one folder.
func (b *bench) shell(ctx context.Context, c *cluster) (sample, error) {
	dir := filepath.Join(c.dir, "shell")
	if err := b.shellFolder(c, dir); err != nil {
		return nil, err
	}
	env := []string{
		"PATH=" + strings.Join([]string{filepath.Join(b.dir, "bin"), b.tools, os.Getenv("PATH")}, string(os.PathListSeparator)),
		"ETCDCTL_ENDPOINTS=" + strings.Join(c.endpoints, ","),
	}
	if !c.plain {
		env = append(env, "ETCDCTL_CACERT="+filepath.Join(c.dir, "pki", "ca", "server.crt"), "ETCDCTL_CERT=root.crt", "ETCDCTL_KEY=root.key")
	}
	args := []string{"sh", "shell.sh"}
	for i := range c.size {
		args = append(args, component(i))
	}
	t, err := runTimed(ctx, dir, env, nil, args...)
	if err != nil {
		return nil, err
	}
	for _, file := range []string{component(0) + ".pem", component(c.size-1) + "-key.pem"} {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			return nil, fmt.Errorf("the shell way made no certificates: %w", err)
		}
	}
	return sample{"shell": t.seconds}, nil
}

// shellFolder holds what an operator has who works this way.
func (b *bench) shellFolder(c *cluster, dir string) error {
	a, err := readAuthority(filepath.Join(c.dir, "pki"))
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		return err
	}
	der, key, err := a.sign("root")
	if err != nil {
		return err
	}
	rootSecret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	const config = `{"signing": {"default": {"usages": ["digital signature", "client auth"], "expiry": "2160h"}}}`
	for name, content := range map[string][]byte{
		"shell.sh":    []byte(shellScript),
		"config.json": []byte(config),
		"ca.pem":      pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}),
		"ca-key.pem":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}),
		"root.crt":    pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		"root.key":    pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: rootSecret}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// verify also tells which calls it made, for its floor to repeat.
func (b *bench) verify(ctx context.Context, c *cluster) (sample, calls, error) {
	before, err := c.countCalls(ctx)
	if err != nil {
		return nil, nil, err
	}
	t, err := b.lockstep(ctx, c, nil, "verify")
	if err != nil {
		return nil, nil, err
	}
	after, err := c.countCalls(ctx)
	return sample{"verify": t.seconds, "verify MiB": t.rss}, after.since(before), err
}

func (b *bench) floorVerify(ctx context.Context, c *cluster, asked calls) (sample, error) {
	var args []string
	for _, method := range []string{"Txn", "UserGet", "RoleGet", "Authenticate"} {
		args = append(args, "-"+strings.ToLower(method), strconv.Itoa(asked[method]))
	}
	t, err := runTimed(ctx, c.dir, nil, nil, b.floor(c, "verify", args...)...)
	return sample{"verify floor": t.seconds}, err
}

// emptyPlan must be one: exit code 0.
func (b *bench) emptyPlan(ctx context.Context, c *cluster) (sample, error) {
	t, err := b.lockstep(ctx, c, nil, "plan")
	return sample{"plan": t.seconds, "plan MiB": t.rss}, err
}

func (b *bench) add(ctx context.Context, c *cluster) (sample, calls, error) {
	before, err := c.countCalls(ctx)
	if err != nil {
		return nil, nil, err
	}
	t, err := b.lockstep(ctx, c, nil, "add", "newcomer", "--preset", "tenant", "--yes")
	if err != nil {
		return nil, nil, err
	}
	after, err := c.countCalls(ctx)
	made := after.since(before)
	return sample{"add": t.seconds, "add MiB": t.rss, "add calls": float64(made.total())}, made, err
}
