package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/bootstrap"
	"lockstep/roles/store"
)

func TestSoak(t *testing.T) {
	t.Parallel()
	read, write := store.Call{Method: "Range", Code: "PermissionDenied"}, store.Call{Method: "Put", Code: "InvalidArgument"}
	for name, test := range map[string]struct {
		soak bootstrap.Soak
		text string
		json string
	}{
		"quiet": {bootstrap.Soak{Asked: time.Minute, Watched: time.Minute},
			"soak: no request was refused in 1m0s\n",
			`{"asked":60,"watched":60,"refused":[],"restarted":[],"unknown":[],"gateway":[]}`},
		"the gateway": {bootstrap.Soak{Asked: time.Minute, Watched: time.Minute, Gateway: []string{"etcd1", "etcd2"}},
			"soak: what the HTTP gateway of etcd1, etcd2 refused is not known: its own answers (HTTP 400) are not counted\n",
			`{"asked":60,"watched":60,"refused":[],"restarted":[],"unknown":[],"gateway":["etcd1","etcd2"]}`},
		"refused": {bootstrap.Soak{Asked: time.Minute, Watched: 1234 * time.Millisecond, Restarted: []string{"etcd2", "etcd3"},
			Refused: []bootstrap.Refused{{Member: "etcd1", Call: write, Count: 12}, {Member: "etcd10", Call: read, Count: 1}}},
			"soak: refused in 1.2s:\nMEMBER  REQUEST  ANSWER            TIMES\netcd1   Put      InvalidArgument   12\netcd10  Range    PermissionDenied  1\n" +
				"soak: etcd2, etcd3 restarted meanwhile: what was refused just before is not known\n",
			`{"asked":60,"watched":1.234,"refused":[{"member":"etcd1","method":"Put","code":"InvalidArgument","count":12},` +
				`{"member":"etcd10","method":"Range","code":"PermissionDenied","count":1}],"restarted":["etcd2","etcd3"],"unknown":[],"gateway":[]}`},
		"not known": {bootstrap.Soak{Asked: time.Second, Watched: time.Second, Unknown: []bootstrap.Unknown{{Member: "etcd1", Err: errors.New("no answer")}}},
			"soak: what etcd1 refused is not known: no answer\n",
			`{"asked":1,"watched":1,"refused":[],"restarted":[],"unknown":[{"member":"etcd1","reason":"no answer"}],"gateway":[]}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &Sheet{out: &bytes.Buffer{}}
			soaked(s, &test.soak)
			if diff := cmp.Diff(test.text, s.out.String()); diff != "" {
				t.Errorf("text (-want +got):\n%s", diff)
			}
			got, err := json.Marshal(soakDocument(&test.soak))
			if diff := cmp.Diff(test.json, string(got)); err != nil || diff != "" {
				t.Errorf("%v, JSON (-want +got):\n%s", err, diff)
			}
		})
	}
}
