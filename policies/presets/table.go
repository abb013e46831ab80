package presets

import (
	"errors"

	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
	"lockstep/policies/strict"
)

// Type is the table of one preset, the same for those that come with lockstep and
// for a policy's own.
func Type() strict.Type {
	text := strict.Type{Kind: strict.Text, NonEmpty: true}
	prose := strict.Type{Kind: strict.Prose, NonEmpty: true}
	permission := PermissionType()
	permission.Fields = append(permission.Fields,
		strict.Field{
			Name: "when", Type: strict.Type{Kind: strict.Map, Key: parameterName(), Elem: &text, NonEmpty: true},
			Doc: "One parameter and one of its values: only a component with that value has this permission.",
		},
		strict.Field{Name: "why", Type: prose, Doc: "Why this is needed beyond what the software's own documentation says."},
	)
	parameter := strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
		{Name: "default", Type: strict.Type{Kind: strict.Text}, Doc: "The value where a component gives none; without it every component has to."},
		{Name: "values", Type: list(text), Doc: "The only values that it may have. Default: any text."},
		{Name: "description", Type: prose, Doc: "What the value means to the software."},
	}}
	return strict.Type{
		Kind:       strict.Mapping,
		ExactlyOne: []string{"permissions", "administrator"},
		Fields: []strict.Field{
			{Name: "summary", Type: text, Doc: "What software this is, in one line."},
			{Name: "sources", Type: list(text), Doc: "Where the permissions were read."},
			{Name: "checked", Type: prose, Doc: "The versions that the permissions were checked against."},
			{Name: "user", Type: text, Doc: "The user that the software's own certificate names, where a component gives none."},
			{Name: "identity", Type: IdentityType(), Doc: "How the software proves who it is, where a component does not say: password for software behind etcd's HTTP gateway."},
			{Name: "parameters", Type: strict.Type{Kind: strict.Map, Key: parameterName(), Elem: &parameter}, Doc: "Values that a component may set by with; {name of the parameter} stands for them below."},
			{Name: "permissions", Type: list(permission), Doc: "What the software needs. {name} stands for the component's name."},
			{Name: "administrator", Type: strict.Type{Kind: strict.Bool, OnlyTrue: true}, Doc: "The software needs etcd's role root."},
			{Name: "calls", Type: list(callingType()), Doc: "What the software calls beside requests for keys."},
			{Name: "notes", Type: list(prose), Doc: "What the operator has to set or to know."},
			{Name: "config", Type: prose, Doc: "What the software itself is configured with. {endpoints}, {endpoints-by-space}, {endpoint} and {address} (their line once for each), {host} and {port} (of the first one), {ca}, {cert}, {key}, {user}, {password-file}, {name} and parameters are filled in by lockstep presets show; no other braces mean anything."},
			{Name: "reload", Type: reloadType(), Doc: "How the software comes to use new files. Default: not known, a restart is always enough."},
			{Name: "kubernetes", Type: kubernetesType(), Doc: "The Secret that the software's own manifests expect, for lockstep certs export."},
		},
	}
}

// PermissionType is the table of one permission, in presets and in components.
func PermissionType() strict.Type {
	return KeysType("{prefix: /app/, access: readwrite}", strict.Field{
		Name: "access", Required: true, Doc: "What is allowed, in etcdctl's words.", Type: strict.Type{
			Kind: strict.Text, Example: "access: readwrite", Enum: []string{string(keyrange.Read), string(keyrange.Write), string(keyrange.ReadWrite)},
		},
	})
}

// KeysType is the table of a mapping that names keys in one of the forms, beside other fields.
func KeysType(example string, others ...strict.Field) strict.Type {
	text := strict.Type{Kind: strict.Text, NonEmpty: true, Check: notEmpty}
	pair := strict.Type{Kind: strict.List, Elem: &text, Count: 2}
	return strict.Type{
		Kind:       strict.Mapping,
		Example:    example,
		ExactlyOne: []string{string(Prefix), string(Key), string(Range), string(FromKey), string(Everything)},
		Fields: append([]strict.Field{
			{Name: string(Prefix), Type: text, Doc: "Every key that begins with this text. It nearly always ends in a slash."},
			{Name: string(Key), Type: text, Doc: "This one key."},
			{Name: string(Range), Type: pair, Doc: "Two keys: from the first one, up to but without the second one."},
			{Name: string(FromKey), Type: text, Doc: "This key and every key that sorts after it."},
			{Name: string(Everything), Type: strict.Type{Kind: strict.Bool, OnlyTrue: true}, Doc: "Every key there is."},
		}, others...),
	}
}

// notEmpty refuses the text that etcd would take for every key, or for nothing.
func notEmpty(text string) error {
	if text != "" {
		return nil
	}
	return hint.With(errors.New("is empty"), "write {everything: true} if every key is meant")
}

func parameterName() *strict.Type {
	return &strict.Type{Kind: strict.Text, Pattern: `^[a-z][a-z0-9-]{0,31}$`, Says: "a parameter's name: a small letter, then small letters, digits and hyphens, 32 at most"}
}

// How a component proves who it is.
const (
	ByCertificate = "certificate" // the CN of its certificate names its user
	ByPassword    = "password"    // its user has a password, and its certificate no CN
)

// IdentityType is how a component proves who it is, in presets and in components.
func IdentityType() strict.Type {
	return strict.Type{Kind: strict.Text, Enum: []string{ByCertificate, ByPassword}}
}

func list(elem strict.Type) strict.Type { return strict.Type{Kind: strict.List, Elem: &elem} }
