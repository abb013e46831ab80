package calls

import (
	"slices"
	"testing"
)

// Each row was read in etcd's source of that release; the newest of each line is tried on real
// etcd by the end-to-end script calls.txtar.
func TestTheTableFollowsEtcdsSource(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		call, version string
		want          Who
	}{
		{"compact", "3.5.27", All}, {"compact", "3.5.28", Root}, {"compact", "3.6.8", All}, {"compact", "3.6.9", Root},
		{"compact", "3.7.0", Root}, {"compact", "3.7.0-rc.1", Root}, {"compact", "3.7.3", Root}, {"compact", "3.8.0", Root}, {"compact", "", Root},
		{"status", "3.5.27", All}, {"status", "3.5.28", Root}, {"status", "3.5.31", Root}, {"status", "3.5.32", All},
		{"status", "3.6.0", Root}, {"status", "3.6.11", Root}, {"status", "3.6.12", All}, {"status", "3.7.0", All}, {"status", "unknown", All},
		{"member-list", "3.5.28", Root}, {"member-list", "3.5.29", All}, {"member-list", "3.6.9", Root}, {"member-list", "3.6.10", All}, {"member-list", "3.7.3", All},
		{"alarm-list", "3.6.8", All}, {"alarm-list", "3.6.9", Root}, {"alarm-list", "3.6.10", All},
		{"alarm-disarm", "3.6.8", All}, {"alarm-disarm", "3.6.10", Root},
		{"lease-list", "3.6.8", All}, {"lease-list", "3.6.9", AllKeys}, {"lease-list", "3.5.31", AllKeys},
		{"lease-keys", "3.5.27", Keys}, {"lease-keep-alive", "3.5.27", All}, {"lease-keep-alive", "3.5.31", Keys}, {"lease-keep-alive", "3.6.8", All}, {"lease-keep-alive", "3.6.9", Keys}, {"lease-keep-alive", "3.7.0", Keys},
		{"lease-grant", "3.6.9", All},
		{"move-leader", "3.5.27", All}, {"move-leader", "3.5.31", Root}, {"move-leader", "3.6.8", Root},
		{"auth-status", "3.6.16", Root}, {"auth-status", "3.7.0", All},
		{"snapshot", "3.5.0", Root}, {"snapshot", "3.9.0", Root}, {"defragment", "3.6.16", Root},
	} {
		call, known := Find(row.call)
		if got := call.Who(row.version); !known || got != row.want {
			t.Errorf("%s on etcd %s: got %s, want %s", row.call, row.version, got, row.want)
		}
	}
}

func TestRulesInWords(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"compact":     "role root from 3.5.28, from 3.6.9, from 3.7.0; else every user",
		"status":      "role root in 3.5.28 to 3.5.31, in 3.6.0 to 3.6.11; else every user",
		"member-list": "role root in 3.5.28, in 3.6.9; else every user",
		"lease-grant": "every user",
		"snapshot":    "role root",
		"lease-list":  "users who may read the keys of every lease from 3.5.28, from 3.6.9, from 3.7.0; else every user",
		"auth-status": "role root from 3.5.0, from 3.6.0; else every user",
	} {
		call, _ := Find(name)
		if got := call.Rules(); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if _, known := Find("put"); known {
		t.Error("a request for keys is no call of the table")
	}
}

// What may be refused says what to do instead; names are unique.
func TestEveryRowIsWhole(t *testing.T) {
	t.Parallel()
	if names := slices.Sorted(slices.Values(Names())); len(slices.Compact(names)) != len(List()) {
		t.Errorf("a name is there twice: %v", names)
	}
	for _, c := range List() {
		refusable := slices.ContainsFunc(c.rules, func(r rule) bool { return r.who != All })
		if c.RPC == "" || c.Does == "" || c.Source == "" || refusable == (c.Instead == "") {
			t.Errorf("%s is not whole: %+v", c.Name, c)
		}
	}
}
