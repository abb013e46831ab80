package certgen

import (
	"path"
	"slices"
	"strings"
)

// GitIgnores reports whether git leaves file, a slash-separated path, out of a repository by
// the .gitignore of this text, which lies in the folder that the path begins at (gitignore(5)).
// A pattern that is not understood ignores nothing.
func GitIgnores(text, file string) bool {
	patterns := ignorePatterns(text)
	parts := strings.Split(file, "/")
	for n := range parts {
		if ignored(patterns, parts[:n+1], n+1 < len(parts)) {
			return true // what lies below an ignored folder is never looked at
		}
	}
	return false
}

// ignorePattern is one line of a .gitignore.
type ignorePattern struct {
	parts  []string // between slashes; "**" stands for any number of folders
	negate bool     // what it matches is taken again
	dirs   bool     // it matches folders alone
}

func ignorePatterns(text string) (all []ignorePattern) {
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		line = trimSpaces(line)
		if line == "" || line[0] == '#' {
			continue
		}
		var p ignorePattern
		line, p.negate = strings.CutPrefix(line, "!")
		line, p.dirs = strings.CutSuffix(line, "/")
		if !strings.Contains(line, "/") {
			line = "**/" + line // at any depth
		}
		p.parts = strings.Split(strings.TrimPrefix(line, "/"), "/")
		all = append(all, p)
	}
	return all
}

// trimSpaces removes the blanks at the end of a line, but for one after a backslash.
func trimSpaces(line string) string {
	trimmed := strings.TrimRight(line, " ")
	slashes := len(trimmed) - len(strings.TrimRight(trimmed, `\`))
	if slashes%2 == 1 && len(trimmed) < len(line) {
		return line[:len(trimmed)+1]
	}
	return trimmed
}

// ignored reports what the last pattern says that matches the path.
func ignored(patterns []ignorePattern, path []string, dir bool) bool {
	for _, p := range slices.Backward(patterns) {
		if (dir || !p.dirs) && p.matches(p.parts, path) {
			return !p.negate
		}
	}
	return false
}

func (p ignorePattern) matches(parts, names []string) bool {
	switch {
	case len(parts) == 0:
		return len(names) == 0
	case parts[0] == "**" && len(parts) == 1:
		return len(names) > 0
	case parts[0] == "**":
		return p.matches(parts[1:], names) || len(names) > 0 && p.matches(parts, names[1:])
	case len(names) == 0:
		return false
	case strings.Contains(parts[0], "[:"): // a class of characters by its name
		return p.negate
	}
	matched, err := path.Match(strings.ReplaceAll(parts[0], "[!", "[^"), names[0])
	return err == nil && matched && p.matches(parts[1:], names[1:])
}
