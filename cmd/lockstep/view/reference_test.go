package view

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lockstep/policies/goldentest"
)

var update = flag.Bool("update", false, "write docs/json.md instead of comparing it")

// TestJSONReference compares docs/json.md with the documents' types: their kinds, fields and comments.
func TestJSONReference(t *testing.T) {
	t.Parallel()
	goldentest.Compare(t, *update, filepath.Join("..", "..", "..", "docs", "json.md"), readTypes(t).reference(t))
}

// documented is the types of this package, and the kinds that its code gives to documents.
type documented struct {
	types map[string]*ast.StructType
	docs  map[string]string
	kinds []string
}

func readTypes(t *testing.T) documented {
	t.Helper()
	paths, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	d := documented{types: map[string]*ast.StructType{}, docs: map[string]string{}}
	for _, path := range append(paths, "../verify.go", "../bootstrap.go", "../rehearse.go") {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?:header\(|view\.Proof\{Kind: )"(\w+)"`).FindAllSubmatch(text, -1) {
			d.kinds = append(d.kinds, string(m[1]))
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			decl, ok := n.(*ast.GenDecl)
			if !ok || decl.Tok != token.TYPE {
				return true
			}
			for _, spec := range decl.Specs {
				if s, ok := spec.(*ast.TypeSpec); ok {
					if fields, ok := s.Type.(*ast.StructType); ok {
						d.types[s.Name.Name], d.docs[s.Name.Name] = fields, strings.Join(strings.Fields(decl.Doc.Text()), " ")
					}
				}
			}
			return true
		})
	}
	slices.Sort(d.kinds)
	d.kinds = slices.Compact(d.kinds)
	return d
}

// reference is the page.
func (d documented) reference(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("# The JSON documents\n\n`-o json` writes exactly one document. `go test ./cmd/lockstep/view -run Reference -update` writes this page from the code.\n\n" +
		"Every document begins with `formatVersion` (`" + FormatVersion + "`) and `kind`. Fields may be added within a version; none changes its meaning or goes away. " +
		"A field with \"?\" is left out where it says nothing. The help page of each command is in [cli.md](cli.md); [plan.md](plan.md) says more of plans.\n")
	var names []string
	for name, fields := range d.types {
		if d.embeds(fields, "Header") {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(x, y string) int { return strings.Compare(d.docs[x], d.docs[y]) })
	undescribed := slices.Clone(d.kinds)
	sections := map[string]string{}
	for _, name := range names {
		m := regexp.MustCompile(`^\w+ is (.*?) ?\(kinds? ([\w, ]+)\)(.*)$`).FindStringSubmatch(d.docs[name])
		if m == nil {
			t.Errorf("the comment of %s names no kind: %s", name, d.docs[name])
			continue
		}
		kinds := regexp.MustCompile(`\b[A-Z]\w+\b`).FindAllString(m[2], -1)
		for _, more := range regexp.MustCompile(`\bkind (\w+)`).FindAllStringSubmatch(m[3], -1) {
			kinds = append(kinds, more[1])
		}
		undescribed = slices.DeleteFunc(undescribed, func(k string) bool { return slices.Contains(kinds, k) })
		var s strings.Builder
		fmt.Fprintf(&s, "\n## %s\n\n%s%s\n\n| Field | Type | |\n| --- | --- | --- |\n", strings.Join(kinds, ", "), strings.ToUpper(m[1][:1])+m[1][1:], strings.TrimRight(m[3], ".")+".")
		d.rows(&s, d.types[name], "")
		sections[strings.Join(kinds, ", ")] = s.String()
	}
	if len(undescribed) > 0 {
		t.Errorf("no type says what these kinds are: %v", undescribed)
	}
	for _, title := range sortedKeys(sections) {
		b.WriteString(sections[title])
	}
	return b.String()
}

func sortedKeys(m map[string]string) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (d documented) embeds(fields *ast.StructType, name string) bool {
	return slices.ContainsFunc(fields.Fields.List, func(f *ast.Field) bool {
		id, ok := f.Type.(*ast.Ident)
		return len(f.Names) == 0 && ok && id.Name == name
	})
}

// rows writes a row for each field below path.
func (d documented) rows(b *strings.Builder, fields *ast.StructType, path string) {
	for _, f := range fields.Fields.List {
		kind, below := d.kindOf(f.Type)
		if len(f.Names) == 0 || f.Tag == nil {
			if inner := d.types[below]; inner != nil && below != "Header" {
				d.rows(b, inner, path)
			}
			continue
		}
		tag, _ := strconv.Unquote(f.Tag.Value)
		name, options, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		if name == "-" {
			continue
		}
		optional := ""
		if strings.Contains(options, "omit") {
			optional = "?"
		}
		comment := strings.Join(strings.Fields(f.Doc.Text()+" "+f.Comment.Text()), " ")
		fmt.Fprintf(b, "| `%s%s`%s | %s | %s |\n", path, name, optional, kind, strings.ReplaceAll(comment, "|", "\\|"))
		if inner := d.types[below]; inner != nil {
			suffix := "."
			if strings.HasPrefix(kind, "list") {
				suffix = "[]."
			}
			d.rows(b, inner, path+name+suffix)
		}
	}
}

// kindOf is a type in the words of JSON, and the type of this package below it.
func (d documented) kindOf(e ast.Expr) (kind, below string) {
	switch e := e.(type) {
	case *ast.StarExpr:
		return d.kindOf(e.X)
	case *ast.ArrayType:
		kind, below = d.kindOf(e.Elt)
		return "list of " + strings.TrimSuffix(kind, "s") + "s", below
	case *ast.MapType:
		kind, _ = d.kindOf(e.Value)
		return "object of " + kind + "s", ""
	case *ast.Ident:
		switch {
		case d.types[e.Name] != nil:
			return "object", e.Name
		case e.Name == "bool":
			return "boolean", ""
		case strings.HasPrefix(e.Name, "int"), strings.HasPrefix(e.Name, "uint"), strings.HasPrefix(e.Name, "float"):
			return "number", ""
		}
	}
	return "string", ""
}
