package presets

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lockstep/policies/hint"
	"lockstep/policies/keyrange"
)

// Preset is what one piece of software needs, placeholders not yet filled in.
type Preset struct {
	Name          string   // calico/node; for a policy's own preset what the policy calls it
	Summary       string   // one line: what software this is
	Sources       []string // URLs or repositories where the permissions were read
	Checked       string   // the versions that they were checked against, and how
	User          string   // the user that the software's own certificate names; "" for the component's
	Identity      string   // ByPassword for software that reaches etcd through its HTTP gateway alone; "" for not said
	Administrator bool     // needs role root; Permissions is empty then
	Parameters    []Parameter
	Permissions   []Permission
	Calls         []Calling // what it calls beside requests for keys
	Notes         []string  // what the operator must set or know, in whole sentences
	Config        string    // what the software itself is configured with, lines with placeholders (Configure); "" for not known
	Kubernetes    Kubernetes
	Reload        Reload
}

// Parameter is a value that a component may set by `with`.
type Parameter struct {
	Name        string
	Default     string
	HasDefault  bool     // otherwise every component has to give the value
	Values      []string // the only values that it may have; nil for any
	Description string
}

// Condition is a parameter's value that a permission waits for; the zero Condition is
// none. A component that leaves the parameter out has its default.
type Condition struct{ Parameter, Value string }

// String is the condition as a component writes its value: `policy: none`.
func (c Condition) String() string { return c.Parameter + ": " + c.Value }

// takes reports whether value may be given to p.
func (p Parameter) takes(value string) bool {
	return len(p.Values) == 0 || slices.Contains(p.Values, value)
}

// parameter finds one of p's parameters by its name.
func (p Preset) parameter(name string) (Parameter, bool) {
	i := slices.IndexFunc(p.Parameters, func(q Parameter) bool { return q.Name == name })
	if i < 0 {
		return Parameter{}, false
	}
	return p.Parameters[i], true
}

// Form is the field by which a permission says which keys it covers.
type Form string

const (
	Prefix     Form = "prefix"
	Key        Form = "key"
	Range      Form = "range"
	FromKey    Form = "fromKey"
	Everything Form = "everything"
)

// Permission is one permission as written in a file.
type Permission struct {
	Form   Form
	First  string // the prefix, the key, where the range begins; "" for Everything
	Last   string // of Range: the first key that is no longer covered
	Access keyrange.Access
	When   Condition // given to those components only
	Why    string    // why it is needed beyond what the software's own documentation says; "" when that says it
}

// Target is the keys that p covers, in the words of keyrange: `prefix "/registry/"`.
func (p Permission) Target() string {
	switch p.Form {
	case Range:
		return fmt.Sprintf("range [%q, %q)", p.First, p.Last)
	case FromKey:
		return fmt.Sprintf("from key %q", p.First)
	case Everything:
		return "everything"
	}
	return fmt.Sprintf("%s %q", p.Form, p.First)
}

// Plain is p as etcd stores it, its texts taken as they are. It fails where etcd
// would refuse the pair or take it for something else (fact 21).
func (p Permission) Plain() (keyrange.Permission, error) {
	if p.First == "" && p.Form != Everything {
		return keyrange.Permission{}, fmt.Errorf("%s is empty", p.Form)
	}
	switch p.Form {
	case Prefix:
		return keyrange.Prefix(p.First, p.Access), nil
	case Key:
		return keyrange.Key(p.First, p.Access), nil
	case Range:
		switch {
		case p.Last == "":
			return keyrange.Permission{}, hint.With(errors.New("the range has no end"), "write {fromKey: ...} if none is meant")
		case p.Last == p.First:
			return keyrange.Permission{}, hint.With(fmt.Errorf("the range is empty: it begins at %q and ends before %q", p.First, p.Last), "write {key: ...} if this one key is meant")
		case p.Last < p.First:
			return keyrange.Permission{}, hint.With(fmt.Errorf("the range is inverted: it begins at %q and ends at %q", p.First, p.Last), "put the smaller key first; keys are compared byte by byte")
		case p.Last == keyrange.FromKeyEnd:
			return keyrange.Permission{}, hint.With(errors.New("the range ends in a NUL, which etcd takes for no end"), "write {fromKey: ...} if none is meant")
		}
		return keyrange.Between(p.First, p.Last, p.Access), nil
	case FromKey:
		return keyrange.FromKey(p.First, p.Access), nil
	case Everything:
		return keyrange.Everything(p.Access), nil
	}
	return keyrange.Permission{}, fmt.Errorf("names no keys")
}

// placeholders calls use for every "{...}" in text and puts in what it returns.
func placeholders(text string, use func(name string) string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			b.WriteString("{" + rest)
			return b.String()
		}
		b.WriteString(use(name))
		text = after
	}
}
