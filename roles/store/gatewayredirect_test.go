package store_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"lockstep/roles/store"
)

// A member that redirects a login does not get the password sent to another server.
func TestALoginIsNotRedirected(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	other := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer other.Close()
	member := httptest.NewTLSServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer member.Close()
	gateway := store.OpenGateway(member.URL, &tls.Config{InsecureSkipVerify: true}, 20*time.Second)
	defer gateway.Close()
	err := gateway.Login(t.Context(), "db", "secret")
	if err == nil || asked.Load() != 0 {
		t.Errorf("%v, %d requests at the other server", err, asked.Load())
	}
}
