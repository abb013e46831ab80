package e2e

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// manifests has a file of Secrets, ConfigMaps and CronJobs judged as an API server does (kubernetes/main.go),
// and prints each in one line with its keys, or its schedule and its containers' commands.
func manifests(_ *script, ts *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: manifests FILE")
	}
	text := ts.ReadFile(args[0])
	if err := judged(text); err != nil {
		return fmt.Errorf("an API server refuses %s: %w", args[0], err)
	}
	for document := range strings.SplitSeq(text, "---\n") {
		line, err := manifest([]byte(document))
		if err != nil {
			return fmt.Errorf("%w in:\n%s", err, document)
		}
		fmt.Fprintln(ts.Stdout(), line)
	}
	return nil
}

// judged builds the program kubernetes and runs it. go build links again only what changed.
func judged(text string) error {
	building.Lock()
	defer building.Unlock()
	program, err := filepath.Abs(filepath.Join(binaries, "kubernetes"))
	if err != nil {
		return err
	}
	build := exec.Command("go", "build", "-C", "kubernetes", "-trimpath", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building the judge of manifests: %w\n%s", err, said)
	}
	judge := exec.Command(program)
	judge.Stdin = strings.NewReader(text)
	if said, err := judge.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	return nil
}

// cronJob is the line of a CronJob, then a line for each container with its environment and command.
func cronJob(document []byte) (string, error) {
	var job batch.CronJob
	if err := yaml.UnmarshalStrict(document, &job); err != nil {
		return "", err
	}
	pod := job.Spec.JobTemplate.Spec.Template.Spec
	if len(pod.Containers) != 1 {
		return "", fmt.Errorf("%d containers", len(pod.Containers))
	}
	line := fmt.Sprintf("CronJob %s/%s: %s: %s", job.Namespace, job.Name, job.Spec.Schedule, strings.Join(pod.Containers[0].Args, " "))
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		var words []string
		for _, e := range c.Env {
			words = append(words, e.Name+"="+e.Value)
		}
		line += "\n  " + c.Name + ": " + strings.Join(slices.Concat(words, c.Command, c.Args), " ")
	}
	return line, nil
}

func manifest(document []byte) (string, error) {
	if bytes.Contains(document, []byte("kind: CronJob\n")) {
		return cronJob(document)
	}
	var (
		secret    core.Secret
		configMap core.ConfigMap
	)
	if !bytes.Contains(document, []byte("kind: Secret\n")) {
		if err := yaml.UnmarshalStrict(document, &configMap); err != nil {
			return "", err
		}
		return fmt.Sprintf("ConfigMap %s/%s: %s", configMap.Namespace, configMap.Name, strings.Join(slices.Sorted(maps.Keys(configMap.Data)), " ")), nil
	}
	if err := yaml.UnmarshalStrict(document, &secret); err != nil {
		return "", err
	}
	if secret.Type == core.SecretTypeTLS {
		if _, err := tls.X509KeyPair(secret.Data[core.TLSCertKey], secret.Data[core.TLSPrivateKeyKey]); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("Secret %s %s/%s: %s", secret.Type, secret.Namespace, secret.Name, strings.Join(slices.Sorted(maps.Keys(secret.Data)), " ")), nil
}
