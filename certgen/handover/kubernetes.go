package handover

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"lockstep/policies/hint"
	"lockstep/policies/presets"
)

// Place is where in Kubernetes a Secret is to be; what is "" the preset says.
type Place struct{ Secret, Namespace string }

// objectName is what Kubernetes takes as the name of a Secret or ConfigMap (a DNS
// subdomain, RFC 1123), and namespaceName as a namespace (a DNS label).
var (
	objectName    = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$`)
	namespaceName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// entry is one entry of a Secret or ConfigMap.
type entry struct{ key, value string }

// Kubernetes is a Secret as the preset's software expects it, of a component also a
// ConfigMap with the endpoints and the rest of its configuration.
func Kubernetes(id Identity, at Place) (Export, error) {
	form := id.form()
	at.Secret, at.Namespace = cmp.Or(at.Secret, form.Secret), cmp.Or(at.Namespace, form.Namespace)
	if !objectName.MatchString(at.Secret) || len(at.Secret) > 253 {
		return Export{}, hint.With(fmt.Errorf("%q is not a name for a Secret", at.Secret), "Give it another name with --secret: small letters, digits, hyphens and dots.")
	}
	if at.Namespace != "" && !namespaceName.MatchString(at.Namespace) {
		return Export{}, hint.With(fmt.Errorf("%q is not a namespace", at.Namespace), "Write small letters, digits and hyphens, 63 at most.")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, written by lockstep certs export. It holds a private key.\n", id.what())
	fmt.Fprintf(&b, "# kubectl apply --server-side -f: a plain apply copies the key into an annotation.\n")
	kind, data := id.secret(form)
	object(&b, "Secret", at.Secret, at.Namespace)
	fmt.Fprintf(&b, "type: %s\ndata:\n", kind)
	for _, e := range data {
		fmt.Fprintf(&b, "  %s: %s\n", e.key, base64.StdEncoding.EncodeToString([]byte(e.value)))
	}
	notes := id.notes()
	if id.IsComponent() {
		settings, left := id.settings(form)
		b.WriteString("---\n")
		fmt.Fprintf(&b, "# Its configuration, where its files lie in %s.\n", form.Folder)
		object(&b, "ConfigMap", at.configMap(), at.Namespace)
		b.WriteString("data:\n")
		for _, e := range settings {
			fmt.Fprintf(&b, "  %s: %s\n", e.key, scalar(e.value))
		}
		notes = append(notes, left...)
	}
	return single([]byte(b.String()), append(notes, id.where(form, at)...)...), nil
}

// configMap is the ConfigMap's name: its component may have a Secret of another name.
func (at Place) configMap() string { return strings.TrimSuffix(at.Secret, "-secrets") + "-config" }

// form is how the identity's software finds its Secret: as its preset says, else as a
// Secret of type kubernetes.io/tls; members and proxies have all their files in it.
func (id Identity) form() presets.Kubernetes {
	form := id.Preset.Kubernetes.For(id.base())
	form.Folder = cmp.Or(form.Folder, id.Installed)
	switch {
	case form.Secret != "":
	case id.IsComponent():
		form.Secret = id.base() + "-etcd"
	default:
		form.Secret = strings.ReplaceAll(id.Name, "/", "-")
	}
	form.CA, form.Cert, form.Key = cmp.Or(form.CA, "ca.crt"), cmp.Or(form.Cert, "tls.crt"), cmp.Or(form.Key, "tls.key")
	return form
}

// what names the identity in a comment.
func (id Identity) what() string {
	if id.IsComponent() {
		return fmt.Sprintf("Component %s, user %q of etcd", id.Name, id.Component.User)
	}
	return "The folder " + id.Dir
}

// secret is the type and the entries of the Secret.
func (id Identity) secret(form presets.Kubernetes) (kind string, data []entry) {
	if !id.IsComponent() {
		for _, f := range id.Files {
			data = append(data, entry{f.Name, string(f.Content)})
		}
		return "Opaque", data
	}
	kind = "Opaque"
	if form.Cert == "tls.crt" && form.Key == "tls.key" {
		kind = "kubernetes.io/tls"
	}
	for _, e := range []entry{{form.CA, string(id.file("ca.crt"))}, {form.Cert, string(id.file("client.crt"))}, {form.Key, string(id.file("client.key"))}} {
		if e.value != "" {
			data = append(data, e)
		}
	}
	if password := id.password(); password != "" {
		data = append(data, entry{"username", id.Component.User.String()}, entry{"password", password})
	}
	return kind, data
}

// variable is a line of a configuration that sets a variable.
var variable = regexp.MustCompile(`^([A-Z][A-Z0-9_]*)=(.*)$`)

// settings is the entries of the ConfigMap: one for each variable, where the software is
// configured by variables, else one that holds its flags or its configuration. left is why
// placeholders are still in it.
func (id Identity) settings(form presets.Kubernetes) (entries []entry, left []string) {
	text, left := id.configured(form)
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	flags := true
	for _, line := range lines {
		found := variable.FindStringSubmatch(line)
		if found == nil {
			entries = nil
			break
		}
		entries = append(entries, entry{found[1], found[2]})
	}
	if len(entries) > 0 {
		slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.key, b.key) })
		return entries, left
	}
	for _, line := range lines {
		flags = flags && (strings.HasPrefix(line, "-") || strings.HasPrefix(line, "#"))
	}
	if flags {
		return []entry{{"flags", text}}, left
	}
	return []entry{{"config", text}}, left
}

// configured is the configuration of the preset's software, without a preset etcdctl's.
func (id Identity) configured(form presets.Kubernetes) (text string, left []string) {
	preset := id.Preset
	if preset.Config == "" {
		preset = presets.Preset{Config: "ETCDCTL_ENDPOINTS={endpoints}\nETCDCTL_CACERT={ca}\nETCDCTL_CERT={cert}\nETCDCTL_KEY={key}\n"}
	}
	site := presets.Site{Endpoints: id.Endpoints, Cert: path.Join(form.Folder, form.Cert), Key: path.Join(form.Folder, form.Key)}
	if id.file("ca.crt") != nil {
		site.CA = path.Join(form.Folder, form.CA)
	}
	with := id.Component.With
	if id.Preset.Config == "" {
		with = nil
	}
	return preset.Configure(id.Component.Name, with, site)
}

// where says what of it the software's own manifests have to name.
func (id Identity) where(form presets.Kubernetes, at Place) []string {
	if !id.IsComponent() || id.Preset.Kubernetes == (presets.Kubernetes{}) {
		return nil
	}
	return []string{fmt.Sprintf("In the manifest of %s, name the Secret %s, whose files it finds in %s, and the ConfigMap %s (%s).",
		id.Name, at.Secret, form.Folder, at.configMap(), form.Source)}
}

// object writes what every manifest begins with. The names are quoted: YAML takes 123 for a
// number.
func object(b *strings.Builder, kind, name, namespace string) {
	fmt.Fprintf(b, "apiVersion: v1\nkind: %s\nmetadata:\n  name: %q\n", kind, name)
	if namespace != "" {
		fmt.Fprintf(b, "  namespace: %q\n", namespace)
	}
	b.WriteString("  labels:\n    app.kubernetes.io/managed-by: lockstep\n")
}

// scalar is text as a value in YAML: a block where it has several lines that a block keeps,
// else in the quotation marks of JSON, which YAML reads too.
func scalar(text string) string {
	odd := func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }
	if !strings.HasSuffix(text, "\n") || strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\n") ||
		strings.HasSuffix(text, "\n\n") || strings.ContainsFunc(text, odd) {
		quoted, _ := json.Marshal(text) // a string always can
		return string(quoted)
	}
	return "|\n    " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n    ")
}
