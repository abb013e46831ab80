package e2e

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"
)

// manifests reads a file of Secrets, ConfigMaps and CronJobs as Kubernetes' own types, in which no
// field may be unknown and no name one that an API server refuses, and prints each in one
// line with its keys, or its schedule and command.
func manifests(_ *script, ts *testscript.TestScript, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: manifests FILE")
	}
	for document := range strings.SplitSeq(ts.ReadFile(args[0]), "---\n") {
		line, err := manifest([]byte(document))
		if err != nil {
			return fmt.Errorf("%w in:\n%s", err, document)
		}
		fmt.Fprintln(ts.Stdout(), line)
	}
	return nil
}

// cronJob is the line of a CronJob with one container, then a line for each container with its environment and command.
func cronJob(document []byte) (string, error) {
	var job batch.CronJob
	if err := yaml.UnmarshalStrict(document, &job); err != nil {
		return "", err
	}
	pod := job.Spec.JobTemplate.Spec.Template.Spec
	problems := slices.Concat(validation.IsDNS1123Subdomain(job.Name), validation.IsDNS1123Label(job.Namespace))
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
		problems = append(problems, validation.IsDNS1123Label(v.Name)...)
	}
	if len(pod.Containers) != 1 || len(strings.Fields(job.Spec.Schedule)) != 5 {
		return "", fmt.Errorf("%d containers, schedule %q", len(pod.Containers), job.Spec.Schedule)
	}
	commands := ""
	for _, c := range slices.Concat(pod.InitContainers, pod.Containers) {
		for _, m := range c.VolumeMounts {
			if !volumes[m.Name] {
				problems = append(problems, "no volume "+m.Name)
			}
		}
		var words []string
		for _, e := range c.Env {
			words = append(words, e.Name+"="+e.Value)
		}
		commands += "\n  " + c.Name + ": " + strings.Join(slices.Concat(words, c.Command, c.Args), " ")
	}
	if len(problems) > 0 {
		return "", fmt.Errorf("an API server refuses it: %s", strings.Join(problems, "; "))
	}
	return fmt.Sprintf("CronJob %s/%s: %s: %s", job.Namespace, job.Name, job.Spec.Schedule, strings.Join(pod.Containers[0].Args, " ")) + commands, nil
}

func manifest(document []byte) (string, error) {
	if bytes.Contains(document, []byte("kind: CronJob\n")) {
		return cronJob(document)
	}
	var (
		secret    core.Secret
		configMap core.ConfigMap
		keys      []string
		kind      string
	)
	meta := &secret.ObjectMeta
	switch {
	case bytes.Contains(document, []byte("kind: Secret\n")):
		if err := yaml.UnmarshalStrict(document, &secret); err != nil {
			return "", err
		}
		keys, kind = slices.Sorted(maps.Keys(secret.Data)), "Secret "+string(secret.Type)
		if secret.Type == core.SecretTypeTLS {
			if _, err := tls.X509KeyPair(secret.Data[core.TLSCertKey], secret.Data[core.TLSPrivateKeyKey]); err != nil {
				return "", err
			}
		}
	default:
		if err := yaml.UnmarshalStrict(document, &configMap); err != nil {
			return "", err
		}
		keys, kind, meta = slices.Sorted(maps.Keys(configMap.Data)), "ConfigMap", &configMap.ObjectMeta
	}
	problems := validation.IsDNS1123Subdomain(meta.Name)
	if meta.Namespace != "" {
		problems = append(problems, validation.IsDNS1123Label(meta.Namespace)...)
	}
	for _, key := range keys {
		problems = append(problems, validation.IsConfigMapKey(key)...)
	}
	if len(problems) > 0 {
		return "", fmt.Errorf("an API server refuses it: %s", strings.Join(problems, "; "))
	}
	return fmt.Sprintf("%s %s/%s: %s", kind, meta.Namespace, meta.Name, strings.Join(keys, " ")), nil
}
