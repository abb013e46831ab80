package certgen

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

func (d *differ) files() {
	for _, name := range slices.Sorted(maps.Keys(d.wanted.Files)) {
		want := d.wanted.Files[name]
		got, found := d.state.Files[name]
		switch {
		case !found:
			d.step(Step{Action: Write, File: name, Content: want, Reason: Missing})
		case name != IgnoreFile && !bytes.Equal(got, want): // what git ignores is the operator's choice once it is there
			d.step(Step{Action: Write, File: name, Content: want, Reason: differs(name, got, want)})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.wanted.Copies)) {
		d.copyOf(name, d.wanted.Copies[name])
	}
	for _, ca := range CAs() {
		d.revocationLists(ca)
	}
}

// differs says how a file is not what it is to be.
func differs(name string, got, want []byte) string {
	switch {
	case !strings.HasSuffix(name, ".env"):
	case sameSettings(got, want):
		return SameMeaning
	case sameSettings(withoutSetting(got, initialClusterName), withoutSetting(want, initialClusterName)):
		return FirstStart
	}
	return "differs from the policy"
}

func (d *differ) copyOf(name string, ca CA) {
	v := d.views[ca]
	got, found := d.state.Files[name]
	switch {
	case v == nil || v.cert == nil && !v.making:
	case !found:
		d.step(Step{Action: Write, File: name, CopyOf: ca, Reason: Missing})
	case !v.making && v.trust.reordered(got):
		d.step(Step{Action: Write, File: name, CopyOf: ca, Reason: SameMeaning})
	case v.making || !bytes.Equal(got, v.trust.Encode()):
		d.step(Step{Action: Write, File: name, CopyOf: ca, Reason: fmt.Sprintf("differs from the %s CA's certificate", ca)})
	}
}

// restrict mends lax modes of keys and passwords, but for those that are replaced anyway.
func (d *differ) restrict() {
	replaced, written := map[string]bool{}, map[string]bool{}
	for _, s := range d.plan.Steps {
		replaced[s.Profile.Path], written[s.File] = true, true
	}
	lax := map[string]fs.FileMode{}
	for name, p := range d.state.Pairs {
		if p.Key != KeyAbsent && Lax(p.KeyMode) && !Guarded(name) && !replaced[name] {
			lax[name+".key"] = p.KeyMode
		}
	}
	for file, mode := range d.state.Passwords {
		if Lax(mode) && !written[file] {
			lax[file] = mode
		}
	}
	for _, file := range slices.Sorted(maps.Keys(lax)) {
		d.step(Step{Action: Restrict, File: file, Reason: fmt.Sprintf("its mode is %04o", lax[file].Perm())})
	}
}
