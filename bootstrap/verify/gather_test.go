package verify

import (
	"strings"
	"testing"
	"time"

	"lockstep/bootstrap/world"
)

// TestGatherUnderAnExpiredCA: that no certificate of root can be made is no reason to say nothing
// about the folder.
func TestGatherUnderAnExpiredCA(t *testing.T) {
	t.Parallel()
	p := newPKI(t)
	w := &world.World{Policy: p.policy, Folder: p.folder, Now: func() time.Time { return p.now.AddDate(11, 0, 0) }, InFlight: 4, CallTimeout: 100 * time.Millisecond}
	e, err := Gather(t.Context(), w, Options{})
	if err != nil || e.MembersErr == nil || !strings.Contains(e.MembersErr.Error(), "expired on") {
		t.Fatalf("%v %+v", err, e)
	}
	report := Judge(e, Checks())
	if len(report.Findings) == 0 || report.Findings[0].Code != "certificates/authority" || e.Outage() {
		t.Errorf("%+v", report.Findings)
	}
	for _, s := range report.Skipped {
		if s.Code == "members/reached" && !strings.HasPrefix(s.Reason, "no member was asked: getting root's certificate: ") {
			t.Error(s.Reason)
		}
	}
}
