package policies_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"lockstep/policies"
	"lockstep/policies/keyrange"
	"lockstep/policies/strict"
)

// Whatever Parse is given, it answers; whatever it accepts, the most common reader of
// YAML reads the same from it, and the schema allows it.
func FuzzParse(f *testing.F) {
	for _, kind := range []string{"valid", "invalid"} {
		for _, files := range cases(f, kind) {
			for _, file := range files {
				if len(file.Text) < 4096 {
					f.Add(string(file.Text))
				}
			}
		}
	}
	schema := compiled(f)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := policies.Parse(policies.File{Name: "f", Text: []byte(text)})
		if err != nil {
			checkProblems(t, err)
			return
		}
		checkPolicy(t, p)
		var d strict.Decoder
		mine := d.Read("f", []byte(text), policies.Type()).Plain()
		var theirs any
		if err := yaml.Unmarshal([]byte(text), &theirs); err != nil {
			t.Fatalf("sigs.k8s.io/yaml refuses what Parse accepts: %v", err)
		}
		if diff := cmp.Diff(mine, theirs); diff != "" {
			t.Errorf("sigs.k8s.io/yaml reads something else (-mine +theirs)\n%s", diff)
		}
		if err := schema.Validate(mine); err != nil {
			t.Errorf("the schema refuses what Parse accepts: %v", err)
		}
	})
}

func checkProblems(t *testing.T, err error) {
	problems, ok := err.(strict.Problems)
	if !ok || len(problems) == 0 {
		t.Fatalf("the error is %T: %v", err, err)
	}
	for _, p := range problems {
		if p.File == "" || p.Line < 1 || p.Column < 1 || p.Message == "" || p.Warning {
			t.Errorf("incomplete problem %+v", p)
		}
		if strings.Contains(p.Message, "%!") || strings.Contains(p.Hint, "%!") {
			t.Errorf("misprinted problem %v", p)
		}
	}
}

// checkPolicy is what the rest of lockstep relies on.
func checkPolicy(t *testing.T, p *policies.Policy) {
	if p.Cluster.Name == "" || (len(p.Cluster.Members) > 0) == (len(p.Cluster.Endpoints) > 0) {
		t.Errorf("cluster %+v", p.Cluster)
	}
	for _, m := range p.Cluster.Members {
		if m.Name == "" || len(m.Hosts) == 0 || m.Hosts[0] == "" || m.ClientURL == "" || m.PeerURL == "" {
			t.Errorf("member %+v", m)
		}
	}
	for _, c := range p.Components {
		if c.Name == "" || c.User.IsZero() || c.User == policies.Root() || c.Role.IsZero() || c.Lifetime <= 0 || c.Lifetime > p.Certificates.Lifetimes.CA {
			t.Errorf("component %+v", c)
		}
		if c.Administrator != (c.Role == policies.RootRole()) || c.Administrator && len(c.Permissions) > 0 {
			t.Errorf("power of %+v", c)
		}
		pairs := map[[2]string]bool{}
		for _, permission := range c.Permissions {
			pair := [2]string{permission.Key, permission.RangeEnd}
			if pairs[pair] || permission.Key == "" || permission.Range().Empty() || !keyrange.ReadWrite.Includes(permission.Access) || permission.Access == "" {
				t.Errorf("permission %v of %s", permission, c.Name)
			}
			pairs[pair] = true
		}
	}
}
