// Package e2e tests lockstep from outside: the built binaries, real etcd processes
// with mutual TLS on loopback, etcdctl and openssl as witnesses. It imports nothing of
// the product, so what it says is what a user would see. It needs Linux, sh, openssl
// and util-linux; etcd, etcdctl and etcdutl it builds itself.
//
//	cd e2e && go test -count=1 ./...                              everything (-count=1: go cannot see that the product changed)
//	cd e2e && go test -count=1 -run 'TestScripts/^bootstrap$' .   testdata/scripts/bootstrap.txtar alone
//	cd e2e && go test -count=1 -run TestHarness .                 the harness alone, without lockstep
//	... -v -keep                                                  print and keep the folders ($WORK) of the scripts
//	make patroni-test                                             testdata/patroni, with Debian's Patroni and PostgreSQL
//
// # Scripts
//
// Each file of testdata/scripts is one scenario: a txtar archive for testscript
// (github.com/rogpeppe/go-internal) that opens with one sentence. It runs in a folder
// of its own with ports of its own, beside other scripts; whatever it started is killed
// when it ends. lockstep, lockstep-etcd, etcd (which is lockstep-etcd), etcdctl, etcdutl
// and kustomize come first on PATH. The usual beginning:
//
//	policy small                         # testdata/policies/small.yaml becomes ./lockstep.yaml
//	exits 2 lockstep bootstrap           # makes pki/; etcd does not answer yet
//	exec deploy                          # copies pki/members/etcd1 to hosts/etcd1 and so on
//	start etcd1 etcd2 etcd3              # etcd in hosts/etcd1 and so on; returns when they serve
//	exec lockstep bootstrap --yes
//	exec etcdctl-as reader get /app/x
//	exits 1 etcdctl-as reader put /app/x 1
//	stderr 'permission denied'
//
// Ports: $CLIENT1 to $CLIENT5, $PEER1 to $PEER5, $PROXY1, $PROXY2 and $SPARE1 to $SPARE7,
// all on 127.0.0.1 and of this script alone. $E2E is this folder's testdata.
//
// # Commands beyond testscript's own
//
//	policy NAME                      copy testdata/policies/NAME.yaml to ./lockstep.yaml, with its ports filled in
//	expand FILE...                   fill $CLIENT1, $WORK and the like into files of the script
//	older LINE...                    build the etcd of older lines (3.5, 3.6): $ETCD35 and $ETCD36 are their folders, for start -program
//	exits [-within D] N PROGRAM...   run it; the exit code must be N (and, with -within 20s, come in that time)
//	at [-exits N] [-stdout] RE COMMAND -- PROGRAM...
//	                                 run PROGRAM; when a line on its stderr (or stdout) matches RE, run COMMAND: "kill" (SIGKILL
//	                                 to PROGRAM), "close" (that stream has no reader any more), SIGHUP and the like (each signal
//	                                 named, to PROGRAM), or any of start, launch, halt, kill9, pause, resume, relay. PROGRAM is at
//	                                 most one line ahead while COMMAND runs. It must then exit with N (0), or by the kill
//	crashloop [-every D | -lines RE] FILE -- PROGRAM...
//	                                 run PROGRAM killed at its first line of stderr (that matches RE), then again killed at its
//	                                 second, and so on (or after D, 2 D, ...) until a run ends by itself, with 0; "sh -eu FILE"
//	                                 must succeed after every kill
//	start [-from DIR] [-program ETCD] [-set K=V]... [-unset K]... NAME...
//	                                 what etcd.env tells a user to type, in DIR/NAME (DIR: hosts), with that change to the
//	                                 environment or that etcd (lockstep-etcd: the newest, also with -etcd); waits until each serves clients. Output goes to logs/NAME.log
//	launch ...                       the same without waiting
//	daemon NAME RE PROGRAM...        start another background process, and wait for a line of its output that matches RE
//	await NAME RE                    wait for a line in the output of a started process
//	halt NAME... (SIGTERM and wait)  kill9 NAME... (and wait)  pause NAME... (SIGSTOP)  resume NAME...  exited NAME (wait for its own end)
//	listing [-skip NAME]... DIR      print every file's mode, modification time, inode and SHA-256: compare two of them with cmp
//	json FILE                        the file, or stdout, must be one JSON document and nothing else
//	zlint FILE...                    every RFC and community lint on certificates must pass
//	manifests FILE                   Secrets, ConfigMaps and CronJobs judged as an API server does (kubernetes/main.go): prints each with its keys
//	workflow WORKFLOW JOB FILE       the commands of a job of GitHub's or GitLab's workflow, as a script for sh -e
//	relay NAME PORT TARGET           a TCP relay from 127.0.0.1:PORT to 127.0.0.1:TARGET
//	relay NAME MODE                  pass; mute (requests on open connections arrive, answers are lost); cut (connections end, new ones too)
//
// # Programs beside the binaries (testdata/bin, whole, wipe, traffic, requests, scrape, gateway, apiserver, distant and hammer: run them with exec, exits, at or crashloop)
//
//	deploy                           copy each member's folder from pki/members to hosts, and the seed, as bootstrap asks the operator to
//	restore NAME...                  restore.sh in hosts/NAME, as bootstrap --seed asks the operator to
//	etcdctl-as [-pki DIR] [-at URLS] NAME ARG...
//	                                 etcdctl in DIR/components/NAME with its etcdctl.env (20 s at most); NAME with a slash is a folder
//	                                 with client.crt, client.key and ca.crt, for instance pki/root/: then $ENDPOINTS is asked (-at: others)
//	eventually SECONDS PROGRAM...    again and again until it succeeds: for what etcd does in its own time, never for lockstep
//	drift [-unseen] WANT [FLAG...]   what was broken by hand: verify finds and plan prints exactly the file WANT, apply mends it, nothing is left to do
//	healthy [-accept CHECK SUBJECT]... [FLAG...]
//	                                 verify, with and without asking etcd, makes no finding above an info but those
//	                                 that the policy accepts for it
//	wipe DIR                         with the administrator's certificate in DIR: auth off, no users, no roles ($ENDPOINTS)
//	traffic [-abreast N] COMPONENT:VERB:KEY...
//	                                 each request (get, put, txn) without a pause, N (4) at a time, as that component, until SIGTERM
//	                                 ("halt"): says "under way", every failure, and at the end how many; for daemon
//	requests FILE                    lines "allowed|refused COMPONENT VERB KEY...": each made once as that component; the verbs are
//	                                 in requests_test.go and calls_test.go. Says which was not so, and at the end how many there were
//	scrape RE URL...                 the lines of these pages of metrics that match
//	gateway DIR URL KEY              KEY by the HTTP gateway of that member, with the certificate in DIR; prints status and answer
//	apiserver PORT                   what kubectl asks before it applies a Secret with --dry-run=client; for daemon
//	distant [-rtt D] [-loss PERCENT] PROGRAM...
//	                                 PROGRAM with the members D away (a round trip), and that loss on the way to them: a relay in a
//	                                 network namespace of its own, where not every kernel has netem
//	hammer [-open] DIR...            requests that no policy allows at every port of three members, from before they listen until SIGTERM,
//	                                 without a certificate and with the client certificate in each DIR: none may be carried out
//	                                 (-open: it says for how long they were); for daemon
//	whole DIR                        under no final name below DIR lies half a key, certificate or revocation list
//	confined ETC VAR PROGRAM...      PROGRAM as a unit or a container starts it: uid 65532, no capabilities, in ETC, which is read-only
//	as-postgres PROGRAM...           PROGRAM as a user other than root: PostgreSQL does not run as root
//	unprivileged PROGRAM...          PROGRAM is bound by file modes, even as root
//	fullat BYTES PROGRAM...          PROGRAM on a disk that refuses to let any file grow beyond BYTES
//
// Nothing here sleeps and nothing is skipped. A script that cannot fail is none: say what
// must be printed, by which command, and what must be untouched.
package e2e

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"golang.org/x/sys/unix"
)

var (
	keep      = flag.Bool("keep", false, "print and keep the working folders of the scripts")
	otherEtcd = flag.String("etcd", "", "absolute path of a folder with an etcd of another version, for the members")
	patroni   = flag.String("patroni", "", "absolute path of a folder that testdata/patroni.sh made: run testdata/patroni instead of testdata/scripts")
)

func TestMain(m *testing.M) {
	// As "whole" this binary is a program of the scripts, and builds nothing.
	testscript.Main(builder{m}, map[string]func(){"whole": whole, "wipe": wipe, "traffic": traffic, "requests": requests, "scrape": scrape, "gateway": gateway, "distant": distant, "apiserver": apiserver, "hammer": hammer})
}

// builder builds what is tested before the tests run.
type builder struct{ m *testing.M }

// Files that scripts make by hand have the modes of most machines, whatever the umask of
// the user who runs the tests: umask.txtar tries others.
func (b builder) Run() int {
	unix.Umask(0o022)
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return b.m.Run()
}

// TestScripts runs the scenarios: what lockstep promises. Those with real Patroni and PostgreSQL run
// where these are given.
func TestScripts(t *testing.T) {
	t.Parallel()
	dir := "testdata/scripts"
	if *patroni != "" {
		dir = "testdata/patroni"
	}
	testscript.Run(t, params(dir))
}

// TestHarness runs the commands above against plain etcd, without lockstep: a failure
// here is the harness's, not the product's.
func TestHarness(t *testing.T) {
	t.Parallel()
	testscript.Run(t, params("testdata/harness"))
}

func params(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		TestWork:            *keep,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUp,
		Cmds:                commands(),
	}
}

// setUp gives a script its ports, its PATH and its background processes.
func setUp(env *testscript.Env) error {
	testdata, err := filepath.Abs("testdata")
	if err != nil {
		return err
	}
	bin, err := filepath.Abs(binaries)
	if err != nil {
		return err
	}
	ports, err := reservePorts()
	if err != nil {
		return err
	}
	s := &script{env: env, running: map[string]*process{}, relays: map[string]*relay{}, vars: ports.vars()}
	env.Defer(ports.release)
	env.Defer(s.end)
	env.Values[scriptKey{}] = s
	s.vars["WORK"], s.vars["E2E"] = env.WorkDir, testdata
	for name, value := range s.vars {
		env.Setenv(name, value)
	}
	path := []string{bin, filepath.Join(testdata, "bin"), env.Getenv("PATH")}
	if *otherEtcd != "" {
		path = append([]string{*otherEtcd}, path...)
	}
	if *patroni != "" {
		path = append([]string{filepath.Join(*patroni, "bin")}, path...)
		env.Setenv("POSTGRESQL", filepath.Join(*patroni, "postgresql"))
		env.Setenv("PATRONI", *patroni)
	}
	env.Setenv("PATH", strings.Join(path, ":"))
	return nil
}
