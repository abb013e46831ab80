package policies

import (
	"lockstep/policies/presets"
	"lockstep/policies/strict"
)

// Schema is the JSON Schema of one policy file. policies/lockstep.schema.json holds
// the same bytes.
func Schema() []byte {
	return strict.Schema("urn:lockstep:policy:v1", "lockstep policy", Type())
}

// Type is the table of a policy file; the reader and the schema are made from it.
func Type() strict.Type {
	preset := presets.Type()
	return strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
		{Name: "apiVersion", Required: true, Type: enum("lockstep/v1"), Doc: "The version of this format."},
		{Name: "kind", Required: true, Type: enum("Policy"), Doc: "What this file is."},
		{Name: "cluster", Type: clusterType(), Doc: "etcd's side. Given once, in one of the files."},
		{Name: "certificates", Type: certificatesType(), Doc: "What certificates look like. Given at most once, in one of the files."},
		{Name: "presets", Type: strict.Type{Kind: strict.Map, Key: presetName(), Elem: &preset}, Doc: "Presets of one's own, by name."},
		{Name: "components", Type: list(componentType(), false), Doc: "Every program or person with an identity in etcd."},
		{Name: "assert", Type: list(assertType(), false), Doc: "What has to hold for the policy to be valid: who can, and who cannot, read and write which keys."},
		{Name: "accept", Type: list(acceptType(), false), Doc: "Findings of verify that are accepted until a day."},
	}}
}

func clusterType() strict.Type {
	return strict.Type{Kind: strict.Mapping, ExactlyOne: []string{"members", "endpoints"}, Fields: []strict.Field{
		{Name: "name", Required: true, Type: name(), Doc: "The cluster's name; also O in certificates and etcd's initial cluster token."},
		{Name: "members", Type: list(memberType(), true), Doc: "The etcd servers, if their certificates come from lockstep."},
		{Name: "endpoints", Type: list(secureURL(), true), Doc: "The client URLs of etcd servers whose certificates come from elsewhere."},
		{Name: "proxies", Type: list(proxyType(), true), Doc: "etcd grpc-proxies in front of the members."},
		{Name: "install", Type: installPath(), Doc: "Where a member's folder lies on its host; . makes etcd.env work in that folder. Default: /etc/etcd."},
		{Name: "data", Type: dataPath(), Doc: "etcd's data directory on the member's host. Default: /var/lib/etcd, or data where install is a dot."},
	}}
}

func memberType() strict.Type {
	return strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
		{Name: "name", Required: true, Type: name(), Doc: "The member's name in etcd."},
		{Name: "hosts", Required: true, Type: list(host(), true), Doc: "IP addresses and DNS names by which it is reached, the one for URLs first."},
		{Name: "clientURL", Type: secureURL(), Doc: "Default: https://<first host>:2379."},
		{Name: "peerURL", Type: secureURL(), Doc: "Default: https://<first host>:2380."},
		{Name: "metricsURL", Type: listenURL(), Doc: "Where /metrics and /health are served; nowhere of their own unless given."},
	}}
}

func proxyType() strict.Type {
	return strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
		{Name: "name", Required: true, Type: name(), Doc: "The proxy's name."},
		{Name: "hosts", Required: true, Type: list(host(), true), Doc: "IP addresses and DNS names by which clients reach it, the one for its URL first."},
		{Name: "clientURL", Type: secureURL(), Doc: "Default: https://<first host>:23790."},
	}}
}

func certificatesType() strict.Type {
	subject := list(subjectText(), true)
	return strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
		{Name: "ca", Doc: "A CA that is there already and signs everything. Default: three of lockstep's own.", Type: strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
			{Name: "cert", Required: true, Type: caFiles(), Doc: "The file of its certificate; two while its owner replaces it: the one that signs, and the other one that is trusted. Its key is named by --ca-key."},
		}}},
		{Name: "key", Type: keyAlgorithm(), Doc: "The kind of every private key. Default: ecdsa-p256."},
		{Name: "subject", Doc: "What subjects hold beside the CN.", Type: strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
			{Name: "organization", Type: subject, Doc: "O. Default: the cluster's name."},
			{Name: "organizationalUnit", Type: subject, Doc: "OU."},
			{Name: "locality", Type: subject, Doc: "L."},
		}}},
		{Name: "lifetimes", Doc: "How long new certificates are valid: an integer and h, d or y.", Type: strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
			{Name: "ca", Type: lifetime(), Doc: "Default: 10y."},
			{Name: "member", Type: lifetime(), Doc: "Members and proxies. Default: 1y."},
			{Name: "component", Type: lifetime(), Doc: "Default: 90d."},
		}}},
		{Name: "renewAt", Type: due(), Doc: "From when on a certificate is due: a share of its own life that is left, or a time before its end. Default: 33%."},
	}}
}

func componentType() strict.Type {
	text := strict.Type{Kind: strict.Text}
	return strict.Type{Kind: strict.Mapping, Example: "{name: app, permissions: [{prefix: /app/, access: readwrite}]}", Fields: []strict.Field{
		{Name: "name", Required: true, Type: name(), Doc: "The component's name; also its folder below components/."},
		{Name: "user", Type: principal(), Doc: "Its etcd user and its certificate's CN. Default: its name."},
		{Name: "role", Type: principal(), Doc: "Its etcd role. Default: the user's name."},
		{Name: "preset", Type: strict.Type{Kind: strict.Text, NonEmpty: true}, Doc: "What known software needs: a name that lockstep presets lists, or one under presets."},
		{Name: "with", Type: strict.Type{Kind: strict.Map, Elem: &text}, Doc: "Values for the preset's parameters."},
		{Name: "administrator", Type: strict.Type{Kind: strict.Bool}, Doc: "Holds etcd's role root: everything, snapshots, members and users included."},
		{Name: "permissions", Type: list(presets.PermissionType(), false), Doc: "What it may do, beside what its preset says."},
		{Name: "calls", Type: list(presets.CallType(), false), Doc: "What it calls beside requests for keys, in place of what its preset says. lockstep presets calls lists the calls, and which etcd refuses them."},
		{Name: "instances", Type: list(name(), true), Doc: "Its instances, one for each host, say: each has a key and a certificate of its own, all of them the same user."},
		{Name: "identity", Type: presets.IdentityType(), Doc: "How it proves who it is: by the CN of its certificate, or, behind etcd's HTTP gateway, by a password and a certificate without a CN. Default: what its preset says, else certificate."},
		{Name: "certificate", Doc: "What is different about its certificate.", Type: strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
			{Name: "file", Type: certificateFile(), Doc: "The file of an external certificate. It is read and verified, never written."},
			{Name: "lifetime", Type: lifetime(), Doc: "Default: certificates.lifetimes.component."},
			{Name: "key", Type: keyAlgorithm(), Doc: "Default: certificates.key."},
		}}},
	}}
}

func list(elem strict.Type, nonEmpty bool) strict.Type {
	return strict.Type{Kind: strict.List, Elem: &elem, NonEmpty: nonEmpty}
}

func enum(values ...string) strict.Type { return strict.Type{Kind: strict.Text, Enum: values} }

func name() strict.Type {
	return strict.Type{Kind: strict.Text, Pattern: namePattern, Check: CheckName}
}

// principal is the name of a user or role.
func principal() strict.Type {
	return strict.Type{Kind: strict.Text, Pattern: principalPattern, Check: checkPrincipal}
}

func presetName() *strict.Type {
	return &strict.Type{Kind: strict.Text, Pattern: `^[a-z0-9]([a-z0-9._/-]{0,62}[a-z0-9])?$`,
		Says: "a preset's name: 1 to 64 small letters, digits, dots, slashes, hyphens and underscores, a letter or digit first and last"}
}
