package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"lockstep/policies"
	"lockstep/policies/presets"
)

// Whatever init writes, lint takes: for no preset, for each one, and for all at once.
func TestStarterPoliciesAreValid(t *testing.T) {
	t.Parallel()
	chosen := [][]presets.Preset{nil, presets.List(), slices.Concat(presets.List(), presets.List())}
	for _, p := range presets.List() {
		chosen = append(chosen, []presets.Preset{p})
	}
	for i, list := range chosen {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			text := starter(list)
			p, err := policies.Parse(policies.File{Name: "lockstep.yaml", Text: []byte(text)})
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if got, want := len(p.Components), max(1, len(list)); got != want {
				t.Errorf("%d components, want %d", got, want)
			}
			for j, preset := range list {
				given, notes, _ := preset.Expand(p.Components[j].Name, nil)
				for _, note := range notes {
					if !strings.Contains(uncommented(text), note) {
						t.Errorf("component %s: the note %q is not there", p.Components[j].Name, note)
					}
				}
				if c := p.Components[j]; c.Preset != preset.Name || len(c.Permissions) != len(given) {
					t.Errorf("component %s: preset %s with %d permissions, want %s with %d", c.Name, c.Preset, len(c.Permissions), preset.Name, len(given))
				}
			}
		})
	}
}

// uncommented is text in one line, without the marks of comments.
func uncommented(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "#", "")), " ")
}
