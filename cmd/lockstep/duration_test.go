package main

import (
	"strings"
	"testing"
	"time"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"0": 0, "0s": 0, "30s": 30 * time.Second, "500ms": 500 * time.Millisecond, "1h30m": 90 * time.Minute,
		"1.5h": 90 * time.Minute, ".5s": 500 * time.Millisecond, "1d": 24 * time.Hour, "1d12h": 36 * time.Hour, "3650d": 3650 * 24 * time.Hour,
	} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"10":      "10 has no unit: write 10s for seconds, or m, h or d",
		"1.5":     "1.5 has no unit: write 1.5s for seconds, or m, h or d",
		"10x":     `"10x" is not a duration: write a number and ms, s, m, h or d, as in 30s, 1h30m, 90d`,
		"-1s":     `"-1s" is not a duration: write a number and ms, s, m, h or d, as in 30s, 1h30m, 90d`,
		"1h30":    `"1h30" is not a duration: write a number and ms, s, m, h or d, as in 30s, 1h30m, 90d`,
		"soon":    `"soon" is not a duration: write a number and ms, s, m, h or d, as in 30s, 1h30m, 90d`,
		"":        "it is empty: write a number and ms, s, m, h or d",
		"999999d": "it is longer than 146 years",
	} {
		if got, err := parseDuration(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v, %v; want %s", text, got, err, want)
		}
	}
}

// Each flag that is a time takes days, and names the unit that is missing.
func TestEveryTimeTakesDays(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"bootstrap", "--wait"}, {"bootstrap", "--soak"}, {"rehearse", "--wait"}, {"certs", "issue", "root", "--ttl"}, {"verify", "--timeout"},
	} {
		var o outside
		if code := o.run(append(args, "10")...); code != 1 || !strings.Contains(o.stderr.String(), "10 has no unit: write 10s") {
			t.Errorf("%v 10: exit code %d, %s", args, code, o.stderr.String())
		}
		o = outside{}
		o.run(append(args, "1d", "-f", "absent.yaml")...)
		if !strings.Contains(o.stderr.String(), "absent.yaml") {
			t.Errorf("%v 1d: %s", args, o.stderr.String())
		}
	}
}
