package folder

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestHolder(t *testing.T) {
	t.Parallel()
	f := create(t)
	if got := holder(f.Path()); got != "another process" {
		t.Error("unlocked:", got)
	}
	unlock, err := f.Lock(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if got, want := holder(f.Path()), fmt.Sprintf("process %d (", os.Getpid()); !strings.HasPrefix(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
