package keyrange_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"lockstep/policies/keyrange"
)

func wire(p keyrange.Permission) string {
	return fmt.Sprintf("%q %q %s", p.Key, p.RangeEnd, p.Access)
}

func TestWireFormAndWords(t *testing.T) {
	t.Parallel()
	tests := []struct {
		p           keyrange.Permission
		wire, words string
	}{
		{keyrange.Key("a", keyrange.Read), `"a" "" read`, `read key "a"`},
		{keyrange.Prefix("/registry/", keyrange.ReadWrite), `"/registry/" "/registry0" readwrite`, `readwrite prefix "/registry/"`},
		{keyrange.Prefix("", keyrange.Write), `"\x00" "\x00" write`, "write everything"},
		{keyrange.Prefix("a\xff", keyrange.Read), `"a\xff" "b" read`, `read prefix "a\xff"`},
		{keyrange.Prefix("\xff\xff", keyrange.Read), `"\xff\xff" "\x00" read`, `read prefix "\xff\xff"`},
		{keyrange.Between("a", "c", keyrange.Read), `"a" "c" read`, `read range ["a", "c")`},
		{keyrange.Between("a", "b", keyrange.Read), `"a" "b" read`, `read prefix "a"`},
		{keyrange.FromKey("k", keyrange.Write), `"k" "\x00" write`, `write from key "k"`},
		{keyrange.Everything(keyrange.ReadWrite), `"\x00" "\x00" readwrite`, "readwrite everything"},
		{keyrange.Key("\x1b[31m", keyrange.Read), `"\x1b[31m" "" read`, `read key "\x1b[31m"`},
	}
	for _, test := range tests {
		if got := wire(test.p); got != test.wire {
			t.Errorf("wire form of %s is %s, want %s", test.words, got, test.wire)
		}
		if got := test.p.String(); got != test.words {
			t.Errorf("words for %s are %s, want %s", test.wire, got, test.words)
		}
	}
}

func TestAccess(t *testing.T) {
	t.Parallel()
	all := []keyrange.Access{"", keyrange.Read, keyrange.Write, keyrange.ReadWrite}
	includes := map[keyrange.Access][]keyrange.Access{
		"": {""}, keyrange.Read: {"", keyrange.Read}, keyrange.Write: {"", keyrange.Write}, keyrange.ReadWrite: all}
	for _, a := range all {
		for _, b := range all {
			if got, want := a.Includes(b), slices.Contains(includes[a], b); got != want {
				t.Errorf("%q includes %q is %t, want %t", a, b, got, want)
			}
		}
	}
}

// universe is every key of up to three bytes out of four: the least, two in the
// middle, the greatest. Whatever two sets differ in, they differ in one of these, if
// their ends have at most two bytes.
func universe() []string {
	letters := []string{"\x00", "a", "b", "\xff"}
	keys := slices.Clone(letters)
	for range 2 {
		for _, k := range slices.Clone(keys) {
			for _, l := range letters {
				keys = append(keys, k+l)
			}
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// model is a set as the list of its keys.
type model map[string]bool

func draw(r *rand.Rand, universe []string) ([]keyrange.Range, model) {
	short := slices.DeleteFunc(slices.Clone(universe), func(k string) bool { return len(k) > 2 })
	short = append(short, "")
	var ranges []keyrange.Range
	m := model{}
	for range r.IntN(5) {
		x := keyrange.Range{From: short[r.IntN(len(short))], To: short[r.IntN(len(short))]}
		ranges = append(ranges, x)
		for _, k := range universe {
			if k >= x.From && (x.To == "" || k < x.To) {
				m[k] = true
			}
		}
	}
	return ranges, m
}

func holds(s keyrange.Set, key string) bool {
	return slices.ContainsFunc(s.Ranges(), func(r keyrange.Range) bool { return r.Holds(key) })
}

func TestSetsAgreeWithAModel(t *testing.T) {
	t.Parallel()
	keys := universe()
	seed := uint64(0x10c57e9)
	r := rand.New(rand.NewPCG(seed, 1))
	for round := range 4000 {
		ra, ma := draw(r, keys)
		rb, mb := draw(r, keys)
		a, b := keyrange.Union(ra...), keyrange.Union(rb...)
		same, covers := true, true
		for _, k := range keys {
			for name, pair := range map[string][2]bool{
				"union":     {holds(a, k), ma[k]},
				"a ∪ b":     {holds(a.Union(b), k), ma[k] || mb[k]},
				"a ∩ b":     {holds(a.Intersect(b), k), ma[k] && mb[k]},
				"a - b":     {holds(a.Minus(b), k), ma[k] && !mb[k]},
				"gaps":      {holds(a.Gaps(), k), !ma[k]},
				"contains":  {a.Contains(keyrange.Single(k)), ma[k]},
				"two gaps":  {holds(a.Gaps().Gaps(), k), ma[k]},
				"overlap k": {slices.ContainsFunc(ra, keyrange.Single(k).Overlaps), ma[k]},
			} {
				if pair[0] != pair[1] {
					t.Fatalf("seed %#x round %d: %s at %q is %t, a = %q, b = %q", seed, round, name, k, pair[0], ra, rb)
				}
			}
			same = same && ma[k] == mb[k]
			covers = covers && (!mb[k] || ma[k])
		}
		if a.Equal(b) != same || a.Covers(b) != covers || a.IsEmpty() != (len(ma) == 0) {
			t.Fatalf("seed %#x round %d: equal %t, covers %t, empty %t; a = %q, b = %q", seed, round, a.Equal(b), a.Covers(b), a.IsEmpty(), ra, rb)
		}
		checkNormal(t, a)
	}
}

// checkNormal holds the promise that equal sets are equal value by value.
func checkNormal(t *testing.T, s keyrange.Set) {
	t.Helper()
	ranges := s.Ranges()
	for i, r := range ranges {
		if r.Empty() || r.From == "" {
			t.Fatalf("range %q in a set", r)
		}
		if i > 0 && (ranges[i-1].To == "" || ranges[i-1].To >= r.From) {
			t.Fatalf("ranges %q are not disjoint, sorted and apart", ranges)
		}
		first, last := r.Edges()
		if !r.Holds(first) || !r.Holds(last) || first > last {
			t.Fatalf("edges of %q are %q and %q", r, first, last)
		}
	}
}

func TestEdges(t *testing.T) {
	t.Parallel()
	tests := []struct{ from, to, first, last string }{
		{"", "", "\x00", "\xff\xff"},
		{"/a/", "/a0", "/a/", "/a/\xff"},
		{"a", "a\x00", "a", "a"},
		{"a", "b", "a", "a\xff"},
		{"\xff\xff\xff", "", "\xff\xff\xff", "\xff\xff\xff"},
		{"", "a\x00\x00", "\x00", "a\x00"},
		{"a\xff", "b", "a\xff", "a\xff"},
		{"a\xffz", "b", "a\xffz", "a\xffz"},
	}
	for _, test := range tests {
		r := keyrange.Range{From: test.from, To: test.to}
		if first, last := r.Edges(); first != test.first || last != test.last {
			t.Errorf("edges of %q are %q and %q, want %q and %q", r, first, last, test.first, test.last)
		}
	}
}

// A prefix covers exactly the keys that begin with it.
func TestPrefixIsWhatBeginsWithIt(t *testing.T) {
	t.Parallel()
	keys := universe()
	for _, prefix := range keys {
		p := keyrange.Prefix(prefix, keyrange.Read)
		if want := clientv3.GetPrefixRangeEnd(prefix); p.RangeEnd != want {
			t.Errorf("prefix %q ends at %q, etcd's own client says %q", prefix, p.RangeEnd, want)
		}
		r := p.Range()
		for _, k := range keys {
			if r.Holds(k) != strings.HasPrefix(k, prefix) {
				t.Errorf("prefix %q holds %q is %t", prefix, k, r.Holds(k))
			}
		}
	}
}

func TestReach(t *testing.T) {
	t.Parallel()
	permissions := []keyrange.Permission{keyrange.Prefix("a", keyrange.Read), keyrange.Key("b", keyrange.Write), keyrange.Prefix("c", keyrange.ReadWrite)}
	read, write := keyrange.Reach(permissions, keyrange.Read), keyrange.Reach(permissions, keyrange.Write)
	if got := fmt.Sprintf("%q", read.Ranges()); got != `[{"a" "b"} {"c" "d"}]` {
		t.Errorf("read reach %s", got)
	}
	if got := fmt.Sprintf("%q", write.Ranges()); got != `[{"b" "b\x00"} {"c" "d"}]` {
		t.Errorf("write reach %s", got)
	}
}

func TestCompareOrdersTotally(t *testing.T) {
	t.Parallel()
	sorted := []keyrange.Permission{
		keyrange.Everything(keyrange.Read), keyrange.Key("a", keyrange.Read), keyrange.Key("a", keyrange.Write),
		keyrange.FromKey("a", keyrange.Read), keyrange.Prefix("a", keyrange.Read), keyrange.Key("b", keyrange.Read)}
	for i, p := range sorted {
		for j, q := range sorted {
			if got, want := p.Compare(q), sign(i-j); got != want {
				t.Errorf("%s to %s compares as %d, want %d", p, q, got, want)
			}
			if got, want := p.SamePair(q), p.Key == q.Key && p.RangeEnd == q.RangeEnd; got != want {
				t.Errorf("%s and %s same pair: %t", p, q, got)
			}
		}
	}
}

func sign(n int) int { return max(-1, min(1, n)) }
