package change

import (
	"testing"

	"lockstep/roles/store"
)

func TestAlarmText(t *testing.T) {
	t.Parallel()
	members := []store.Member{{ID: 0xa1, Name: "etcd1"}, {ID: 0x1, Name: "etcd2"}, {ID: 0xb2}}
	for _, c := range []struct {
		alarms  []store.Alarm
		members []store.Member
		want    string
	}{
		{[]store.Alarm{{Kind: "NOSPACE", MemberID: 0xa1}}, members, "an alarm is raised, etcd may refuse writes until it is disarmed: NOSPACE at member a1 (etcd1)"},
		{[]store.Alarm{{Kind: "CORRUPT", MemberID: 0xb2}, {Kind: "NOSPACE", MemberID: 1}}, members, "an alarm is raised, etcd may refuse writes until it is disarmed: CORRUPT at member b2, NOSPACE at member 1 (etcd2)"},
		{[]store.Alarm{{Kind: "NOSPACE", MemberID: 0xa1}}, nil, "an alarm is raised, etcd may refuse writes until it is disarmed: NOSPACE at member a1"},
	} {
		if got := alarmText(c.alarms, c.members); got != c.want {
			t.Errorf("got %q\nwant %q", got, c.want)
		}
	}
}
