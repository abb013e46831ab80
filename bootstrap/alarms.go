package bootstrap

import (
	"context"
	"fmt"
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

func alarmText(alarms []string, members []store.Member) string {
	named := slices.Clone(alarms)
	for i, alarm := range named {
		for _, m := range members {
			if m.Name != "" && strings.HasSuffix(alarm, fmt.Sprintf(" %x", m.ID)) {
				named[i] += " (" + m.Name + ")"
			}
		}
	}
	return "an alarm is raised, etcd may refuse writes until it is disarmed: " + strings.Join(named, ", ")
}
