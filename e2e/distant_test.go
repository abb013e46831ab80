package e2e

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A link as it is between an operator and members that are far away.
const (
	// segment is what one TCP segment carries.
	segment = 1448
	// synTimeout is how long TCP waits before it sends the first segment of a connection again.
	synTimeout = time.Second
	// duplicates is how many segments that arrive after a lost one tell TCP that it is lost.
	duplicates = 3
	// leastTimeout is what TCP waits at least, beside the round trip, before it sends a lost segment again.
	leastTimeout = 200 * time.Millisecond
)

// distant is the program "distant [-rtt D] [-loss PERCENT] PROGRAM...": PROGRAM runs in a network
// namespace of its own, in which nothing but the members' ports is, and these are D away (a round
// trip), and lose that share of what it sends, as with netem at its end of the line. It ends with
// PROGRAM's exit code.
//
// It stands in for netem, which not every kernel has: a TCP relay that holds each segment back
// for half of D. What TCP would make of a lost segment is that the segment, and all that follows
// it, come later: by a round trip after three others have followed, else by the time-out after
// which TCP sends it again. A connection costs a round trip before the first byte, and, when its
// first segment is lost, a second.
//
// The relay's two halves, inside and outside, meet at sockets in the file system, which no
// network namespace divides. A user who is not root gets the namespace with a user namespace.
func distant() {
	l := link{}
	flag.CommandLine.DurationVar(&l.rtt, "rtt", 0, "a round trip")
	flag.CommandLine.Float64Var(&l.loss, "loss", 0, "per cent of the segments to the members that are lost")
	inside := flag.String("inside", "", "the folder of the sockets: used by itself")
	flag.Parse()
	code, err := 0, error(nil)
	if *inside != "" {
		code, err = l.inside(*inside, flag.Args())
	} else {
		code, err = l.outside(flag.Args())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "distant:", err)
		os.Exit(125)
	}
	os.Exit(code)
}

type link struct {
	rtt  time.Duration
	loss float64
}

// farPorts is the ports of the members that the script's variables name.
func farPorts() []string {
	var ports []string
	for n := 1; n <= 5; n++ {
		ports = append(ports, os.Getenv(fmt.Sprintf("CLIENT%d", n)), os.Getenv(fmt.Sprintf("PEER%d", n)))
	}
	return ports
}

// outside carries the connections of the sockets to the members, and runs the other half.
func (l link) outside(program []string) (int, error) {
	dir, err := os.MkdirTemp("", "distant") // a socket's path is short
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	for _, port := range farPorts() {
		listener, err := net.Listen("unix", filepath.Join(dir, port))
		if err != nil {
			return 0, err
		}
		defer listener.Close()
		go l.serve(listener, func() (net.Conn, error) { return net.Dial("tcp", net.JoinHostPort("127.0.0.1", port)) })
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	args := append([]string{"-rtt", l.rtt.String(), "-loss", fmt.Sprint(l.loss), "-inside", dir}, program...)
	cmd := exec.Command(self, args...)
	cmd.Args[0] = os.Args[0] // by this name the binary is this program
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return l.run(cmd)
}

// inside listens at the members' ports of its own namespace, and runs the program.
func (l link) inside(dir string, program []string) (int, error) {
	if len(program) == 0 {
		return 0, errors.New("which program?")
	}
	if err := loopbackUp(); err != nil {
		return 0, fmt.Errorf("bringing up the loopback interface: %w", err)
	}
	for _, port := range farPorts() {
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			return 0, err
		}
		go link{}.serve(listener, func() (net.Conn, error) { return net.Dial("unix", filepath.Join(dir, port)) })
	}
	path, err := exec.LookPath(program[0])
	if err != nil {
		return 0, err
	}
	return l.run(exec.Command(path, program[1:]...))
}

// run runs cmd with the input and output of this process, and gives its exit code.
func (link) run(cmd *exec.Cmd) (int, error) {
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		return ended.ExitCode(), nil
	}
	return 0, err
}

// loopbackUp brings up the one interface of a new network namespace.
func loopbackUp() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(socket)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, request)
}

// serve carries every connection that the listener takes to a new one that dial opens.
func (l link) serve(listener net.Listener, dial func() (net.Conn, error)) {
	for {
		near, err := listener.Accept()
		if err != nil {
			return
		}
		go l.connect(near, dial)
	}
}

// connect carries one connection. Where there is none at the other end, it ends.
func (l link) connect(near net.Conn, dial func() (net.Conn, error)) {
	defer near.Close()
	established := time.Now().Add(l.rtt)
	for wait := synTimeout; l.lost(1); wait *= 2 {
		established = established.Add(wait)
	}
	far, err := dial()
	if err != nil {
		time.Sleep(time.Until(established))
		return
	}
	defer far.Close()
	ends := make(chan struct{}, 2)
	go func() { l.carry(far, near, established); ends <- struct{}{} }()
	go func() { link{rtt: l.rtt}.carry(near, far, established); ends <- struct{}{} }()
	<-ends
	<-ends
}

// chunk is what was read at once.
type chunk struct {
	data    []byte
	at      time.Time      // when the other end gets it
	earlier chan time.Time // of a lost one: when it gets it instead, because what follows told
}

// carry carries one way of a connection.
func (l link) carry(to, from net.Conn, established time.Time) {
	chunks := make(chan *chunk, 1024)
	go l.read(from, chunks, established)
	for c := range chunks {
		c.wait()
		if _, err := to.Write(c.data); err != nil {
			from.Close()
			break
		}
	}
	for range chunks { // the reader ends by itself
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite() // its end may be gone
	}
}

// wait returns when the other end gets the chunk.
func (c *chunk) wait() {
	select {
	case <-time.After(time.Until(c.at)):
	case at := <-c.earlier:
		time.Sleep(time.Until(at))
	}
}

// read reads until the end, and says of each chunk when it arrives: never before the one before
// it, because they are passed on in this order.
func (l link) read(from net.Conn, chunks chan<- *chunk, established time.Time) {
	defer close(chunks)
	var lost *chunk
	following := 0
	for {
		buffer := make([]byte, 64<<10)
		n, err := from.Read(buffer)
		if n > 0 {
			now := time.Now()
			c := &chunk{data: buffer[:n], at: now.Add(l.rtt / 2), earlier: make(chan time.Time, 1)}
			if c.at.Before(established) {
				c.at = established
			}
			segments := (n + segment - 1) / segment
			if following += segments; lost != nil && following >= duplicates {
				if told := now.Add(l.rtt + l.rtt/2); told.Before(lost.at) {
					lost.earlier <- told
				}
				lost = nil
			}
			for timeout := l.rtt + leastTimeout; l.lost(segments); timeout *= 2 {
				if segments > duplicates {
					c.at = c.at.Add(l.rtt)
					continue
				}
				c.at = c.at.Add(timeout)
				lost, following = c, segments-1
			}
			chunks <- c
		}
		if err != nil {
			return
		}
	}
}

// lost reports whether one of n segments is lost.
func (l link) lost(n int) bool {
	for range n {
		if rand.Float64()*100 < l.loss {
			return true
		}
	}
	return false
}
