package presets

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const server = `
parameters:
  root: {default: /srv/}
permissions: []
config: |
  # {name}
  storage "etcd" {
    address = "{endpoints}"
    path    = "{root}/x"
  }
  - {endpoint} with {cert}
  - "{address}"
  tls {cert} {key} {ca}, endpoints {endpoints-by-space} { not one of ours }
  first {host} {port} as {user} by {password-file}
`

func TestConfigure(t *testing.T) {
	t.Parallel()
	preset, problems := read(t, server)
	if problems != nil {
		t.Fatal(problems)
	}
	whole := Site{Endpoints: []string{"https://10.0.0.1:2379", "https://[fd00::1]:2379"}, CA: "/c/ca.crt", Cert: "/c/client.crt", Key: "/c/client.key", User: "acme-user", Password: "/c/password"}
	tests := []struct {
		name string
		with map[string]string
		site Site
		want string
		left []string
	}{
		{name: "all of it", site: whole, want: `# acme
storage "etcd" {
  address = "https://10.0.0.1:2379,https://[fd00::1]:2379"
  path    = "/srv/x"
}
- https://10.0.0.1:2379 with /c/client.crt
- https://[fd00::1]:2379 with /c/client.crt
- "10.0.0.1:2379"
- "[fd00::1]:2379"
tls /c/client.crt /c/client.key /c/ca.crt, endpoints https://10.0.0.1:2379 https://[fd00::1]:2379 { not one of ours }
first 10.0.0.1 2379 as acme-user by /c/password
`},
		{name: "nothing is known", with: map[string]string{"root": "/other/"}, want: `# acme
storage "etcd" {
  address = "{endpoints}"
  path    = "/other/x"
}
- {endpoint} with {cert}
- "{address}"
tls {cert} {key} {ca}, endpoints {endpoints-by-space} { not one of ours }
first {host} {port} as {user} by {password-file}
`},
		{
			name: "what a shell would run stays out", with: map[string]string{"root": "/x\nrm -rf $(cat /etc/x)"},
			site: Site{Endpoints: []string{"https://a:1"}, CA: "/c d/ca.crt", Cert: "/c/{key}", Key: "/c/client.key"},
			want: `# acme
storage "etcd" {
  address = "https://a:1"
  path    = "{root}/x"
}
- https://a:1 with {cert}
- "a:1"
tls {cert} /c/client.key {ca}, endpoints https://a:1 { not one of ours }
first a 1 as {user} by {password-file}
`,
			left: []string{
				`{root} stands for "/x\nrm -rf $(cat /etc/x)", which a shell or a file may take for something else`,
				`{cert} stands for "/c/{key}", which a shell or a file may take for something else`,
				`{ca} stands for "/c d/ca.crt", which a shell or a file may take for something else`,
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, left := preset.Configure("acme", test.with, test.site)
			if diff := cmp.Diff(test.want, got) + cmp.Diff(test.left, left); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Every placeholder of what comes with lockstep is filled, and no line is left with a blank.
func TestEveryBuiltinConfigurationIsFilled(t *testing.T) {
	t.Parallel()
	site := Site{Endpoints: []string{"https://10.0.0.1:2379"}, CA: "/c/ca.crt", Cert: "/c/client.crt", Key: "/c/client.key", User: "x", Password: "/c/password"}
	for _, p := range List() {
		text, left := p.Configure("x", nil, site)
		if open := inConfig.FindAllString(text, -1); len(open) > 0 || len(left) > 0 {
			t.Errorf("%s: %v, %v:\n%s", p.Name, open, left, text)
		}
	}
}
