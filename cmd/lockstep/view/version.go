package view

// Version is what this binary was built from.
type Version struct {
	Version  string // of the module; "(devel)" where none was given
	Revision string // of the source; "" when it was built outside git
	Modified bool   // the source differed from Revision
	Go       string
	Platform string
}

// Text implements Answer.
func (v Version) Text(s *Sheet) {
	s.Line("lockstep %s", v.Version)
	if v.Revision != "" {
		changed := ""
		if v.Modified {
			changed = ", changed since"
		}
		s.Line("built from %s%s", v.Revision, changed)
	}
	s.Line("%s %s", v.Go, v.Platform)
}

// Document implements Answer.
func (v Version) Document() any {
	return versionDocument{header("Version"), v.Version, v.Revision, v.Modified, v.Go, v.Platform}
}
