package e2e

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// relayMode is what a relay does with what passes through it.
type relayMode string

const (
	passMode relayMode = "pass"
	muteMode relayMode = "mute" // requests arrive, answers are lost
	cutMode  relayMode = "cut"  // connections end, new ones too
)

// relay is a TCP relay in front of a member: the network, when it fails.
type relay struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	mode  relayMode
	conns map[net.Conn]bool
}

func (s *script) relay(_ *testscript.TestScript, args []string) error {
	switch len(args) {
	case 3:
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", args[1]))
		if err != nil {
			return err
		}
		r := &relay{listener: l, target: net.JoinHostPort("127.0.0.1", args[2]), mode: passMode, conns: map[net.Conn]bool{}}
		s.relays[args[0]] = r
		go r.serve()
		return nil
	case 2:
		r, mode := s.relays[args[0]], relayMode(args[1])
		if r == nil || mode != passMode && mode != muteMode && mode != cutMode {
			return fmt.Errorf("no relay %s, or no mode %s", args[0], mode)
		}
		r.set(mode)
		return nil
	}
	return errors.New("usage: relay NAME PORT TARGET, or relay NAME pass|mute|cut")
}

func (r *relay) set(mode relayMode) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.mode = mode
	if mode == cutMode {
		for conn := range r.conns {
			conn.Close()
		}
	}
}

func (r *relay) close() {
	r.listener.Close()
	r.set(cutMode)
}

func (r *relay) serve() {
	for {
		client, err := r.listener.Accept()
		if err != nil {
			return
		}
		go r.carry(client)
	}
}

func (r *relay) carry(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer server.Close()
	if !r.enter(client, server) {
		return
	}
	defer r.leave(client, server)
	ended := make(chan struct{}, 2)
	go func() { io.Copy(server, client); ended <- struct{}{} }()
	go func() { io.Copy(answers{r, client}, server); ended <- struct{}{} }()
	<-ended
}

func (r *relay) enter(conns ...net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range conns {
		r.conns[conn] = true
	}
	return r.mode != cutMode
}

func (r *relay) leave(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, conn := range conns {
		delete(r.conns, conn)
	}
}

// answers is the way back to the client, lost while the relay is mute.
type answers struct {
	relay  *relay
	client net.Conn
}

func (a answers) Write(b []byte) (int, error) {
	a.relay.mu.Lock()
	mute := a.relay.mode == muteMode
	a.relay.mu.Unlock()
	if mute {
		return len(b), nil
	}
	return a.client.Write(b)
}
