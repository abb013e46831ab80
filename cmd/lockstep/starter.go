package main

import (
	"fmt"
	"strings"

	"lockstep/bootstrap/adopt"
	"lockstep/policies/presets"
)

const starterHead = `# A policy for lockstep: who may do what in etcd, one identity for each component.
#   lockstep lint        is it right?
#   lockstep rehearse    prove it on a throwaway local etcd
apiVersion: lockstep/v1
kind: Policy

cluster:
  name: edge
  # Your etcd servers: put their addresses here. The first host is the address that
  # clients and the other members dial; all of them go into the certificate.
  members:
    - {name: etcd1, hosts: [10.0.0.11]}
    - {name: etcd2, hosts: [10.0.0.12]}
    - {name: etcd3, hosts: [10.0.0.13]}

# The name is also the etcd user, the role and the CN of the certificate.
components:
`

const starterExample = `  # What known software needs comes as a preset: lockstep presets lists them.
  - name: app
    permissions:
      - {prefix: /app/, access: readwrite}    # read, write or readwrite
`

const starterTail = `
  # Snapshots, defragmentation and member changes need etcd's role root; there is no
  # finer right. Uncomment it if a program does that for you:
  # - {name: snapshots, preset: backup/snapshot}
`

// starter is a policy with one component for each preset, or with an example.
func starter(chosen []presets.Preset) string {
	var b strings.Builder
	b.WriteString(starterHead)
	if len(chosen) == 0 {
		b.WriteString(starterExample)
	}
	seen := map[string]int{}
	for i, p := range chosen {
		if i > 0 {
			b.WriteString("\n")
		}
		name, user := adopt.ComponentName(p.Name), ""
		if seen[name]++; seen[name] > 1 {
			name = fmt.Sprintf("%s-%d", name, seen[name])
			if p.User != "" {
				user = name // the preset's own is the first one's
			}
		}
		starterComponent(&b, name, user, p)
	}
	b.WriteString(starterTail)
	return b.String()
}

// starterComponent writes one component; user is "" for the default.
func starterComponent(b *strings.Builder, name, user string, p presets.Preset) {
	fmt.Fprintf(b, "  # %s. lockstep presets show %s says how to configure it.\n", p.Summary, p.Name)
	_, notes, _ := p.Expand(name, nil)
	for _, note := range notes {
		comment(b, note)
	}
	for _, c := range p.Calls {
		if c.Instead != "" {
			comment(b, fmt.Sprintf("Where etcd refuses it %s (lockstep presets calls): %s.", c.Call, c.Instead))
		}
	}
	separator, end := ", ", "}\n"
	if len(p.Parameters) == 0 {
		b.WriteString("  - {")
	} else {
		b.WriteString("  - ")
		separator, end = "\n    ", "\n    with:\n"
	}
	fields := []string{"name: " + name, "preset: " + p.Name}
	if user != "" {
		fields = append(fields, "user: "+user)
	}
	b.WriteString(strings.Join(fields, separator) + end)
	for _, parameter := range p.Parameters {
		fmt.Fprintf(b, "      %s: %q    # %s\n", parameter.Name, parameter.Default, parameter.Description)
	}
}

// comment writes one note for the operator as lines of at most 90 columns.
func comment(b *strings.Builder, note string) {
	line := "  # -"
	for _, word := range strings.Fields(note) {
		if len(line)+1+len(word) > 90 {
			b.WriteString(line + "\n")
			line = "  #  "
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
