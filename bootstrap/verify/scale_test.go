package verify

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/authority"
	"lockstep/policies"
	"lockstep/roles"
)

// BenchmarkJudge is all that verify computes itself about n components that are in step,
// and the questions of their proof. Ten times the components take at most twelve times
// the time: n log n.
func BenchmarkJudge(b *testing.B) {
	for _, n := range []int{300, 3000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := manyComponents(b, n)
			for b.Loop() {
				if r := Judge(e, Checks()); len(r.Findings) > 0 && r.Findings[0].Severity <= Error { // there is no canary
					b.Fatal(r.Findings[0])
				}
				examiner := roles.NewExaminer(roles.Desired(e.Policy))
				for _, c := range e.Policy.Components {
					if len(examiner.Questions(c.User.String(), sampleOthers)) == 0 {
						b.Fatal("no questions")
					}
				}
			}
		})
	}
}

// BenchmarkJudgeWithoutUsers is the same where every user is gone and every request refused: the
// users alone are findings. Ten times the components take at most twelve times the time.
func BenchmarkJudgeWithoutUsers(b *testing.B) {
	for _, n := range []int{300, 3000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			e := manyComponents(b, n)
			e.Auth.Users = nil
			for _, c := range e.Policy.Components {
				proof := Proof{Component: c.Name, User: c.User, Role: c.Role.String()}
				for range 3 {
					proof.Take([]roles.Answer{answer(roles.Allowed, roles.Denied, c.Name)})
				}
				e.Proofs = append(e.Proofs, proof)
			}
			for b.Loop() {
				if r := Judge(e, proofChecks()); len(r.Findings) > 0 {
					b.Fatal(r.Findings[0])
				}
			}
		})
	}
}

// manyComponents is the evidence of folder and etcd for a policy with n components that is
// carried out.
func manyComponents(b *testing.B, n int) *Evidence {
	b.Helper()
	var text strings.Builder
	text.WriteString("apiVersion: lockstep/v1\nkind: Policy\ncluster: {name: edge, members: [{name: etcd1, hosts: [10.0.0.11]}]}\ncomponents:\n")
	for i := range n {
		fmt.Fprintf(&text, "  - {name: c%d, permissions: [{prefix: /c%d/, access: readwrite}]}\n", i, i)
	}
	p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(text.String())})
	if err != nil {
		b.Fatal(err)
	}
	e := &Evidence{Policy: p, Now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	auth, wanted := roles.Desired(p), certgen.Desired(p)
	auth.Enabled = true
	state := certgen.State{Pairs: map[string]certgen.Pair{}, Files: wanted.Files}
	issuers := map[certgen.CA]*authority.Authority{}
	for _, profile := range wanted.Profiles {
		pair := certgen.Pair{Path: profile.Path, Key: certgen.KeyMatches, KeyMode: 0o600}
		if profile.Kind == certgen.KindCA {
			if issuers[profile.CA], _, err = authority.Create(profile, e.Now); err != nil {
				b.Fatal(err)
			}
			pair.Leaf = issuers[profile.CA].Certificate()
		} else {
			key, err := authority.NewKey(profile.Key)
			if err != nil {
				b.Fatal(err)
			}
			chain, err := issuers[profile.CA].Issue(b.Context(), key.Public(), profile, e.Now)
			if err != nil {
				b.Fatal(err)
			}
			pair.Leaf = chain[0]
		}
		state.Pairs[profile.Path] = pair
	}
	for path, ca := range wanted.Copies {
		state.Files[path] = certgen.EncodeCertificate(issuers[ca].Certificate())
	}
	lists := map[certgen.CA][]byte{}
	for path, ca := range wanted.CRLs {
		if lists[ca] == nil {
			if lists[ca], err = issuers[ca].RevocationList(nil, big.NewInt(1), e.Now); err != nil {
				b.Fatal(err)
			}
		}
		state.Files[path] = lists[ca]
	}
	e.Folder, e.Auth = &state, &auth
	return e
}
