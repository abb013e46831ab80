package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// standIns is the programs on the pages that no script runs by that name, and what does the same in
// the scripts or in the tests of release.
var standIns = map[string]string{
	"scp":              "the program deploy copies to a folder for each host",
	"ssh":              "the script runs the same command in the host's folder",
	"make":             "the suite is made by it",
	"dpkg":             "release's test installs and removes the deb",
	"systemctl":        "nightly runs the units' commands, and systemd-analyze reads the units",
	"systemd-sysusers": "nightly runs it with a root of its own",
	"runuser":          "nightly unpacks the archive, and confined changes the user",
	"kubectl":          "kubernetes and nightly run what the machine has of it",
	"install":          "the script makes the folder",
	"ls":               "it shows the files of the release, which its test reads",
}

// A command of a page is followed by a script that names the page, as docs/PAGE.md: some line there runs
// the same verb of lockstep with all of the flags, or the same other program. The README lists what all
// pages explain, so any script follows it.
func TestPagesAreFollowed(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	verbs := verbsOf(t)
	scripts := scriptTexts(t)
	commands := 0
	for _, path := range append(pages, "../README.md") {
		name := strings.TrimPrefix(path, "../")
		if name == "docs/cli.md" { // the help pages: cmd/lockstep compares them
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var followed []pageCommand
		for _, script := range scripts {
			if strings.Contains(script, name) || name == "README.md" {
				followed = append(followed, callsIn(verbs, strings.Split(script, "\n"))...)
			}
		}
		for _, c := range callsIn(verbs, shellLines(string(text))) {
			commands++
			if standIns[c.program] == "" && !slices.ContainsFunc(followed, c.followedBy) {
				t.Errorf("%s: no script that names the page runs: %s", name, c.line)
			}
		}
	}
	if commands < 100 {
		t.Errorf("the pages have %d commands only", commands)
	}
}

// pageCommand is one command: lockstep's with its verb and flags, or another program's.
type pageCommand struct {
	line, program string
	flags         []string
}

func (c pageCommand) followedBy(by pageCommand) bool {
	return by.program == c.program && !slices.ContainsFunc(c.flags, func(f string) bool { return !slices.Contains(by.flags, f) })
}

// others is the other programs that a line of a page may begin with.
const others = `scp|ssh|make|dpkg|systemctl|systemd-sysusers|runuser|kubectl|install|ls|find|tar|etcdctl|etcdutl|openssl|sha256sum`

var (
	begins   = regexp.MustCompile(`(?:^|[\s"'|&;(` + "`" + `])(lockstep|` + others + `)(?:-as)?((?: [^|&;#]*)?)`)
	longFlag = regexp.MustCompile(`\s(--[a-z][a-z-]*|-f)\b`)
)

func callsIn(verbs, lines []string) (out []pageCommand) {
	for _, line := range lines {
		for _, m := range begins.FindAllStringSubmatch(line, -1) {
			c := pageCommand{line: strings.TrimSpace(line), program: m[1]}
			if m[1] == "lockstep" {
				c.program = longest(verbs, "lockstep"+m[2])
				for _, f := range longFlag.FindAllStringSubmatch(m[2], -1) {
					c.flags = append(c.flags, f[1])
				}
			}
			if c.program != "" {
				out = append(out, c)
			}
		}
	}
	return out
}

// longest is the longest verb that the command begins with; "" is no command.
func longest(verbs []string, command string) (found string) {
	words := strings.Join(strings.Fields(command), " ") + " "
	for _, v := range verbs {
		if strings.HasPrefix(words, v+" ") && len(v) > len(found) && v != "lockstep" {
			found = v
		}
	}
	return found
}

// verbsOf is every command of lockstep, from its manual.
func verbsOf(t *testing.T) (verbs []string) {
	t.Helper()
	text, err := os.ReadFile("../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^## (lockstep.*)$`).FindAllStringSubmatch(string(text), -1) {
		verbs = append(verbs, m[1])
	}
	return verbs
}

func scriptTexts(t *testing.T) (texts []string) {
	t.Helper()
	paths, err := filepath.Glob("testdata/[sp]*/*.txtar") // scripts and patroni
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	return texts
}

var (
	prompted  = regexp.MustCompile(`(?m)^\$ (.*)$`)
	beginning = regexp.MustCompile(`^(\S+=\S+ |\()*(lockstep|` + others + `)( |$)`)
)

// shellLines is the commands in the blocks of a page that have no language, or sh's: where lines begin with
// a prompt, those lines, and otherwise all. A line that ends in a backslash goes on.
func shellLines(page string) (lines []string) {
	for _, block := range blocks(page) {
		shown := prompted.FindAllStringSubmatch(block, -1)
		for _, m := range shown {
			lines = append(lines, m[1])
		}
		for line := range strings.Lines(block) {
			if line = strings.TrimSpace(line); shown == nil && beginning.MatchString(line) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// blocks is the blocks of a page that have no language, or sh's, with lines that go on joined.
func blocks(page string) (all []string) {
	var block strings.Builder
	inside, shell := false, false
	for line := range strings.Lines(page) {
		language, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && !inside:
			inside, shell = true, language == "\n" || language == "sh\n"
		case fence && shell:
			all = append(all, strings.ReplaceAll(block.String(), "\\\n", " "))
			fallthrough
		case fence:
			inside = false
			block.Reset()
		case inside:
			block.WriteString(line)
		}
	}
	return all
}
