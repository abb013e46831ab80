package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// building keeps two scripts from building one line of etcd at a time.
var building sync.Mutex

// older builds the etcd of older lines, from the modules etcd/3.5 and etcd/3.6, and names the folder
// of each in the environment: $ETCD35 and $ETCD36. go build links again only what changed.
func older(s *script, ts *testscript.TestScript, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("usage: older LINE...")
	}
	building.Lock()
	defer building.Unlock()
	for _, line := range args {
		dir, err := filepath.Abs(filepath.Join("..", ".build", "etcd-"+line))
		if err != nil {
			return err
		}
		cmd := exec.Command("go", "build", "-C", filepath.Join("..", "etcd", line), "-trimpath", "-o", filepath.Join(dir, "etcd"), ".")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("building etcd %s: %w\n%s", line, err, text)
		}
		ts.Setenv("ETCD"+strings.ReplaceAll(line, ".", ""), dir)
	}
	return nil
}
