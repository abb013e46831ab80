package verify

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/roles"
)

func TestRestoredSince(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	noted := Seen{ClusterID: 0xabc, Revision: 40, Time: noon}.Step().Content
	for name, c := range map[string]struct {
		file string
		now  Seen
		want string // "" for not restored
	}{
		"as it was":                  {file: string(noted), now: Seen{ClusterID: 0xabc, Revision: 40}},
		"another client changed it":  {file: string(noted), now: Seen{ClusterID: 0xabc, Revision: 41}},
		"an older backup":            {file: string(noted), now: Seen{ClusterID: 0xabc, Revision: 39}, want: "etcd was restored from a backup, or made anew: its authRevision is 39 and was 40 on 2026-11-24T12:00:00Z"},
		"another cluster":            {file: string(noted), now: Seen{ClusterID: 0xdef, Revision: 40}, want: "etcd was restored from a backup, or made anew: its cluster ID is def and was abc on 2026-11-24T12:00:00Z"},
		"an older one of another ID": {file: string(noted), now: Seen{ClusterID: 0xdef, Revision: 2}, want: "its cluster ID is def and was abc, its authRevision is 2 and was 40 on"},
		"the revision is not told":   {file: string(noted), now: Seen{ClusterID: 0xabc}},
		"the cluster is not told":    {file: string(noted), now: Seen{Revision: 1}},
		"no note":                    {now: Seen{ClusterID: 0xabc, Revision: 1}},
		"a note cut off":             {file: string(noted[:9]), now: Seen{ClusterID: 0xabc, Revision: 1}},
		"a note of something else":   {file: `{"clusterID":"xyz","authRevision":40}`, now: Seen{ClusterID: 0xabc, Revision: 1}},
		"a note of nothing":          {file: `{}`, now: Seen{ClusterID: 0xabc, Revision: 1}},
		"a note without a revision":  {file: `{"clusterID":"def"}`, now: Seen{ClusterID: 0xabc, Revision: 1}},
	} {
		state := certgen.State{Files: map[string][]byte{certgen.SeenFile: []byte(c.file)}}
		got, restored := RestoredSince(state, c.now)
		if restored != (c.want != "") || restored && !strings.Contains(got.String(), c.want) {
			t.Errorf("%s: restored %v: %s", name, restored, got)
		}
		j := judging(&Evidence{Folder: &state, Auth: &roles.State{Revision: c.now.Revision}, AuthCluster: c.now.ClusterID})
		if found := findRestored(j); len(found) > 0 != restored {
			t.Errorf("%s: found %v", name, found)
		}
	}
}

// The note is one document for people and programs, and is read back as it was written.
func TestSeenIsReadBack(t *testing.T) {
	t.Parallel()
	want := Seen{ClusterID: 0xfedcba9876543210, Revision: 7, Time: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	step := want.Step()
	got, found := LastSeen(certgen.State{Files: map[string][]byte{step.File: step.Content}})
	if diff := cmp.Diff(want, got); diff != "" || !found {
		t.Errorf("found %v (-want +got):\n%s", found, diff)
	}
	const text = "{\n  \"clusterID\": \"fedcba9876543210\",\n  \"authRevision\": 7,\n  \"time\": \"2026-11-24T12:00:00Z\"\n}\n"
	if diff := cmp.Diff(text, string(step.Content)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whose certificate is revoked, and which user is in etcd all the same: each once, and no other.
func TestRevokedUsers(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	retired := func(user string, serial int64, until time.Time) certgen.Retired {
		return certgen.Retired{Identity: user, Leaf: &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: user}, NotAfter: until}}
	}
	p := newPKI(t)
	state := p.state()
	list := state.NewestList(certgen.ClientCA)
	if list == nil || len(list.RevokedCertificateEntries) != 1 {
		t.Fatalf("the folder's list names %v, want its canary alone", list)
	}
	number := list.RevokedCertificateEntries[0].SerialNumber.Int64() // of a canary: a number that the list names
	listed := func(user string, until time.Time) certgen.Retired {
		r := retired(user, number, until)
		r.Leaf.SerialNumber = list.RevokedCertificateEntries[0].SerialNumber
		return r
	}
	state.Retired = []certgen.Retired{
		listed("reader", now.Add(time.Hour)), listed("reader", now.Add(2*time.Hour)), listed("gone", now.Add(time.Hour)),
		listed("late", now.Add(-time.Hour)), retired("flannel", 4711, now.Add(time.Hour)),
	}
	auth := &roles.State{Users: []roles.User{{Name: "flannel"}, {Name: "late"}, {Name: "reader"}}}
	if diff := cmp.Diff([]string{"reader"}, judging(&Evidence{Folder: &state, Auth: auth, Now: now}).revokedUsers(certgen.ClientCA)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := judging(&Evidence{Folder: &state, Now: now}).revokedUsers(certgen.ClientCA); got != nil {
		t.Errorf("without etcd's users: %q", got)
	}
}
