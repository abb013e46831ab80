package bootstrap

import (
	"context"
	"slices"
	"strings"

	"lockstep/roles/store"
)

// warnAlarms says in one line which alarms are raised. Users and roles can be changed
// under NOSPACE, so nothing is refused. It costs one call, and a second one for the
// members' names when there is something to say. An error says nothing: the calls that
// follow meet it, too.
func (r *run) warnAlarms(ctx context.Context) {
	alarms, err := r.etcd.Alarms(ctx)
	if err != nil || len(alarms) == 0 {
		return
	}
	members, _ := r.etcd.Members(ctx) // without, the IDs have to do
	r.Warn("etcd", "%s", alarmText(alarms, members))
}

func alarmText(alarms []store.Alarm, members []store.Member) string {
	var texts []string
	for _, alarm := range alarms {
		text := alarm.String()
		if i := slices.IndexFunc(members, func(m store.Member) bool { return m.ID == alarm.MemberID && m.Name != "" }); i >= 0 {
			text += " (" + members[i].Name + ")"
		}
		texts = append(texts, text)
	}
	return "an alarm is raised, etcd may refuse writes until it is disarmed: " + strings.Join(texts, ", ")
}
