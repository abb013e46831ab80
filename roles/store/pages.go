package store

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"lockstep/policies/hint"
)

// Pages is where a member may serve HTTP, tried in this order: its client URL, and its
// metrics URL ("" for none). A member that is started with --listen-client-http-urls
// serves none at its client URL, and no answer of etcd tells where else.
type Pages struct{ Client, Metrics string }

// Clock is the time at the member, from the Date header of an HTTP answer; it has whole
// seconds.
func Clock(ctx context.Context, from Pages, config *tls.Config) (time.Time, error) {
	answer, err := from.get(ctx, "/version", config) // the metrics URL answers 404, with a date
	if err != nil {
		return time.Time{}, fmt.Errorf("asking for the time: %w", err)
	}
	defer answer.Body.Close()
	return http.ParseTime(answer.Header.Get("Date"))
}

// ServesGateway reports whether the member answers the HTTP gateway's paths at its client
// URL. The question is none of the gateway's: it reads no key and is not counted.
func ServesGateway(ctx context.Context, from Pages, config *tls.Config) (bool, error) {
	answer, err := get(ctx, from.Client+"/v3/kv/range", config)
	if err != nil {
		return false, fmt.Errorf("asking for the HTTP gateway: %w", err)
	}
	defer answer.Body.Close()
	return answer.StatusCode != http.StatusNotFound, nil
}

// CommandLine is the program and the flags with which the member was started, as its client URL
// tells them (/debug/vars). Settings from the environment and from a file are not among them.
func CommandLine(ctx context.Context, from Pages, config *tls.Config) ([]string, error) {
	answer, err := get(ctx, from.Client+"/debug/vars", config)
	if err != nil {
		return nil, fmt.Errorf("asking for the command line: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking for the command line: HTTP %s", answer.Status)
	}
	var vars struct {
		Command []string `json:"cmdline"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, largestPage)).Decode(&vars); err != nil {
		return nil, fmt.Errorf("reading the command line: %w", err)
	}
	return vars.Command, nil
}

// get asks for one page where the member serves it.
func (p Pages) get(ctx context.Context, path string, config *tls.Config) (*http.Response, error) {
	answer, err := get(ctx, p.Client+path, config)
	if err == nil || p.Metrics == "" {
		return answer, noPage(err)
	}
	answer, other := get(ctx, p.Metrics+path, config)
	if other != nil {
		return nil, noPage(errors.Join(err, other))
	}
	return answer, nil
}

// noPage adds why etcd hangs up where it answers gRPC.
func noPage(err error) error {
	if !errors.Is(err, io.EOF) {
		return err
	}
	return hint.With(err, "A member with --listen-client-http-urls serves no HTTP at its client URL: let it serve its metrics where they can be reached from here, "+
		"by metricsURL of the member in the policy (ETCD_LISTEN_METRICS_URLS).")
}

// get asks for one page over a connection of its own, which ends with the body.
func get(ctx context.Context, url string, config *tls.Config) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	config = config.Clone()
	config.CurvePreferences = quick()
	transport := &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", url, err)
	}
	return answer, nil
}
