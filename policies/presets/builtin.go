package presets

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"lockstep/policies/strict"
)

//go:embed builtin
var files embed.FS

// builtin is read once, at the first call. A file that is broken takes all
// presets away: an unknown preset is refused, a wrong one would be granted.
var builtin = sync.OnceValue(func() []Preset {
	found, err := load(files)
	if err != nil {
		return nil
	}
	return found
})

// List is the presets that come with lockstep, by name. The caller may not change them.
func List() []Preset { return slices.Clone(builtin()) }

// Names is the names of List.
func Names() []string {
	var names []string
	for _, p := range builtin() {
		names = append(names, p.Name)
	}
	return names
}

// Lookup finds one of List by its name.
func Lookup(name string) (Preset, bool) {
	i := slices.IndexFunc(builtin(), func(p Preset) bool { return p.Name == name })
	if i < 0 {
		return Preset{}, false
	}
	return builtin()[i], true
}

// load reads every file below builtin/; builtin/calico/node.yaml is calico/node.
func load(files fs.FS) ([]Preset, error) {
	var (
		found   []Preset
		decoder strict.Decoder
	)
	err := fs.WalkDir(files, "builtin", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(strings.TrimPrefix(path, "builtin/"), ".yaml")
		found = append(found, Decode(&decoder, name, decoder.Read(path, text, Type())))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the built-in presets: %w", err)
	}
	if problems := decoder.Problems(); len(problems) > 0 {
		return nil, problems
	}
	slices.SortFunc(found, func(a, b Preset) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}
