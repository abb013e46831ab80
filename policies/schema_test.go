package policies_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/yaml"

	"lockstep/policies"
	"lockstep/policies/goldentest"
)

// The schema that ships is the one that the reader's tables make.
func TestSchemaIsWhatTheReaderReads(t *testing.T) {
	t.Parallel()
	goldentest.Compare(t, *update, "lockstep.schema.json", string(policies.Schema()))
}

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(policies.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("lockstep.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("lockstep.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// instance is a file as an editor with a schema sees it.
func instance(text []byte) (any, error) {
	encoded, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
}

func TestSchemaAcceptsValid(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	for path, files := range cases(t, "valid") {
		for _, f := range files {
			document, err := instance(f.Text)
			if err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(document); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}

// A fault of the shape is refused by the schema as well, so an editor shows it. Which
// ones these are is listed: the others take the reader.
func TestSchemaRefusesFaultsOfTheShape(t *testing.T) {
	t.Parallel()
	schema := compiled(t)
	var refused []string
	for path, files := range cases(t, "invalid") {
		if len(files) > 1 {
			continue
		}
		document, err := instance(files[0].Text)
		if err != nil || schema.Validate(document) != nil {
			refused = append(refused, filepath.Base(path))
		}
	}
	slices.Sort(refused)
	goldentest.Compare(t, *update, filepath.Join("testdata", "schema-refuses.txt"), strings.Join(refused, "\n")+"\n")
}

// Every field has a sentence that an editor can show.
func TestSchemaExplainsEveryField(t *testing.T) {
	t.Parallel()
	var document any
	if err := json.Unmarshal(policies.Schema(), &document); err != nil {
		t.Fatal(err)
	}
	fields := 0
	var walk func(path string, v any)
	walk = func(path string, v any) {
		object, ok := v.(map[string]any)
		if !ok {
			return
		}
		properties, _ := object["properties"].(map[string]any)
		for name, field := range properties {
			fields++
			sentence, _ := field.(map[string]any)["description"].(string)
			if !strings.HasSuffix(sentence, ".") {
				t.Errorf("%s.%s: description %q is no sentence", path, name, sentence)
			}
			walk(path+"."+name, field)
		}
		walk(path+"[]", object["items"])
		walk(path+".*", object["additionalProperties"])
	}
	walk("", document)
	if fields < 40 {
		t.Errorf("only %d fields found", fields)
	}
}
