package e2e

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/yaml"
)

// manifests reads a file of Secrets and ConfigMaps as Kubernetes' own types, in which no
// field may be unknown and no name one that an API server refuses, and prints each in one
// line with its keys.
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

func manifest(document []byte) (string, error) {
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
