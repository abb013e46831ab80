package presets

import "lockstep/policies/strict"

// Kubernetes is how software that runs in Kubernetes finds its certificate: what its own
// manifests or chart expect. The zero value says nothing.
type Kubernetes struct {
	Secret        string // the Secret's name, with {name} for the component's; "" for NAME-etcd
	Namespace     string // "" for the one that kubectl uses
	CA, Cert, Key string // the Secret's keys; "" for ca.crt, tls.crt and tls.key
	Folder        string // where the software finds the files; "" for not known
	Source        string // where that is written
}

// For is k with the component's name in place of {name}.
func (k Kubernetes) For(component string) Kubernetes {
	k.Secret, _ = fill(k.Secret, map[string]string{componentName: component}) // Decode has checked it
	return k
}

// kubernetesType is the table of the field kubernetes.
func kubernetesType() strict.Type {
	text := strict.Type{Kind: strict.Text, NonEmpty: true}
	entry := strict.Type{Kind: strict.Text, Pattern: `^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$`, Says: "a key of a Secret: letters, digits, dots, hyphens and underscores"}
	folder := strict.Type{Kind: strict.Text, Pattern: `^(/[A-Za-z0-9][A-Za-z0-9._-]*)+$`, Says: "an absolute path of letters, digits, dots, hyphens and underscores"}
	keys := strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
		{Name: "ca", Type: entry, Required: true, Doc: "The key that holds the CA of the members' certificates."},
		{Name: "cert", Type: entry, Required: true, Doc: "The key that holds the certificate."},
		{Name: "key", Type: entry, Required: true, Doc: "The key that holds the private key."},
	}}
	return strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
		{Name: "secret", Type: text, Required: true, Doc: "The Secret's name; {name} is the component's name."},
		{Name: "namespace", Type: text, Doc: "Its namespace. Default: the one that kubectl uses."},
		{Name: "keys", Type: keys, Required: true, Doc: "The keys of the Secret."},
		{Name: "folder", Type: folder, Required: true, Doc: "The folder where the software finds them."},
		{Name: "source", Type: text, Required: true, Doc: "Where that is written."},
	}}
}

// decodeKubernetes reads the field kubernetes; {name} is its only placeholder.
func (p Preset) decodeKubernetes(d *strict.Decoder, v strict.Value) Kubernetes {
	if !v.Given() || !v.Sound() {
		return Kubernetes{}
	}
	if secret := v.Field("secret"); secret.Valid() {
		placeholders(secret.Text(), func(name string) string {
			if name != componentName {
				d.Fail(secret, "known here: {"+componentName+"}", "{%s} stands for nothing", name)
			}
			return ""
		})
	}
	keys := v.Field("keys")
	return Kubernetes{
		Secret: v.Field("secret").Text(), Namespace: v.Field("namespace").Text(),
		CA: keys.Field("ca").Text(), Cert: keys.Field("cert").Text(), Key: keys.Field("key").Text(),
		Folder: v.Field("folder").Text(), Source: v.Field("source").Text(),
	}
}
