package store

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// largestPage is more than any member's metrics: etcd 3.7 writes about 150 kB.
const largestPage = 16 << 20

// Requests is what a member has counted since it started.
type Requests struct {
	Started time.Time // zero where the member's system does not tell
	Handled uint64    // gRPC calls that it has ended, whatever the answer
	// Versionless counts calls of clients that name no version (fact 8): the HTTP
	// gateway, clients in other languages, gRPC health probes. The Go client names one
	// since 3.4.5, and so does lockstep.
	Versionless uint64
	Watches     int             // open now
	Refused     map[Call]uint64 // calls that were refused; those that never were are absent
}

// Call is one kind of answer to one kind of request.
type Call struct {
	Method string // "Range"
	Code   string // gRPC's: "PermissionDenied"
}

// CountRequests reads a member's metrics, which every certificate that it takes may read,
// and which count the reading as no request. Watches that are refused and what the gateway
// answers itself (HTTP 400) are not in etcd's counts either.
func CountRequests(ctx context.Context, from Pages, config *tls.Config) (Requests, error) {
	answer, err := from.get(ctx, "/metrics", config)
	if err != nil {
		return Requests{}, fmt.Errorf("reading the member's metrics: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return Requests{}, fmt.Errorf("reading the member's metrics: HTTP %s", answer.Status)
	}
	requests, err := parseMetrics(io.LimitReader(answer.Body, largestPage))
	if err != nil {
		return Requests{}, fmt.Errorf("reading the member's metrics: %w", err)
	}
	return requests, nil
}

// parseMetrics reads Prometheus' text format. A page without etcd's counts is an error:
// it would read as if no request was refused. The count of clients' versions is absent until
// the first call.
func parseMetrics(page io.Reader) (Requests, error) {
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(page)
	if err != nil {
		return Requests{}, err
	}
	r := Requests{Refused: map[Call]uint64{}}
	handled, watches := families["grpc_server_handled_total"], families["etcd_debugging_mvcc_watcher_total"]
	if handled == nil || handled.GetType() != dto.MetricType_COUNTER || watches.GetType() != dto.MetricType_GAUGE {
		return Requests{}, errors.New("etcd's counts are not there")
	}
	for _, m := range handled.Metric {
		n := uint64(m.GetCounter().GetValue())
		r.Handled += n
		call := Call{Method: label(m, "grpc_method"), Code: label(m, "grpc_code")}
		if n > 0 && refusal(label(m, "grpc_service"), call) {
			r.Refused[call] += n
		}
	}
	for _, m := range families["etcd_server_client_requests_total"].GetMetric() {
		if label(m, "client_api_version") == "unknown" {
			r.Versionless += uint64(m.GetCounter().GetValue())
		}
	}
	for _, m := range watches.Metric {
		r.Watches += int(m.GetGauge().GetValue())
	}
	for _, m := range families["process_start_time_seconds"].GetMetric() {
		r.Started = time.UnixMilli(int64(m.GetGauge().GetValue() * 1000))
	}
	return r, nil
}

// refusal tells the answers with which etcd refuses the asking user from those about what
// was asked. InvalidArgument is both "user name is empty" and a request that makes no
// sense; FailedPrecondition is also "user name not found", for what needs root; both
// count, because a refusal that is not seen is worse.
func refusal(service string, c Call) bool {
	switch c.Code {
	case "PermissionDenied", "Unauthenticated", "InvalidArgument":
		return true
	case "FailedPrecondition":
		return service != "etcdserverpb.Lease" // "lease already exists", and nothing there needs root
	case "Unknown": // a password for a user that has none; on etcd 3.5 every refused backup
		return c.Method == "Authenticate" || service == "etcdserverpb.Maintenance"
	}
	return false
}

func label(m *dto.Metric, name string) string {
	for _, pair := range m.Label {
		if pair.GetName() == name {
			return pair.GetValue()
		}
	}
	return ""
}
