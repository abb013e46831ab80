package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		of   []float64
		want float64
	}{
		{[]float64{7}, 7},
		{[]float64{3, 1}, 2},
		{[]float64{9, 1, 2}, 2},
		{[]float64{4, 1, 3, 2}, 2.5},
	} {
		if got := median(c.of); got != c.want {
			t.Errorf("median of %v: got %v, want %v", c.of, got, c.want)
		}
	}
}

func TestCallsAreUnaryAndSummedOverCodes(t *testing.T) {
	t.Parallel()
	before, after := calls{"Txn": 1}, calls{"Txn": 1}
	err := after.add(strings.NewReader(`# HELP grpc_server_handled_total Total number of RPCs completed on the server.
grpc_server_handled_total{grpc_code="OK",grpc_method="Txn",grpc_service="etcdserverpb.KV",grpc_type="unary"} 20
grpc_server_handled_total{grpc_code="PermissionDenied",grpc_method="Txn",grpc_service="etcdserverpb.KV",grpc_type="unary"} 1.2e+01
grpc_server_handled_total{grpc_code="OK",grpc_method="RoleGet",grpc_service="etcdserverpb.Auth",grpc_type="unary"} 3
grpc_server_handled_total{grpc_code="OK",grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"} 9
grpc_server_started_total{grpc_method="Txn",grpc_service="etcdserverpb.KV",grpc_type="unary"} 33
`))
	if err != nil {
		t.Fatal(err)
	}
	made := after.since(before)
	if got := made.String(); got != "3 RoleGet, 32 Txn" || made.total() != 35 {
		t.Errorf("got %q, %d in all", got, made.total())
	}
	if err := after.add(strings.NewReader(`grpc_server_handled_total{grpc_type="unary"} 3`)); err == nil {
		t.Error("a line without a method was counted")
	}
}

func TestSharesAddUp(t *testing.T) {
	t.Parallel()
	f := floor{size: 7, asked: calls{"Txn": 45}}
	sum := 0
	for i := range f.size {
		sum += f.share(i)
	}
	if sum != 45 {
		t.Errorf("got %d Txns, want 45", sum)
	}
}

func measured() *report {
	three, _, plain := kinds()
	round := func(lockstep, floor float64) sample {
		s := sample{"bootstrap": lockstep, "floor": floor, "verify": 1.2, "verify floor": 1, "renew ratio": 1.4, "list CPU": 0.4, "add MiB": 30, "bootstrap MiB": 149}
		s.compare()
		return s
	}
	return &report{sizes: []int{100, 3000}, rounds: 3, rows: []row{
		{kind: plain, size: 100, rounds: []sample{{"floor": 2, "shell": 30}}},
		{kind: three, size: 100, rounds: []sample{round(2, 2), round(3, 2), round(9, 3)}, calls: []calls{{"Txn": 21}}},
		{kind: three, size: 3000, rounds: []sample{round(10, 10)}, calls: []calls{{"Txn": 21}}},
	}}
}

func TestTable(t *testing.T) {
	t.Parallel()
	got := measured().table(func(x row) bool { return x.size == 100 }, []column{{"floor", "floor", "%.2f s"}, {"ratio", "bootstrap ratio", "%.1f"}})
	want := `| cluster | components | rounds | floor | ratio |
| --- | ---: | ---: | ---: | ---: |
| one member, plain http | 100 | 1 | 2.00 s | - |
| three members, TLS | 100 | 3 | 2.00 s | 1.5 |
`
	if got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestAimsAreJudgedByTheFigures(t *testing.T) {
	t.Parallel()
	r := measured()
	want := `- missed: bootstrap without its proof at most 1.10 times the floor: 1.50 (100 components, three members, TLS)
- met: verify at most 1.3 times its floor: 1.20 (100 components, three members, TLS)
- met: bootstrap without its proof at most 1.10 times the floor: 1.00 (3000 components, three members, TLS)
- met: verify at most 1.3 times its floor: 1.20 (3000 components, three members, TLS)
- missed: certs renew --all at most 1.3 times its floor: 1.40 (3000 components, three members, TLS)
- met: certs list within 0.5 s of CPU: 0.40 s (3000 components, three members, TLS)
- met: peak memory under 150 MiB: 149 MiB (3000 components, three members, TLS)
- met: adding one component costs the same calls at every size
`
	if got := r.aims(); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	r.rows[2].calls = []calls{{"Txn": 22}}
	if got := r.aims(); !strings.Contains(got, "- missed: adding one component") {
		t.Errorf("more calls at 3,000 were not seen:\n%s", got)
	}
}

func TestWriteKeepsWhatPeopleWrote(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "benchmarks.md")
	if err := os.WriteFile(file, []byte("# Old\n\nold figures\n\n"+byHand+"\nwhy\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time must not pile up
		if err := measured().write(file); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(text); strings.Contains(got, "old figures") || strings.Count(got, byHand+"\nwhy\n") != 1 || !strings.HasSuffix(got, "why\n") {
		t.Errorf("got:\n%s", got)
	}
}

func TestSizes(t *testing.T) {
	t.Parallel()
	o, err := parseOptions([]string{"-sizes", "3000, 100"})
	if err != nil || len(o.sizes) != 2 || o.sizes[0] != 3000 {
		t.Errorf("got %v, %v", o.sizes, err)
	}
	for _, bad := range []string{"", "9", "many"} {
		if _, err := parseOptions([]string{"-sizes", bad}); err == nil {
			t.Errorf("sizes %q were taken", bad)
		}
	}
}

// The policy that is measured must be one: the shell script and the floor name the
// same prefixes.
func TestShellAndPolicyGrantTheSame(t *testing.T) {
	t.Parallel()
	three, _, _ := kinds()
	c := cluster{kind: three, size: 2}
	text := c.policy([]int{1, 2, 3, 4, 5, 6, 7, 8, 9})
	for _, part := range []string{tenantKeys, sharedKeys} {
		if !strings.Contains(shellScript, part) || !strings.Contains(text, part) {
			t.Errorf("%s is not granted everywhere", part)
		}
	}
	if !strings.Contains(text, "{name: c00001, preset: tenant}") {
		t.Errorf("the policy does not name the second component:\n%s", text)
	}
}
