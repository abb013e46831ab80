package view

import "lockstep/policies/strict"

// FormatVersion is the version of every document below. Fields may be added within
// a version; none changes its meaning or goes away.
const FormatVersion = "lockstep/v1"

// Header begins every document.
type Header struct {
	FormatVersion string `json:"formatVersion"`
	Kind          string `json:"kind"`
}

func header(kind string) Header { return Header{FormatVersion, kind} }

// errorDocument is what a command that failed writes instead of its answer (kind Error).
type errorDocument struct {
	Header
	Exit     int               `json:"exit"` // 1, 2 or 3, as the process exits
	Message  string            `json:"message"`
	Hint     string            `json:"hint,omitempty"`
	Problems []problemDocument `json:"problems,omitempty"` // what is wrong in the policy
}

// problemDocument is one thing that is wrong or suspicious in a policy file.
type problemDocument struct {
	File     string `json:"file"`
	Line     int    `json:"line"`     // from 1; 0 when no line is to blame
	Column   int    `json:"column"`   // from 1, in code points
	Path     string `json:"path"`     // components[2].permissions[0].prefix
	Severity string `json:"severity"` // error or warning
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

func problemDocuments(problems strict.Problems) []problemDocument {
	out := make([]problemDocument, len(problems))
	for i, p := range problems {
		out[i] = problemDocument{p.File, p.Line, p.Column, p.Path, "error", p.Message, p.Hint}
		if p.Warning {
			out[i].Severity = "warning"
		}
	}
	return out
}

// lintDocument is the answer of lint (kind Lint).
type lintDocument struct {
	Header
	Valid    bool              `json:"valid"`
	Policy   *policyDocument   `json:"policy,omitempty"` // absent unless valid
	Problems []problemDocument `json:"problems"`
}

// policyDocument is a valid policy in numbers.
type policyDocument struct {
	Cluster    string `json:"cluster"`
	Members    int    `json:"members"`
	Endpoints  int    `json:"endpoints"`
	Proxies    int    `json:"proxies"`
	Components int    `json:"components"`
	Digest     string `json:"digest"` // hex SHA-256 of the policy's meaning
}

// presetsDocument is the answer of presets (kind Presets) and, with one element and
// kind Preset, of presets show.
type presetsDocument struct {
	Header
	Presets []PresetDocument `json:"presets"`
}

// PresetDocument is one preset, placeholders unexpanded.
type PresetDocument struct {
	Name          string               `json:"name"`
	Summary       string               `json:"summary"`
	User          string               `json:"user,omitempty"`     // where a component says none
	Identity      string               `json:"identity,omitempty"` // where a component does not say: certificate or password
	Sources       []string             `json:"sources"`
	Checked       string               `json:"checked"`
	Administrator bool                 `json:"administrator"`
	Parameters    []parameterDocument  `json:"parameters"`
	Permissions   []permissionDocument `json:"permissions"`
	Calls         []presetCallDocument `json:"calls"`
	Notes         []string             `json:"notes"`
	Config        string               `json:"config,omitempty"`     // what the software is configured with, placeholders unexpanded
	Components    []configuredDocument `json:"components,omitempty"` // of presets show with a policy: those that use it
	Kubernetes    *kubernetesDocument  `json:"kubernetes,omitempty"` // the Secret that the software expects, {name} unexpanded
	Reload        *reloadDocument      `json:"reload,omitempty"`     // how the software comes to use new files; absent for not known
}

// reloadDocument is how software comes to use new files.
type reloadDocument struct {
	Certificate string `json:"certificate"` // reread, restart or eachrun
	CA          string `json:"ca"`
	Password    string `json:"password,omitempty"` // of a user that has one
	Source      string `json:"source"`
}

// kubernetesDocument is the Secret in which the software finds its certificate.
type kubernetesDocument struct {
	Secret    string             `json:"secret"`
	Namespace string             `json:"namespace,omitempty"`
	Keys      secretKeysDocument `json:"keys"`
	Folder    string             `json:"folder"` // where the software finds the files
	Source    string             `json:"source"`
}

// secretKeysDocument is which key of a Secret holds what.
type secretKeysDocument struct {
	CA   string `json:"ca"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// configuredDocument is what the software of one component is configured with.
type configuredDocument struct {
	Name   string   `json:"name"`
	Dir    string   `json:"dir,omitempty"` // where its folder has to be on its host; absent where its certificate is not lockstep's
	Config string   `json:"config"`
	Left   []string `json:"left,omitempty"` // why placeholders are still in it
}

// writtenDocument is the answer of init (kind Written).
type writtenDocument struct {
	Header
	File string `json:"file"`
	Next string `json:"next"` // what to do with it, for people
}

// parameterDocument is one value that a component may set by `with`.
type parameterDocument struct {
	Name        string   `json:"name"`
	Default     string   `json:"default"`
	Values      []string `json:"values,omitempty"` // the only ones that it may have; absent for any
	Description string   `json:"description"`
}

// permissionDocument is one permission of a preset, in the words of a policy file.
type permissionDocument struct {
	Target string            `json:"target"`         // prefix "/registry/", key "a", ...
	Access string            `json:"access"`         // read, write, readwrite
	When   map[string]string `json:"when,omitempty"` // the parameter's value that it is given for; absent for always
	Why    string            `json:"why,omitempty"`
}

// versionDocument is the answer of version (kind Version).
type versionDocument struct {
	Header
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the source; absent when built outside git
	Modified bool   `json:"modified"`           // the source differed from that revision
	Go       string `json:"go"`
	Platform string `json:"platform"` // linux/amd64
}
