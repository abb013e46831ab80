package main

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	"github.com/spf13/pflag"
)

// duration is the value of each flag that is a time: Go's form (1h30m, 500ms), and d for
// 24 hours, as in a policy.
type duration struct{ to *time.Duration }

// durationVar adds a flag that is a time of zero or more.
func durationVar(fs *pflag.FlagSet, to *time.Duration, name string, value time.Duration, usage string) {
	*to = value
	fs.Var(duration{to}, name, usage)
}

// String implements pflag.Value; "" for zero, which help pages then leave out.
func (d duration) String() string {
	if d.to == nil || *d.to == 0 {
		return ""
	}
	return d.to.String()
}

// Type implements pflag.Value: the word of help pages.
func (d duration) Type() string { return "duration" }

// Set implements pflag.Value.
func (d duration) Set(text string) error {
	value, err := parseDuration(text)
	if err == nil {
		*d.to = value
	}
	return err
}

var (
	durationPart  = regexp.MustCompile(`^([0-9]*\.?[0-9]+)(ms|s|m|h|d)`)
	withoutAUnit  = regexp.MustCompile(`^[0-9]*\.?[0-9]+$`)
	durationUnits = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour}
)

// parseDuration reads numbers with units, the sum of which is meant: 90d, 1h30m, 0.5s.
func parseDuration(text string) (time.Duration, error) {
	switch {
	case text == "":
		return 0, errors.New("it is empty: write a number and ms, s, m, h or d")
	case text == "0":
		return 0, nil
	case withoutAUnit.MatchString(text):
		return 0, fmt.Errorf("%s has no unit: write %ss for seconds, or m, h or d", text, text)
	}
	sum := 0.0
	for rest := text; rest != ""; {
		part := durationPart.FindStringSubmatch(rest)
		if part == nil {
			return 0, fmt.Errorf("%q is not a duration: write a number and ms, s, m, h or d, as in 30s, 1h30m, 90d", text)
		}
		n, err := strconv.ParseFloat(part[1], 64)
		if err != nil {
			return 0, fmt.Errorf("%q is no number", part[1])
		}
		sum += n * float64(durationUnits[part[2]])
		rest = rest[len(part[0]):]
	}
	if sum > math.MaxInt64/2 {
		return 0, errors.New("it is longer than 146 years")
	}
	return time.Duration(sum), nil
}
