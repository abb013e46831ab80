package certgen

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"lockstep/policies"
)

// A member joins a cluster that runs from the day on which its etcd.env says so
// (ETCD_INITIAL_CLUSTER_STATE=existing) until it is proven. Then its etcd.env is as that of the
// other members: one that loses its data does not come back under its old ID with an empty log.

// Settings that say where members are.
const (
	initialClusterName = "ETCD_INITIAL_CLUSTER"
	initialStateName   = "ETCD_INITIAL_CLUSTER_STATE"
	proxyFlagsName     = "ETCD_GRPC_PROXY_FLAGS"
	endpointsName      = "ETCDCTL_ENDPOINTS"
	replacesName       = "LOCKSTEP_REPLACES" // etcd does not read it

	stateNew      = "new"
	stateExisting = "existing"
)

// JoinEnv is the etcd.env of m while it joins a cluster that runs. cluster is what
// ETCD_INITIAL_CLUSTER has to say: the members that the cluster lists, and m. replaces is the ID
// of the member whose place m takes; 0 for none.
func JoinEnv(p *policies.Policy, m policies.Member, cluster []policies.Member, replaces uint64) []byte {
	return joinEnv(p, m, initialCluster(cluster), replaces)
}

func joinEnv(p *policies.Policy, m policies.Member, cluster string, replaces uint64) []byte {
	content := memberEnv(p, m, stateExisting, cluster)
	if replaces != 0 {
		content = fmt.Appendf(content, "%s=%x\n", replacesName, replaces)
	}
	return content
}

// MemberEnvPath is the path of the etcd.env of the member with that name.
func MemberEnvPath(name string) string {
	return Place{Kind: PlaceMember, Name: name}.In("etcd.env").String()
}

// Joining reports whether the etcd.env of the member with that name says that it joins a
// cluster that runs.
func (s State) Joining(name string) bool {
	state, _ := setting(s.Files[MemberEnvPath(name)], initialStateName)
	return state == stateExisting
}

// Replaces is the ID of the member of the cluster whose place the member with that name takes
// while it joins; 0 for none.
func (s State) Replaces(name string) uint64 {
	text, _ := setting(s.Files[MemberEnvPath(name)], replacesName)
	id, err := strconv.ParseUint(text, 16, 64)
	if err != nil {
		return 0
	}
	return id
}

// JoinVerb is the verb of lockstep members by which the member with that name joins.
func (s State) JoinVerb(name string) string {
	if s.Replaces(name) != 0 {
		return "replace"
	}
	return "add"
}

// ClientsHave reports whether a client's list of members has the URL.
func (s State) ClientsHave(url string) bool {
	for _, content := range s.Files {
		if list, there := setting(content, endpointsName); there && slices.Contains(strings.Split(list, ","), url) {
			return true
		}
	}
	return false
}

// whileJoining is w while members of the policy join: their own etcd.env keeps its initial
// cluster, and in every other file the list of members stays as it is. A file that is not there
// yet does not name them.
func (w Wanted) whileJoining(s State) Wanted {
	if w.policy == nil {
		return w
	}
	others := *w.policy
	others.Cluster.Members = slices.DeleteFunc(slices.Clone(w.policy.Cluster.Members), func(m policies.Member) bool { return s.Joining(m.Name) })
	if left := len(others.Cluster.Members); left == 0 || left == len(w.policy.Cluster.Members) {
		return w
	}
	without := Desired(&others).Files
	without[rootEnvPath] = RootEnv(&others)
	w.Files = maps.Clone(w.Files)
	for name, want := range w.Files {
		if strings.HasSuffix(name, ".env") {
			w.Files[name] = keepLists(want, s.Files[name], without[name])
		}
	}
	for _, m := range w.policy.Cluster.Members {
		if s.Joining(m.Name) {
			name := MemberEnvPath(m.Name)
			cluster, _ := setting(s.Files[name], initialClusterName)
			w.Files[name] = joinEnv(w.policy, m, cluster, s.Replaces(m.Name))
		}
	}
	return w
}

// keepLists is want with the lists of members as found has them, else as without has them.
func keepLists(want, found, without []byte) []byte {
	var out strings.Builder
	for line := range strings.Lines(string(want)) {
		name, _, _ := strings.Cut(line, "=")
		if slices.Contains([]string{initialClusterName, proxyFlagsName, endpointsName}, name) {
			value, ok := setting(found, name)
			if !ok {
				value, ok = setting(without, name)
			}
			if ok {
				line = name + "=" + quote(value) + "\n"
			}
		}
		out.WriteString(line)
	}
	return []byte(out.String())
}

// setting is the value of a setting in an env file, and whether it is there.
func setting(content []byte, name string) (value string, found bool) {
	for _, line := range settings(content) {
		if value, found := strings.CutPrefix(line, name+"="); found {
			return value, true
		}
	}
	return "", false
}

// withoutSetting is an env file without the lines of a setting.
func withoutSetting(content []byte, name string) []byte {
	var out strings.Builder
	for line := range strings.Lines(string(content)) {
		if !strings.HasPrefix(line, name+"=") {
			out.WriteString(line)
		}
	}
	return []byte(out.String())
}
