package verify

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lockstep/policies"
	"lockstep/policies/calls"
	"lockstep/policies/presets"
)

// callChecks are about calls beside requests for keys, which etcd judges by its version.
func callChecks() []Check {
	return []Check{{
		Code: "members/calls", Severity: Info, Needs: NeedsMembers, Acceptable: true,
		Sentence: "etcd's version refuses no component a call that it makes, by its preset or its calls",
		Remedy:   "configure what the finding says, then write under calls of the component what it still calls (calls: [] for nothing)",
		Find:     findCalls,
	}}
}

// RefusedCall is a call that members refuse to a component.
type RefusedCall struct {
	Component policies.Component
	presets.Calling
	who      calls.Who
	versions []string // of the members that refuse it, each once, sorted
}

// RefusedCalls is what members of these versions refuse to the policy's components while auth is
// on, in the policy's order. An administrator is refused nothing.
func RefusedCalls(p *policies.Policy, versions []string) (out []RefusedCall) {
	for _, c := range p.Components {
		if c.Administrator {
			continue
		}
		for _, calling := range c.Calls {
			call, known := calls.Find(calling.Call)
			if !known {
				continue // parsing refuses it
			}
			// One that is for the users of a lease's keys is refused for other keys alone.
			for _, who := range []calls.Who{calls.Root, calls.AllKeys} {
				if refuse := versionsFor(call, versions, who); len(refuse) > 0 {
					calling.Instead = cmp.Or(calling.Instead, call.Instead)
					out = append(out, RefusedCall{c, calling, who, refuse})
				}
			}
		}
	}
	return out
}

// versionsFor is the versions in which the call is for who alone, each once, sorted.
func versionsFor(call calls.Call, versions []string, who calls.Who) (out []string) {
	for _, version := range versions {
		if call.Who(version) == who {
			out = append(out, version)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Text is what is refused, as a finding says it.
func (r RefusedCall) Text() string {
	return fmt.Sprintf("calls %s, which etcd %s leaves to %s", r.Call, strings.Join(r.versions, " and "), r.who)
}

// Note is what is refused, and what to configure instead.
func (r RefusedCall) Note() string { return r.Text() + ": " + r.Instead + "." }

// findCalls reads the versions of the members that told theirs. While auth is off nothing is
// refused, and another check says so.
func findCalls(j *judgement) (out findings) {
	var versions []string
	for _, m := range j.Members {
		if m.Err == nil && m.Described && m.AuthOn {
			versions = append(versions, m.Version)
		}
	}
	for _, r := range RefusedCalls(j.Policy, versions) {
		out.add(Subject{SubjectComponent, r.Component.Name}, r.Text(),
			fmt.Sprintf("%s; then write under calls of the component what it still calls (calls: [] for nothing)", r.Instead))
	}
	return out
}
