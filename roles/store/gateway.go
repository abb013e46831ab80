package store

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// Gateway is a member's HTTP gateway, asked as software that speaks HTTP asks it: with a
// certificate without a CN and a user with a password (fact 8). It may be used from many goroutines.
type Gateway struct {
	url    string
	client *http.Client
	token  string
}

// GatewayError is an answer of a gateway that is not etcd's: it did not reach etcd, or did not
// ask it.
type GatewayError struct {
	Status int // of HTTP
	Text   string
}

func (e *GatewayError) Error() string {
	text := fmt.Sprintf("the HTTP gateway answers HTTP %d", e.Status)
	if e.Text != "" {
		text += fmt.Sprintf(": %q", e.Text)
	}
	return text
}

// RefusesCN reports that the gateway refuses a certificate for its CN.
func RefusesCN(err error) bool {
	var answered *GatewayError
	return errors.As(err, &answered) && answered.Status == http.StatusBadRequest && strings.Contains(answered.Text, "CommonName")
}

// IsGatewayOff reports that the member answers no path of the gateway.
func IsGatewayOff(err error) bool {
	var answered *GatewayError
	return errors.As(err, &answered) && answered.Status == http.StatusNotFound
}

// IsGatewayCut reports that the gateway does not reach its own member (fact 12).
func IsGatewayCut(err error) bool {
	var answered *GatewayError
	return errors.As(err, &answered) && answered.Status == http.StatusServiceUnavailable || code(err) == codes.Unavailable
}

// gatewayTries is how often a question is asked that etcd refuses because users or roles changed
// while it was under way: the gateway does not repeat it, as etcd's Go client does (fact 46).
const gatewayTries = 5

// OpenGateway is the gateway of the member at url. config shows the certificate. Nothing is asked;
// timeout is for each request.
func OpenGateway(url string, config *tls.Config, timeout time.Duration) *Gateway {
	config = config.Clone()
	config.CurvePreferences = quick()
	return &Gateway{url: url, client: &http.Client{
		Transport: &http.Transport{TLSClientConfig: config},
		Timeout:   timeout,
		// A redirection would send the password to another server.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close ends the connections.
func (g *Gateway) Close() { g.client.CloseIdleConnections() }

// Login logs in as a user with a password.
func (g *Gateway) Login(ctx context.Context, user, password string) error {
	var answer struct{ Token string }
	err := g.post(ctx, "/v3/auth/authenticate", map[string]string{"name": user, "password": password}, &answer)
	switch {
	case err != nil:
		return fmt.Errorf("logging in to %s through its HTTP gateway as user %q: %w", g.url, user, err)
	case answer.Token == "":
		return fmt.Errorf("logging in to %s through its HTTP gateway as user %q: %w", g.url, user, odd("Authenticate", "it gives no token"))
	}
	g.token = answer.Token
	return nil
}

// Probe is the function Probe through the gateway.
func (g *Gateway) Probe(ctx context.Context, questions []roles.Question, inFlight int) ([]roles.Answer, error) {
	return probe(ctx, g.ask, questions, inFlight)
}

// Asks asks one question without a login, to see how the gateway takes the certificate alone.
func (g *Gateway) Asks(ctx context.Context, q roles.Question) error {
	return g.ask(ctx, []roles.Question{q})
}

// ask puts the questions into the Else branch of a Txn without compares, as asker does.
func (g *Gateway) ask(ctx context.Context, questions []roles.Question) error {
	ops := make([]map[string]pair, 0, len(questions))
	for _, q := range questions {
		op, err := gatewayOp(q)
		if err != nil {
			return err
		}
		ops = append(ops, op)
	}
	var answer struct {
		Succeeded bool
		Responses []json.RawMessage
	}
	var err error
	for range gatewayTries {
		if err = g.post(ctx, "/v3/kv/txn", map[string]any{"failure": ops}, &answer); !errors.Is(err, rpctypes.ErrAuthOldRevision) {
			break
		}
	}
	if err != nil {
		return err
	}
	if !answer.Succeeded || len(answer.Responses) > 0 {
		return odd("Txn", "it executed the branch for a failed comparison, and there was no comparison")
	}
	return nil
}

// pair is a range in JSON, its bytes in base64.
type pair struct {
	Key []byte `json:"key"`
	End []byte `json:"range_end,omitempty"`
}

// gatewayOp is probeOp in JSON.
func gatewayOp(q roles.Question) (map[string]pair, error) {
	asked := pair{Key: []byte(q.Range.From), End: []byte(q.Range.To)}
	switch {
	case q.Range == keyrange.Single(q.Range.From):
		asked.End = nil
	case q.Range.To == "":
		asked.End = []byte(keyrange.FromKeyEnd)
	}
	if len(asked.Key) == 0 {
		asked.Key = []byte{0} // every key; an empty key is no key to etcd
	}
	switch q.Access {
	case keyrange.Read:
		return map[string]pair{"request_range": asked}, nil
	case keyrange.Write:
		return map[string]pair{"request_delete_range": asked}, nil
	}
	return nil, fmt.Errorf("asking etcd about %q: a question is about read or about write", q.Access)
}

// post sends one request, and turns etcd's own errors into what its Go client makes of them.
func (g *Gateway) post(ctx context.Context, path string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	defer clear(body)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	if g.token != "" {
		r.Header.Set("Authorization", g.token)
	}
	got, err := g.client.Do(r)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	text, err := io.ReadAll(io.LimitReader(got.Body, largestPage))
	if err != nil {
		return fmt.Errorf("reading the answer of the HTTP gateway: %w", err)
	}
	if got.StatusCode != http.StatusOK {
		return gatewayError(got.StatusCode, text)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("reading the answer of the HTTP gateway: %w", err)
	}
	return nil
}

// gatewayError is an answer other than OK. Those of etcd have a gRPC code and etcd's text.
func gatewayError(statusCode int, text []byte) error {
	var told struct {
		Code    codes.Code
		Message string
		Error   string // up to etcd 3.5
	}
	if json.Unmarshal(text, &told) != nil || told.Code == codes.OK {
		const most = 200
		return &GatewayError{Status: statusCode, Text: strings.TrimSpace(string(text[:min(len(text), most)]))}
	}
	if told.Message == "" {
		told.Message = told.Error
	}
	return rpctypes.Error(status.Error(told.Code, told.Message))
}
