package view

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"lockstep/bootstrap"
	"lockstep/bootstrap/change"
	"lockstep/bootstrap/verify"
	"lockstep/policies"
	"lockstep/policies/edit"
	"lockstep/policies/hint"
	"lockstep/policies/presets"
	"lockstep/policies/strict"
)

// foreign is a name as etcd or a file system may hold it: it forges a verdict
// in our own green, clears the screen, begins lines, turns text round, sets the window's
// title by one C1 character, and is no UTF-8.
const foreign = "eve\x1b[32min step\x1b[0m\x1b[2J\rover\nin step: forged\u2028in step: forged\u202egnp\u009d0;t\u009c\u009b1A\u200b\x7f\x00\xff"

// told is what a person is told.
func told(m Message, colour bool) string {
	var out bytes.Buffer
	if err := Tell(&out, m, colour); err != nil {
		panic(err)
	}
	return out.String()
}

// poisoned is a value whose every text, at any depth, is foreign.
func poisoned[T any]() T {
	var value T
	poison(reflect.ValueOf(&value).Elem(), 0)
	return value
}

func poison(v reflect.Value, depth int) {
	switch {
	case !v.CanSet() || depth > 8:
	case v.Kind() == reflect.String:
		v.SetString(foreign)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		poison(v.Index(0), depth+1)
		poison(v.Index(1), depth+1)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			poison(v.Field(i), depth+1)
		}
	case v.Type() == reflect.TypeFor[error]():
		v.Set(reflect.ValueOf(errors.Join(errors.New(foreign), errors.New(foreign))))
	}
}

// messages is everything that is printed, each with names that others chose.
func messages(t *testing.T) map[string]Message {
	policy := shopPolicy(t)
	policy.Cluster.Name = foreign
	failure := func(e hint.Exit) Failure {
		f := poisoned[Failure]()
		f.Exit = e
		return f
	}
	proof := poisoned[verify.Proof]()
	live := proof
	live.NotLive, live.Err = "", nil
	evidence := &verify.Evidence{Policy: policy, Proofs: []verify.Proof{proof, live}, Members: poisoned[[]verify.Member]()}
	report := poisoned[verify.Report]()
	plan := poisoned[change.Plan]()
	plan.Former = change.Former{}
	known := everything()
	known.Roles.Steps = append(known.Roles.Steps, plan.Roles.Steps...)
	for i := range known.Roles.Steps {
		known.Roles.Steps[i].Role, known.Roles.Steps[i].Interrupts, known.Roles.Steps[i].Reason = foreign, foreign, foreign
	}
	preset, administrator := poisoned[presets.Preset](), poisoned[presets.Preset]()
	administrator.Administrator = true
	diff := edit.Diff(policies.File{Name: foreign, Text: []byte(foreign)}, policies.File{Name: foreign})
	plan.Diff = diff
	clean := Proof{Kind: foreign, Evidence: evidence}
	return map[string]Message{
		"added":                 Added{diff, foreign, proof, foreign},
		"bootstrap, in step":    clean,
		"bootstrap, soaked":     Proof{Kind: foreign, Evidence: evidence, Soak: ptr(poisoned[bootstrap.Soak]())},
		"diff":                  Diff(diff),
		"failure":               failure(hint.Failed),
		"failure, not in step":  failure(hint.NotInStep),
		"failure, refused":      failure(hint.Refused),
		"issued":                poisoned[Issued](),
		"lint":                  Lint{Files: []string{foreign}, Policy: policy, Problems: poisoned[strict.Problems]()},
		"lint, not valid":       Lint{Files: []string{foreign}, Problems: append(poisoned[strict.Problems](), strict.Problem{Message: foreign, Warning: true})},
		"preset":                Preset{Preset: preset},
		"preset, administrator": Preset{Preset: administrator},
		"preset, configured":    poisoned[Preset](),
		"presets":               Presets{preset, preset},
		"problems":              poisoned[Problems](),
		"plan":                  Plan{Of: policy, Plan: &plan},
		"plan, applied":         Plan{Of: policy, Plan: &plan, Applied: true},
		"plan, of all kinds":    Plan{Of: policy, Plan: known},
		"removed":               Removed{foreign, foreign, diff, foreign, time.Unix(0, 0), false},
		"removed, external":     Removed{foreign, foreign, "", foreign, time.Unix(0, 0), true},
		"say":                   Say(func(s *Sheet) { s.Line("%s %q %v %-9s %d", foreign, foreign, errors.New(foreign), foreign, 1) }),
		"starts":                poisoned[Starts](),
		"verify":                Proof{Kind: foreign, Evidence: evidence, Report: report},
		"version":               poisoned[Version](),
		"written":               poisoned[Written](),
	}
}

func ptr[T any](v T) *T { return &v }

// Whatever a name holds, the terminal sees our colours and our line breaks only.
func TestForeignTextReachesNoTerminal(t *testing.T) {
	t.Parallel()
	for name, m := range messages(t) {
		for _, colour := range []bool{false, true} {
			text := told(m, colour)
			if !strings.Contains(text, `\x1b[2J`) {
				t.Errorf("%s: the name is not shown: %q", name, text)
			}
			harmlessOrFail(t, name, text, colour)
		}
	}
}

// harmlessOrFail allows line breaks and, with colour, our colours around words of our own.
func harmlessOrFail(t *testing.T, name, text string, colour bool) {
	t.Helper()
	if strings.Contains(text, "eve"+string(Good)) {
		t.Errorf("%s: a name is painted in our colour by itself", name)
	}
	if colour {
		for _, c := range []Colour{Good, Warn, Bad, Bold, plainColour} {
			text = strings.ReplaceAll(text, string(c), "")
		}
	}
	if !utf8.ValidString(text) {
		t.Errorf("%s: no UTF-8 in %q", name, text)
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if i := strings.IndexFunc(line, harmful); i >= 0 {
			t.Errorf("%s: %q at %d in %q", name, line[i:i+1], i, line)
		}
		if strings.HasPrefix(line, "in step: forged") {
			t.Errorf("%s: a name begins a line: %q", name, line)
		}
	}
}

// JSON is printed to terminals as well: it is plain there, and its values are as given.
func TestForeignTextIsPlainInJSON(t *testing.T) {
	t.Parallel()
	for name, m := range messages(t) {
		answer, ok := m.(Answer)
		if !ok {
			continue
		}
		var out bytes.Buffer
		if err := NewPrinter(&out, JSON, true).Print(answer); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		harmlessOrFail(t, name, out.String(), false)
		var got, want any
		plain, err := json.Marshal(answer.Document())
		if err = errors.Join(err, json.Unmarshal(plain, &want), json.Unmarshal(out.Bytes(), &got)); err != nil || !reflect.DeepEqual(want, got) {
			t.Errorf("%s: %v: got %s", name, err, out.String())
		}
	}
}

func TestForeignTextReachesNoTerminalByProgress(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{false, true} {
		var out bytes.Buffer
		var w watch
		p := NewProgress(&out, terminal, w.now)
		for _, e := range []Event{
			{Stage: foreign, Text: foreign},
			{Stage: foreign, Text: foreign, Warning: true},
			{Stage: foreign, Text: foreign, Done: 1, Total: 2},
			{Stage: foreign, Text: foreign, Done: 2, Total: 2},
		} {
			w.advance(time.Hour)
			p.Report(e)
		}
		p.Close()
		harmlessOrFail(t, "progress", strings.ReplaceAll(out.String(), "\r\x1b[K", ""), false)
	}
}
