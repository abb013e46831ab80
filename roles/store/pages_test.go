package store_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/policies/hint"
	"lockstep/roles/store"
)

// A member with a listener of its own for HTTP hangs up on HTTP at its client URL; its
// metrics URL serves the counts, and a date.
func TestAMemberThatServesHTTPElsewhere(t *testing.T) {
	t.Parallel()
	metrics := "http://" + freeAddress(t)
	s := startEtcd(t, "--listen-client-http-urls=https://"+freeAddress(t), "--listen-metrics-urls="+metrics)
	both, client := store.Pages{Client: s.url, Metrics: metrics}, store.Pages{Client: s.url}
	clock, err := store.Clock(t.Context(), both, s.tls(t, "root"))
	must(t, err)
	if d := time.Since(clock); d.Abs() > time.Minute {
		t.Errorf("its clock differs by %s", d)
	}
	_, err = store.CountRequests(t.Context(), both, s.tls(t, "root"))
	must(t, err)
	_, err = store.Clock(t.Context(), client, s.tls(t, "root"))
	if !errors.Is(err, io.EOF) || !strings.Contains(hint.Text(err), "--listen-client-http-urls") {
		t.Errorf("the clock at the client URL: %v\nhint %q", err, hint.Text(err))
	}
	if _, err := store.ServesGateway(t.Context(), client, s.tls(t, "root")); err == nil {
		t.Error("the client URL tells of a gateway that lies elsewhere")
	}
}

// The gateway is on in etcd unless it is turned off, and asking for it counts nowhere.
func TestServesGateway(t *testing.T) {
	t.Parallel()
	for flag, want := range map[string]bool{"--enable-grpc-gateway=true": true, "--enable-grpc-gateway=false": false} {
		s := startEtcd(t, flag)
		before := requests(t, s, "root")
		got, err := store.ServesGateway(t.Context(), store.Pages{Client: s.url}, s.tls(t, "root"))
		must(t, err)
		if after := requests(t, s, "root"); got != want || after.Handled != before.Handled || after.Versionless != before.Versionless {
			t.Errorf("%s: got %v; %d calls became %d, without a version %d became %d", flag, got, before.Handled, after.Handled, before.Versionless, after.Versionless)
		}
	}
}

// A member tells the flags that it was started with, and nothing of its environment.
func TestCommandLine(t *testing.T) {
	t.Parallel()
	s := startEtcd(t, "--auth-token=")
	got, err := store.CommandLine(t.Context(), store.Pages{Client: s.url}, s.tls(t, "root"))
	must(t, err)
	if !slices.Contains(got, "--auth-token=") || !slices.Contains(got, "--name=m") {
		t.Errorf("got %q", got)
	}
	if _, err := store.CommandLine(t.Context(), store.Pages{Client: strings.Replace(plainPort(t), "https", "http", 1)}, s.tls(t, "root")); err == nil || !strings.Contains(err.Error(), "HTTP 404") {
		t.Errorf("a port that serves no such page: %v", err)
	}
}
