package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// kind is a way to run etcd.
type kind struct {
	name    string
	members int
	plain   bool // http, without certificates: what lockstep refuses
}

func kinds() (three, one, plain kind) {
	return kind{name: "three members, TLS", members: 3}, kind{name: "one member, TLS", members: 1}, kind{name: "one member, plain http", members: 1, plain: true}
}

// cluster is a running etcd with the folder that it was started from.
type cluster struct {
	kind
	size      int
	dir       string // lockstep.yaml, pki, logs
	endpoints []string
	metrics   []string // base URLs
	ports     []int
	stop      func() // ends what run started
}

const (
	tenantKeys = "/tenants/" // each component reads and writes its own below it
	sharedKeys = "/shared/"  // and reads this
)

// component is the name of component i, of user and role as well.
func component(i int) string { return fmt.Sprintf("c%05d", i) }

// policy declares size components, each with a prefix of its own and a shared one.
func (c *cluster) policy(ports []int) string {
	var s strings.Builder
	s.WriteString("apiVersion: lockstep/v1\nkind: Policy\ncluster:\n  name: bench\n  install: .\n  data: data\n  members:\n")
	for i := range c.members {
		p := ports[3*i:]
		fmt.Fprintf(&s, "    - {name: etcd%d, hosts: [127.0.0.1], clientURL: \"https://127.0.0.1:%d\", peerURL: \"https://127.0.0.1:%d\", metricsURL: \"http://127.0.0.1:%d\"}\n", i+1, p[0], p[1], p[2])
	}
	fmt.Fprintf(&s, "presets:\n  tenant: {permissions: [{prefix: '%s{name}/', access: readwrite}, {prefix: %s, access: read}]}\ncomponents:\n", tenantKeys, sharedKeys)
	for i := range c.size {
		fmt.Fprintf(&s, "  - {name: %s, preset: tenant}\n", component(i))
	}
	return s.String()
}

// start makes a fresh cluster. With TLS its members' folders are what a first
// "lockstep bootstrap" writes before it waits for them.
func (b *bench) start(ctx context.Context, k kind, size int) (*cluster, error) {
	c, err := b.folders(ctx, k, size)
	if err != nil {
		return nil, err
	}
	return c, b.run(ctx, c)
}

// folders makes what a cluster is started from.
func (b *bench) folders(ctx context.Context, k kind, size int) (*cluster, error) {
	dir, err := os.MkdirTemp(b.dir, "cluster-")
	if err != nil {
		return nil, err
	}
	ports, err := freePorts(3 * k.members)
	if err != nil {
		return nil, err
	}
	c := &cluster{kind: k, size: size, dir: dir, ports: ports, stop: func() {}}
	scheme := "https"
	if k.plain {
		scheme = "http"
	}
	for i := range k.members {
		c.endpoints = append(c.endpoints, fmt.Sprintf("%s://127.0.0.1:%d", scheme, ports[3*i]))
		c.metrics = append(c.metrics, fmt.Sprintf("http://127.0.0.1:%d", ports[3*i+2]))
	}
	if err := os.WriteFile(filepath.Join(dir, "lockstep.yaml"), []byte(c.policy(ports)), 0o644); err != nil {
		return nil, err
	}
	// The folder is made for plain http as well: the contenders sign with its CA.
	var exit *exitError
	if _, err := runTimed(ctx, dir, nil, nil, b.program("lockstep"), "bootstrap", "--yes"); !errors.As(err, &exit) || exit.code != 2 {
		return nil, fmt.Errorf("making the members' folders: want exit code 2: %w", err)
	}
	return c, nil
}

// run starts the members, and returns when each is healthy.
func (b *bench) run(ctx context.Context, c *cluster) error {
	ctx, cancel := context.WithCancel(ctx)
	var ended []chan struct{}
	c.stop = func() {
		cancel()
		for _, e := range ended {
			<-e
		}
		// What etcd wrote is large. The rest stays until the end: ext4 without a journal is
		// slow to make files for minutes after many were removed, and the next contender's
		// time would tell of this one's.
		os.RemoveAll(filepath.Join(c.dir, "pki", "members"))
		os.RemoveAll(filepath.Join(c.dir, "data"))
	}
	for i := range c.members {
		e, err := c.member(ctx, b.program("lockstep-etcd"), i)
		if err != nil {
			c.stop()
			return err
		}
		ended = append(ended, e)
	}
	if err := c.await(ctx); err != nil {
		c.stop()
		return err
	}
	return nil
}

// member starts one etcd, the way its etcd.env is meant to be used.
func (c *cluster) member(ctx context.Context, program string, i int) (chan struct{}, error) {
	name := fmt.Sprintf("etcd%d", i+1)
	cmd := exec.CommandContext(ctx, "sh", "-c", `set -a; . ./etcd.env; exec "$0"`, program)
	cmd.Dir = filepath.Join(c.dir, "pki", "members", name)
	if c.plain {
		peer := fmt.Sprintf("http://127.0.0.1:%d", c.ports[1])
		cmd = exec.CommandContext(ctx, program, "--name", name, "--data-dir", "data",
			"--listen-client-urls", c.endpoints[0], "--advertise-client-urls", c.endpoints[0],
			"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", name+"="+peer,
			"--listen-metrics-urls", c.metrics[0], "--enable-grpc-gateway=false")
		cmd.Dir = c.dir
	}
	log, err := os.Create(filepath.Join(c.dir, name+".log"))
	if err != nil {
		return nil, err
	}
	cmd.Env, cmd.Stdout, cmd.Stderr = withoutEtcd(os.Environ()), log, log
	bound(cmd)
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the child dies with the thread that started it
		defer runtime.UnlockOSThread()
		defer close(ended)
		defer log.Close()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how it ended is in its log
		}
	}()
	return ended, <-started
}

// await returns when every member says that it is healthy.
func (c *cluster) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for _, url := range c.metrics {
		for {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/health", nil)
			if err != nil {
				return err
			}
			answer, err := http.DefaultClient.Do(request)
			if err == nil {
				answer.Body.Close()
				if answer.StatusCode == http.StatusOK {
					break
				}
			}
			select {
			case <-ctx.Done():
				return fmt.Errorf("waiting for etcd: %w", ctx.Err())
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	syscall.Sync() // what the start wrote is not the first contender's to wait for
	return nil
}

// freePorts finds loopback ports; all are held until the last is found, so they differ.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("looking for a free loopback port: %w", err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}
