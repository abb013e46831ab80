package policies_test

import (
	"testing"
	"time"

	"lockstep/policies"
)

func TestDue(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	to := from.Add(100 * 24 * time.Hour)
	for text, want := range map[string]time.Time{
		"33%": from.Add(67 * 24 * time.Hour), "1%": from.Add(99 * 24 * time.Hour), "99%": from.Add(24 * time.Hour),
		"30d": from.Add(70 * 24 * time.Hour), "12h": to.Add(-12 * time.Hour), "1y": to.Add(-365 * 24 * time.Hour),
	} {
		d, err := policies.ParseDue(text)
		if err != nil || d.String() != text {
			t.Errorf("%s: %v, %v", text, d, err)
		}
		if got := d.At(from, to); !got.Equal(want) {
			t.Errorf("%s: due at %v, want %v", text, got, want)
		}
	}
	if got := (policies.Due{}).At(from, to); !got.Equal(to) {
		t.Errorf("the zero value: due at %v", got)
	}
	// Thirty years are more than a share's arithmetic may overflow at.
	if got := policies.DefaultDue().At(from, from.AddDate(30, 0, 0)); got.Before(from.AddDate(20, 0, 0)) || got.After(from.AddDate(21, 0, 0)) {
		t.Errorf("33%% of 30 years: %v", got)
	}
	for _, text := range []string{"", "0%", "100%", "33", "-1d", "1.5d", "3w", "31y", "33 %"} {
		if d, err := policies.ParseDue(text); err == nil {
			t.Errorf("%q: %v", text, d)
		}
	}
}
