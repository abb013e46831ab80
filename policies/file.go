package policies

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// File is one policy file as it was read; Name is for messages.
type File struct {
	Name string
	Text []byte
}

// Read gets the files that -f names: files, folders (their *.yaml and *.yml, by name,
// without those below and without hidden ones) and "-" for stdin. A file over
// strict.MaxBytes is refused unread.
func Read(paths []string, stdin io.Reader) ([]File, error) {
	var files []File
	seen := map[string]bool{}
	for _, path := range paths {
		if seen[filepath.Clean(path)] {
			return nil, hint.With(fmt.Errorf("reading the policy: %s is named twice", path), "name each file once")
		}
		seen[filepath.Clean(path)] = true
		read, err := readPath(path, stdin)
		if err != nil {
			return nil, fmt.Errorf("reading the policy: %w", err)
		}
		files = append(files, read...)
	}
	return files, nil
}

func readPath(path string, stdin io.Reader) ([]File, error) {
	if path == "-" {
		f, err := readAll("stdin", stdin)
		return []File{f}, err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, hint.With(err, "lockstep init writes a first policy; -f names another file")
	case err != nil:
		return nil, err
	case info.IsDir():
		return readFolder(path)
	}
	f, err := readFile(path)
	return []File{f}, err
}

func readFolder(folder string) ([]File, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var files []File
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		ext := filepath.Ext(path)
		if ext != ".yaml" && ext != ".yml" || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			continue
		}
		f, err := readFile(path)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	if len(files) == 0 {
		return nil, hint.With(fmt.Errorf("%s holds no *.yaml or *.yml", folder), "lockstep init -f "+filepath.Join(folder, "lockstep.yaml")+" writes a first policy there")
	}
	return files, nil
}

func readFile(path string) (File, error) {
	file, err := os.Open(path)
	if err != nil {
		return File{}, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return File{}, err
	}
	if info.Size() > strict.MaxBytes {
		return File{}, tooLarge(path)
	}
	return readAll(path, file)
}

// readAll stops one byte above the limit: a pipe does not tell its size.
func readAll(name string, r io.Reader) (File, error) {
	text, err := io.ReadAll(io.LimitReader(r, strict.MaxBytes+1))
	switch {
	case err != nil:
		return File{}, fmt.Errorf("%s: %w", name, err)
	case len(text) > strict.MaxBytes:
		return File{}, tooLarge(name)
	}
	return File{Name: name, Text: text}, nil
}

func tooLarge(name string) error {
	return hint.With(fmt.Errorf("%s: the file is larger than %d MiB", name, strict.MaxBytes>>20), "split it into several files; a policy of 3,000 components has less than one MiB")
}
