package verify

import (
	"fmt"
	"strconv"
	"strings"
)

// settingChecks are about how a member was started. Etcd tells its flags alone: what it reads
// from its environment, as members with an etcd.env do, or from a file is not seen.
func settingChecks() []Check {
	return append(gatewayChecks(), []Check{
		{
			Code: "members/gateway", Severity: Info, Needs: NeedsMembers, Acceptable: true,
			Sentence: "no member answers the HTTP gateway without a component that needs it",
			Remedy:   "where no other program needs it, start the member with its etcd.env (ETCD_ENABLE_GRPC_GATEWAY=false); one that lockstep does not make with --enable-grpc-gateway=false",
			Find:     eachReached(findGateway),
		},
		{
			Code: "members/auth-token", Severity: Warning, Needs: NeedsMembers, Acceptable: true,
			Sentence: "every member gives a user with a password a token, as far as its flags tell (/debug/vars)",
			Remedy:   "start the member without --auth-token (it is then simple), or with a JWT key that signs (priv-key)",
			Find:     eachReached(findNoTokens),
		},
		{
			Code: "members/settings", Severity: Info, Needs: NeedsMembers, Acceptable: true,
			Sentence: "no member was started with a flag that weakens what lockstep manages, as far as its flags tell (/debug/vars)",
			Remedy:   "start the member without the flag where it is not meant to be there",
			Find:     eachReached(findSettings),
		},
	}...)
}

func findGateway(j *judgement, m Member) (out findings) {
	if m.Gateway == Accepted && !j.Policy.Gateway() {
		out.add(m.subject(), "answers the HTTP gateway (/v3/...): it refuses a certificate with a CN, and takes a password of any user")
	}
	return out
}

// findNoTokens finds a member where no password can turn auth off again (facts 3 and 34).
func findNoTokens(_ *judgement, m Member) (out findings) {
	kind, given := flagsOf(m.Command)["auth-token"]
	_, signs := parameter(kind, "priv-key")
	switch {
	case !given:
	case kind == "":
		out.add(m.subject(), "was started with --auth-token '': no user with a password can log in, not even to turn auth off")
	case strings.HasPrefix(kind, "jwt") && !signs:
		out.add(m.subject(), fmt.Sprintf("was started with --auth-token %q, whose key only verifies: no user with a password can log in, not even to turn auth off", kind))
	}
	return out
}

// parameter is the value of one of the comma-separated parameters of a flag.
func parameter(text, name string) (string, bool) {
	for _, part := range strings.Split(text, ",") {
		if key, value, found := strings.Cut(part, "="); found && key == name {
			return value, true
		}
	}
	return "", false
}

// weakening is the flags that weaken, and what they do; weak tells by the value.
var weakening = []struct {
	flag string
	weak func(value string) bool
	does string
}{
	{"auto-tls", isOn, "the member makes its own certificate for clients"},
	{"peer-auto-tls", isOn, "the member makes its own certificate for members, and trusts every other one"},
	{"bcrypt-cost", func(v string) bool { n, err := strconv.Atoi(v); return err == nil && n < 10 }, "passwords are easier to guess from a copy of the data than with etcd's default of 10"},
	{"enable-pprof", isOn, "every certificate that the member takes may read its profiles"},
	{"force-new-cluster", isOn, "the next start makes another cluster of this member"},
	{"unsafe-no-fsync", isOn, "a crash of the host can undo a change of users and roles that etcd confirmed"},
}

func isOn(value string) bool {
	on, err := strconv.ParseBool(value)
	return value == "" || err == nil && on
}

func findSettings(_ *judgement, m Member) (out findings) {
	flags := flagsOf(m.Command)
	for _, w := range weakening {
		if value, given := flags[w.flag]; given && w.weak(value) {
			out.add(m.subject(), fmt.Sprintf("was started with --%s: %s", strings.TrimSuffix(w.flag+"="+value, "="), w.does))
		}
	}
	return out
}

// flagsOf is the flags of a command line, as package flag reads them: one or two dashes, and
// the value behind "=" or as the next word.
func flagsOf(command []string) map[string]string {
	flags := map[string]string{}
	if len(command) == 0 {
		return flags
	}
	words := command[1:]
	for i, word := range words {
		name, dashed := strings.CutPrefix(word, "-")
		name = strings.TrimPrefix(name, "-")
		if !dashed {
			continue
		}
		name, value, given := strings.Cut(name, "=")
		if !given && i+1 < len(words) && !strings.HasPrefix(words[i+1], "-") {
			value = words[i+1]
		}
		flags[name] = value
	}
	return flags
}
