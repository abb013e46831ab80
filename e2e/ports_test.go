package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are handed out in blocks, from below the range that the kernel takes for
// outgoing connections: a port that is free now stays free until a member takes it,
// also while that member is down. The first port of a block is held by a listener for
// as long as the block is ours, so that two runs of these tests do not meet.
const (
	firstPort = 10000
	lastPort  = 32000
	blockSize = 20
)

type portBlock struct {
	first int
	guard net.Listener
}

func reservePorts() (*portBlock, error) {
	blocks := (lastPort - firstPort) / blockSize
	for _, n := range rand.Perm(blocks) {
		first := firstPort + n*blockSize
		guard, err := net.Listen("tcp", address(first))
		if err != nil {
			continue
		}
		if rangeFree(first+1, first+blockSize) {
			return &portBlock{first: first, guard: guard}, nil
		}
		guard.Close()
	}
	return nil, errors.New("reserving ports: no free block on 127.0.0.1")
}

func rangeFree(from, to int) bool {
	for port := from; port < to; port++ {
		l, err := net.Listen("tcp", address(port))
		if err != nil {
			return false
		}
		l.Close()
	}
	return true
}

func (b *portBlock) release() { b.guard.Close() }

// vars names the ports of the block.
func (b *portBlock) vars() map[string]string {
	vars := map[string]string{}
	next := b.first
	name := func(prefix string, count int) {
		for i := 1; i <= count; i++ {
			next++
			vars[prefix+strconv.Itoa(i)] = strconv.Itoa(next)
		}
	}
	name("CLIENT", 5)
	name("PEER", 5)
	name("PROXY", 2)
	name("SPARE", blockSize-1-12)
	vars["ENDPOINTS"] = fmt.Sprintf("https://127.0.0.1:%s,https://127.0.0.1:%s,https://127.0.0.1:%s",
		vars["CLIENT1"], vars["CLIENT2"], vars["CLIENT3"])
	return vars
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
