package verify

// Check is one question to the evidence, as data. Find is pure: it reads the evidence and
// returns a finding for each place where the answer is no.
type Check struct {
	Code     string   // area/name, stable: people write it into their policies and alerts
	Severity Severity // of its findings, unless one has its own; not set is critical
	Sentence string   // what holds when the check passes
	Remedy   string   // what to do about a finding, unless it has its own
	Needs    Needs
	Find     func(j *judgement) findings
	// Brief is what a finding is, in a few words, for the last line of a plan; "" where the
	// plan shows the thing itself, or cannot know it.
	Brief string
	// Together is the remedy of several findings of one text about files, which are told as one; nil:
	// each is told alone.
	Together func(j *judgement, all []Finding) string
	// Acceptable is whether the policy may accept a finding until a day. What opens etcd to
	// every client, or makes the report prove less than it says, never is.
	Acceptable bool
}

// Needs says which evidence a check cannot do without.
type Needs uint

const (
	NeedsFolder  Needs = 1 << iota // the PKI folder
	NeedsAuth                      // etcd's users and roles
	NeedsSurvey                    // that the members were asked
	NeedsMembers                   // that one of them answered
	NeedsProof                     // what the components proved themselves
	NeedsRoot                      // root's certificate
	NeedsName                      // any certificate with a CN, root's or another's
	NeedsCanary                    // what revocation lists name in order to be seen
	NeedsProxy                     // of the rest only where the policy has a proxy
)

// Texts is what the check needs, in words.
func (n Needs) Texts() (out []string) {
	for _, need := range []struct {
		one  Needs
		text string
	}{
		{NeedsFolder, "the PKI folder"}, {NeedsAuth, "etcd's users and roles"}, {NeedsSurvey, "the members"}, {NeedsMembers, "a member that answers"},
		{NeedsProof, "what the components proved"}, {NeedsRoot, "root's certificate"}, {NeedsName, "a certificate with a CN"}, {NeedsCanary, "a canary (canary/ of the PKI folder)"},
		{NeedsProxy, "a proxy of the policy"},
	} {
		if n&need.one != 0 {
			out = append(out, need.text)
		}
	}
	return out
}

// Checks is every check, in the order of the pages of docs/checks.md.
func Checks() []Check {
	var all []Check
	for _, area := range [][]Check{certificateChecks(), authorityChecks(), folderChecks(), listChecks(), authChecks(), MemberChecks(), serverChecks(), advertisedChecks(), settingChecks(), callChecks(), proxyChecks(), proofChecks(), acceptChecks()} {
		all = append(all, area...)
	}
	return all
}
