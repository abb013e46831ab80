package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// calls counts answered unary gRPC calls by method, summed over all members.
type calls map[string]int

// countCalls reads grpc_server_handled_total from every member's metrics.
func (c *cluster) countCalls(ctx context.Context) (calls, error) {
	sum := calls{}
	for _, url := range c.metrics {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/metrics", nil)
		if err != nil {
			return nil, err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, fmt.Errorf("reading etcd's metrics: %w", err)
		}
		err = sum.add(answer.Body)
		answer.Body.Close()
		if err != nil {
			return nil, fmt.Errorf("reading etcd's metrics: %w", err)
		}
	}
	return sum, nil
}

// add reads lines like grpc_server_handled_total{grpc_code="OK",grpc_method="Txn",...} 7.
func (c calls) add(text io.Reader) error {
	lines := bufio.NewScanner(text)
	for lines.Scan() {
		labels, ok := strings.CutPrefix(lines.Text(), "grpc_server_handled_total{")
		if !ok || !strings.Contains(labels, `grpc_type="unary"`) {
			continue
		}
		_, method, _ := strings.Cut(labels, `grpc_method="`)
		method, _, _ = strings.Cut(method, `"`)
		_, value, _ := strings.Cut(labels, "} ")
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || method == "" {
			return fmt.Errorf("this line of etcd's metrics is unknown: %s", lines.Text())
		}
		c[method] += int(n)
	}
	return lines.Err()
}

// since is what was called after before was counted.
func (c calls) since(before calls) calls {
	out := calls{}
	for method, n := range c {
		if d := n - before[method]; d != 0 {
			out[method] = d
		}
	}
	return out
}

func (c calls) total() int {
	n := 0
	for _, k := range c {
		n += k
	}
	return n
}

// String is "2 AuthStatus, 3 RoleGet", by name.
func (c calls) String() string {
	var parts []string
	for _, method := range slices.Sorted(maps.Keys(c)) {
		parts = append(parts, fmt.Sprintf("%d %s", c[method], method))
	}
	return strings.Join(parts, ", ")
}
