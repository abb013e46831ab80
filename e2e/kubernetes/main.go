// Command kubernetes judges manifests on stdin as an API server of Kubernetes does: by its own
// strict decoding, defaults and validation. It is a module of its own, because it needs the whole of Kubernetes.
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/apis/batch"
	batchv1 "k8s.io/kubernetes/pkg/apis/batch/v1"
	batchvalidation "k8s.io/kubernetes/pkg/apis/batch/validation"
	"k8s.io/kubernetes/pkg/apis/core"
	corev1 "k8s.io/kubernetes/pkg/apis/core/v1"
	corevalidation "k8s.io/kubernetes/pkg/apis/core/validation"
)

func main() {
	if err := judge(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func judge(r io.Reader) error {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{batch.AddToScheme, batchv1.AddToScheme, core.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			return err
		}
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder(batch.SchemeGroupVersion, core.SchemeGroupVersion)
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		object, kind, err := decoder.Decode(document, nil, nil)
		if err != nil {
			return err
		}
		problems, err := validate(object)
		if err != nil {
			return err
		}
		if len(problems) > 0 {
			return fmt.Errorf("%s: %w", kind.Kind, problems.ToAggregate())
		}
	}
	return nil
}

// validate is what the API server finds wrong. Where a manifest names no namespace, kubectl gives it one.
func validate(object runtime.Object) (field.ErrorList, error) {
	const namespace = "default"
	switch o := object.(type) {
	case *batch.CronJob:
		if o.Namespace == "" {
			o.Namespace = namespace
		}
		return batchvalidation.ValidateCronJobCreate(o, corevalidation.PodValidationOptions{}), nil
	case *core.Secret:
		if o.Namespace == "" {
			o.Namespace = namespace
		}
		return corevalidation.ValidateSecret(o), nil
	case *core.ConfigMap:
		if o.Namespace == "" {
			o.Namespace = namespace
		}
		return corevalidation.ValidateConfigMap(o), nil
	}
	return nil, fmt.Errorf("no manifest of lockstep's is a %T", object)
}
