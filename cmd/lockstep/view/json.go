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

// ErrorDocument is what a command that failed writes instead of its answer (kind Error).
type ErrorDocument struct {
	Header
	Exit     int               `json:"exit"` // 1, 2 or 3, as the process exits
	Message  string            `json:"message"`
	Hint     string            `json:"hint,omitempty"`
	Problems []ProblemDocument `json:"problems,omitempty"` // what is wrong in the policy
}

// ProblemDocument is one thing that is wrong or suspicious in a policy file.
type ProblemDocument struct {
	File     string `json:"file"`
	Line     int    `json:"line"`     // from 1; 0 when no line is to blame
	Column   int    `json:"column"`   // from 1, in code points
	Path     string `json:"path"`     // components[2].permissions[0].prefix
	Severity string `json:"severity"` // error or warning
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

func problemDocuments(problems strict.Problems) []ProblemDocument {
	out := make([]ProblemDocument, len(problems))
	for i, p := range problems {
		out[i] = ProblemDocument{p.File, p.Line, p.Column, p.Path, "error", p.Message, p.Hint}
		if p.Warning {
			out[i].Severity = "warning"
		}
	}
	return out
}

// LintDocument is the answer of lint (kind Lint).
type LintDocument struct {
	Header
	Valid    bool              `json:"valid"`
	Policy   *PolicyDocument   `json:"policy,omitempty"` // absent unless valid
	Problems []ProblemDocument `json:"problems"`
}

// PolicyDocument is a valid policy in numbers.
type PolicyDocument struct {
	Cluster    string `json:"cluster"`
	Members    int    `json:"members"`
	Endpoints  int    `json:"endpoints"`
	Proxies    int    `json:"proxies"`
	Components int    `json:"components"`
	Digest     string `json:"digest"` // hex SHA-256 of the policy's meaning
}

// PresetsDocument is the answer of presets (kind Presets) and, with one element and
// kind Preset, of presets show.
type PresetsDocument struct {
	Header
	Presets []PresetDocument `json:"presets"`
}

// PresetDocument is one preset, placeholders unexpanded.
type PresetDocument struct {
	Name          string               `json:"name"`
	Summary       string               `json:"summary"`
	User          string               `json:"user,omitempty"` // where a component says none
	Sources       []string             `json:"sources"`
	Checked       string               `json:"checked"`
	Administrator bool                 `json:"administrator"`
	Parameters    []ParameterDocument  `json:"parameters"`
	Permissions   []PermissionDocument `json:"permissions"`
	Notes         []string             `json:"notes"`
	Config        string               `json:"config,omitempty"`     // what the software is configured with, placeholders unexpanded
	Components    []ConfiguredDocument `json:"components,omitempty"` // of presets show with a policy: those that use it
	Kubernetes    *KubernetesDocument  `json:"kubernetes,omitempty"` // the Secret that the software expects, {name} unexpanded
	Reload        *ReloadDocument      `json:"reload,omitempty"`     // how the software comes to use new files; absent for not known
}

// ReloadDocument is how software comes to use new files.
type ReloadDocument struct {
	Certificate string `json:"certificate"` // reread, restart or eachrun
	CA          string `json:"ca"`
	Source      string `json:"source"`
}

// KubernetesDocument is the Secret in which the software finds its certificate.
type KubernetesDocument struct {
	Secret    string             `json:"secret"`
	Namespace string             `json:"namespace,omitempty"`
	Keys      SecretKeysDocument `json:"keys"`
	Folder    string             `json:"folder"` // where the software finds the files
	Source    string             `json:"source"`
}

// SecretKeysDocument is which key of a Secret holds what.
type SecretKeysDocument struct {
	CA   string `json:"ca"`
	Cert string `json:"cert"`
	Key  string `json:"key"`
}

// ConfiguredDocument is what the software of one component is configured with.
type ConfiguredDocument struct {
	Name   string   `json:"name"`
	Dir    string   `json:"dir,omitempty"` // where its folder has to be on its host; absent where its certificate is not lockstep's
	Config string   `json:"config"`
	Left   []string `json:"left,omitempty"` // why placeholders are still in it
}

// WrittenDocument is the answer of init (kind Written).
type WrittenDocument struct {
	Header
	File string `json:"file"`
	Next string `json:"next"` // what to do with it, for people
}

// ParameterDocument is one value that a component may set by `with`.
type ParameterDocument struct {
	Name        string   `json:"name"`
	Default     string   `json:"default"`
	Values      []string `json:"values,omitempty"` // the only ones that it may have; absent for any
	Description string   `json:"description"`
}

// PermissionDocument is one permission of a preset, in the words of a policy file.
type PermissionDocument struct {
	Target string            `json:"target"`         // prefix "/registry/", key "a", ...
	Access string            `json:"access"`         // read, write, readwrite
	When   map[string]string `json:"when,omitempty"` // the parameter's value that it is given for; absent for always
	Why    string            `json:"why,omitempty"`
}

// VersionDocument is the answer of version (kind Version).
type VersionDocument struct {
	Header
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the source; absent when built outside git
	Modified bool   `json:"modified"`           // the source differed from that revision
	Go       string `json:"go"`
	Platform string `json:"platform"` // linux/amd64
}
