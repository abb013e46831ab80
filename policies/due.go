package policies

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// Due tells from when on a certificate is due for renewal: when no more than Share percent
// of its own life is left, or no more than Left. The zero value makes nothing due.
type Due struct {
	Share int           // percent, 1 to 99; 0: Left counts
	Left  time.Duration // more than 0 when Share is 0
}

// DefaultDue makes a certificate due in the last third of its life, as cert-manager and
// step do.
func DefaultDue() Due { return Due{Share: 33} }

const duePattern = `^([1-9][0-9]?%|[1-9][0-9]{0,5}[hdy])$`

var dueForm = regexp.MustCompile(duePattern)

// ParseDue reads a share of a certificate's life, 1% to 99%, or a time before its end,
// as [ParseLifetime] does: 33%, 30d.
func ParseDue(s string) (Due, error) {
	if !dueForm.MatchString(s) {
		return Due{}, hint.With(fmt.Errorf("%q is no share of a certificate's life and no time before its end", s), "write 1% to 99%, or an integer and h, d or y: 33%, 30d")
	}
	if last := len(s) - 1; s[last] == '%' {
		share, err := strconv.Atoi(s[:last])
		if err != nil {
			return Due{}, fmt.Errorf("reading the share %q: %w", s, err)
		}
		return Due{Share: share}, nil
	}
	left, err := ParseLifetime(s)
	return Due{Left: left}, err
}

// At is when a certificate that is valid from notBefore to notAfter becomes due. The zero
// Due never makes it due before it ends.
func (d Due) At(notBefore, notAfter time.Time) time.Time {
	if d.Share > 0 {
		life := notAfter.Sub(notBefore)
		return notAfter.Add(-life / 100 * time.Duration(d.Share))
	}
	return notAfter.Add(-d.Left)
}

// String is d as ParseDue reads it.
func (d Due) String() string {
	if d.Share > 0 {
		return fmt.Sprintf("%d%%", d.Share)
	}
	return FormatLifetime(d.Left)
}

func due() strict.Type {
	return strict.Type{Kind: strict.Text, Pattern: duePattern, Check: func(s string) error {
		_, err := ParseDue(s)
		return err
	}}
}

// readDue is what v says, which was checked, or the default.
func readDue(v strict.Value) Due {
	if d, err := ParseDue(v.Text()); err == nil {
		return d
	}
	return DefaultDue()
}
