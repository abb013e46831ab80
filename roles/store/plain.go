package store

import (
	"context"
	"errors"
	"net/http"
)

// SpeaksPlain reports whether etcd answers http without TLS at the port of an https
// URL. It serves both on one port when its listen URLs name both; who comes without TLS
// has no certificate and so no name. A port that says nothing costs readWait.
func SpeaksPlain(ctx context.Context, endpoint string) bool {
	address, _, err := parseEndpoint(endpoint)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, readWait)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/version", nil)
	if err != nil {
		return false
	}
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(request)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK // a TLS port of another server may answer 400
}

// IsPlain reports that a handshake failed because the port speaks plain http.
func IsPlain(err error) bool {
	var failed *HandshakeError
	return errors.As(err, &failed) && failed.Plain
}
