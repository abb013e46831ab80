package store_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"lockstep/policies/keyrange"
	"lockstep/roles"
	"lockstep/roles/store"
)

// TestGatewayAsksAgain: a question that is under way while users or roles change is asked again,
// and not without end.
func TestGatewayAsksAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		stale int32 // answers before the true one
		want  roles.Verdict
	}{{0, roles.Allowed}, {4, roles.Allowed}, {5, roles.Inconclusive}} {
		t.Run(fmt.Sprint(c.stale), func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if asked.Add(1) <= c.stale { // as etcd 3.7.3 answers
					w.WriteHeader(http.StatusBadRequest)
					fmt.Fprint(w, `{"code":3,"message":"etcdserver: revision of auth store is old","details":[]}`)
					return
				}
				fmt.Fprint(w, `{"header":{},"succeeded":true}`)
			}))
			t.Cleanup(server.Close)
			config := server.Client().Transport.(*http.Transport).TLSClientConfig
			gateway := store.OpenGateway(server.URL, config, 10*time.Second)
			t.Cleanup(gateway.Close)
			question := roles.Question{Access: keyrange.Read, Range: keyrange.Single("/a")}
			answers, err := gateway.Probe(t.Context(), []roles.Question{question}, 1)
			if err != nil {
				t.Fatal(err)
			}
			if answers[0].Got != c.want {
				t.Errorf("after %d requests: %v (%v), want %v", asked.Load(), answers[0].Got, answers[0].Err, c.want)
			}
		})
	}
}
