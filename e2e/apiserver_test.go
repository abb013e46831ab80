package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
)

// apiserver answers what kubectl asks an API server before it applies Secrets and
// ConfigMaps without writing them: which kinds there are, and that none of them exists.
// kubectl's own client then reads the manifests. It serves plain HTTP on 127.0.0.1:PORT.
func apiserver() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: apiserver PORT")
		os.Exit(1)
	}
	type object map[string]any
	kind := func(name, singular, kind string) object {
		return object{"name": name, "singularName": singular, "kind": kind, "namespaced": true, "verbs": []string{"create", "get", "list", "patch"}}
	}
	answers := map[string]object{
		"/api":  {"kind": "APIVersions", "versions": []string{"v1"}},
		"/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []string{}},
		"/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []object{
			kind("secrets", "secret", "Secret"), kind("configmaps", "configmap", "ConfigMap"),
		}},
	}
	fmt.Println("serving")
	err := http.ListenAndServe("127.0.0.1:"+os.Args[1], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer, known := answers[r.URL.Path]
		if !known {
			w.WriteHeader(http.StatusNotFound)
			answer = object{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": http.StatusNotFound}
		}
		_ = json.NewEncoder(w).Encode(answer) // the client sees what is missing
	}))
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
