package view

// Exported is what a certificate was handed over as.
type Exported struct {
	Name   string // of the component, member or proxy
	Format string
	Files  []ExportedFile
	Notes  []string // what the operator has to know, in whole sentences
}

// ExportedFile is one file that is handed over.
type ExportedFile struct {
	File      string
	Secret    bool // it holds a private key and has mode 0600
	Unchanged bool // it was there already, and the same
	Replaced  bool // it was there with other contents
}

// Text implements Answer.
func (e Exported) Text(s *Sheet) {
	for _, f := range e.Files {
		did, key := "wrote", ""
		switch {
		case f.Unchanged:
			did = "unchanged:"
		case f.Replaced:
			did = "replaced"
		}
		if f.Secret {
			key = " (mode 0600, with the private key)"
		}
		s.Line("%s %s%s", did, f.File, key)
	}
	ExportNotes(e.Notes).Text(s)
}

// Document implements Answer.
func (e Exported) Document() any {
	d := exportedDocument{Header: header("Exported"), Name: e.Name, Format: e.Format, Files: []exportedFileDocument{}, Notes: append([]string{}, e.Notes...)}
	for _, f := range e.Files {
		d.Files = append(d.Files, exportedFileDocument(f))
	}
	return d
}

// exportedDocument is the answer of certs export (kind Exported).
type exportedDocument struct {
	Header
	Name   string                 `json:"name"`
	Format string                 `json:"format"`
	Files  []exportedFileDocument `json:"files"`
	Notes  []string               `json:"notes"`
}

// exportedFileDocument is one file that is handed over.
type exportedFileDocument struct {
	File      string `json:"file"`
	Secret    bool   `json:"secret"`    // it holds a private key
	Unchanged bool   `json:"unchanged"` // it was there already, and the same
	Replaced  bool   `json:"replaced"`  // it was there with other contents
}

// ExportNotes is what the operator has to know, in whole sentences.
type ExportNotes []string

// Text implements Message.
func (n ExportNotes) Text(s *Sheet) {
	for _, note := range n {
		s.Wrapped("note: ", "  ", note)
	}
}
