package e2e

import (
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"sigs.k8s.io/yaml"
)

// workflow writes the commands of a job of a workflow file, GitHub's or GitLab's, to FILE, as a
// script for sh -e: each step is a shell of its own.
func workflow(_ *script, ts *testscript.TestScript, args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: workflow WORKFLOW JOB FILE")
	}
	text := []byte(ts.ReadFile(args[0]))
	var github struct {
		Jobs map[string]struct {
			Steps []struct{ Run string }
		}
	}
	if err := yaml.Unmarshal(text, &github); err != nil {
		return err
	}
	var steps []string
	for _, s := range github.Jobs[args[1]].Steps {
		steps = append(steps, s.Run)
	}
	if github.Jobs == nil {
		var gitlab map[string]any
		if err := yaml.Unmarshal(text, &gitlab); err != nil {
			return err
		}
		job, _ := gitlab[args[1]].(map[string]any)
		lines, _ := job["script"].([]any)
		for _, line := range lines {
			steps = append(steps, fmt.Sprint(line))
		}
	}
	var out strings.Builder
	for _, step := range steps {
		if step != "" { // GitHub: it uses an action
			fmt.Fprintf(&out, "(\n%s\n)\n", strings.TrimSpace(step))
		}
	}
	if out.Len() == 0 {
		return fmt.Errorf("%s has no job %s with commands", args[0], args[1])
	}
	return os.WriteFile(ts.MkAbs(args[2]), []byte(out.String()), 0o644)
}
