package change

import (
	"slices"
	"strings"

	"lockstep/roles/store"
)

// warnAlarms says in one line which alarms are raised. Users and roles can be changed under
// NOSPACE, so nothing is refused.
func (c *Change) warnAlarms(alarms []store.Alarm, members []store.Member) {
	if len(alarms) > 0 {
		c.World.Warn("etcd", "%s", alarmText(alarms, members))
	}
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
