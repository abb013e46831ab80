package store

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc/codes"

	"lockstep/policies/hint"
)

// TooOldError is an etcd that lacks a call that lockstep needs.
type TooOldError struct {
	Endpoint string
	Version  string // "3.4.23"; "" when the member did not tell
	Missing  string // the call: "AuthStatus", which etcd has since 3.5
	Err      error
}

func (e *TooOldError) Error() string {
	runs := "runs an etcd"
	if e.Version != "" {
		runs = "runs etcd " + e.Version
	}
	return fmt.Sprintf("%s %s, which has no %s: lockstep needs 3.5; advisories want 3.6.14 or 3.7.1", e.Endpoint, runs, e.Missing)
}

func (e *TooOldError) Unwrap() error { return e.Err }

// isUnknownCall reports that the server does not know the call; method is which one.
func isUnknownCall(err error) (method string, unknown bool) {
	method, unknown = strings.CutPrefix(reason(err), "unknown method ")
	method, _, _ = strings.Cut(method, " ")
	return method, unknown && code(err) == codes.Unimplemented
}

// explainVersion names the first endpoint's version.
func (c *Client) explainVersion(ctx context.Context, method string, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lookTime)
	defer cancel()
	old := &TooOldError{Endpoint: c.target.Endpoints[0], Missing: method, Err: err}
	old.Version = c.version(ctx, old.Endpoint)
	return hint.With(old, "Upgrade etcd, one minor version at a time and one member after the other (etcd.io/docs, upgrading), then run the same command again. Nothing was changed.")
}

// version asks by gRPC and, where that wants root, by HTTP; "" when neither tells.
func (c *Client) version(ctx context.Context, endpoint string) string {
	if answer, err := c.etcd.Status(ctx, endpoint); err == nil && answer.Version != "" {
		return answer.Version
	}
	page, err := get(ctx, endpoint+"/version", c.target.TLS)
	if err != nil {
		return ""
	}
	defer page.Body.Close()
	var told struct {
		Server string `json:"etcdserver"`
	}
	if json.NewDecoder(io.LimitReader(page.Body, 1<<10)).Decode(&told) != nil {
		return ""
	}
	return told.Server
}
