package view

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lockstep/certgen"
	"lockstep/policies/presets"
)

// shownText is the text of an answer without colours.
func shownText(t *testing.T, m Message) string {
	t.Helper()
	var out strings.Builder
	if err := Tell(&out, m, false); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRotatedText(t *testing.T) {
	t.Parallel()
	place := certgen.PlaceOf
	reread, restart, each := presets.Reload{Certificate: presets.Reread, CA: presets.Restart}, presets.Reload{Certificate: presets.Restart, CA: presets.Restart}, presets.Reload{Certificate: presets.EachRun, CA: presets.EachRun}
	holder := func(path string, reload presets.Reload, w certgen.Wait) Holder {
		w.Place, w.Name = place(path), strings.TrimPrefix(path, "components/")
		return Holder{Wait: w, Reload: reload}
	}
	for name, c := range map[string]struct {
		r    Rotated
		want string
	}{
		"members that are not lockstep's": {
			Rotated{Rotation: certgen.Rotation{CA: certgen.ClientCA, Stage: certgen.StageNext}, Folder: "pki", Holders: []Holder{{Wait: certgen.Wait{Name: "https://10.0.0.11:2379", NewCA: true}}}},
			`client CA: the next one is made and does not sign yet; first all have to trust both
  https://10.0.0.11:2379: put pki/ca/client.crt and pki/ca/client.next.crt into
    the file that its --trusted-ca-file names, nothing else, and restart it
when that is done: lockstep certs rotate-ca client
`},
		"no certificate of root": {
			Rotated{Rotation: certgen.Rotation{CA: certgen.ClientCA, Stage: certgen.StageNext, Rootless: true}, Folder: "pki"},
			`client CA: the next one is made and does not sign yet; first all have to trust both
until the next one signs, no certificate of root can be made: meanwhile apply,
  verify and certs revoke need one that was made before, by --cert and --key, or
  --user
when that is done: lockstep certs rotate-ca client
`},
		"the new one alone": {
			Rotated{Rotation: certgen.Rotation{CA: certgen.ClientCA, Stage: certgen.StageDropped}, Folder: "pki", Holders: []Holder{{Wait: certgen.Wait{Name: "https://10.0.0.11:2379", NewCA: true, Text: `still trusts "old"`}}}},
			`client CA: the copies hold the new one alone; what was not restarted trusts the old one still
  https://10.0.0.11:2379 still trusts "old"
    put pki/ca/client.crt into the file that its --trusted-ca-file names,
    nothing else, and restart it
when that is done: lockstep certs rotate-ca client
`},
		"how software rereads": {
			Rotated{Rotation: certgen.Rotation{CA: certgen.ClientCA, Stage: certgen.StagePrevious, Confirm: true}, Folder: "pki", Holders: []Holder{
				holder("components/a", reread, certgen.Wait{NewCertificate: true}), holder("components/b", restart, certgen.Wait{NewCertificate: true}),
				holder("components/c", each, certgen.Wait{NewCertificate: true}), holder("components/d", presets.Reload{}, certgen.Wait{NewCertificate: true}),
				holder("components/e", presets.Reload{}, certgen.Wait{NewCA: true}), holder("members/etcd1", reread, certgen.Wait{NewCA: true, NewCertificate: true}),
				holder("members/etcd2", reread, certgen.Wait{NewList: true}),
			}},
			`client CA: the new one signs; the old one is trusted until its certificates are replaced
  a: copy pki/components/a to the component; it is used on the next connection,
    without a restart
  b: copy pki/components/b to the component; restart it
  c: copy pki/components/c to the component; it is used at the next run
  d: copy pki/components/d to the component; restart it, unless it rereads its
    certificate
  e: copy pki/components/e to the component; restart it
  members/etcd1: copy pki/members/etcd1 to the member etcd1; restart it
  members/etcd2: copy pki/members/etcd2 to the member etcd2; it is used on the
    next connection, without a restart
when that is done: lockstep certs rotate-ca client --confirm-clients
`},
		"nothing begun": {
			Rotated{Rotation: certgen.Rotation{CA: certgen.PeerCA, Stage: certgen.StageNone}, Folder: "pki", Holders: []Holder{holder("members/etcd1", reread, certgen.Wait{NewCA: true, Text: "cannot be asked: no answer"})}},
			`peer CA: the rotation does not begin before all is as the policy says
  members/etcd1 cannot be asked: no answer
when that is done: lockstep certs rotate-ca peer
`},
		"finished": {
			Rotated{Rotation: certgen.Rotation{CA: certgen.ServerCA, Stage: certgen.StageNone, Finished: true}, Folder: "pki", Holders: []Holder{holder("components/a", restart, certgen.Wait{NewCA: true})}},
			`server CA: the rotation is finished: the old CA is in retired/, and its key is deleted
  a: copy pki/components/a to the component; restart it
`},
	} {
		if diff := cmp.Diff(c.want, shownText(t, c.r)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
