package policies

import (
	"fmt"
	"regexp"
	"strings"

	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
	"lockstep/policies/strict"
)

var (
	placeholder = regexp.MustCompile(`\$?\{[A-Za-z_][A-Za-z0-9_.-]*\}`) // {name}, ${NAME}
	numbered    = regexp.MustCompile(`^(.*?)([0-9]+)$`)
)

// lintPermissions looks at one component by itself.
func (p *parser) lintPermissions(c *component) {
	p.lintRedundant(c)
	read := keyrange.Reach(c.Permissions, keyrange.Read)
	for _, w := range c.written {
		if !w.own {
			continue
		}
		if w.Access == keyrange.Write && !read.Contains(w.Range()) {
			p.Warn(w.at.Field("access"), "most software needs readwrite", "%s may write %s and not read it", c.Name, w.Target())
		}
		p.lintTexts(w.at)
		p.lintPlaceholders(w.at)
	}
}

// lintRedundant warns of each permission that the others make unnecessary. All of them
// may be left out together.
func (p *parser) lintRedundant(c *component) {
	needed := make([]bool, len(c.written))
	for _, access := range []keyrange.Access{keyrange.Read, keyrange.Write} {
		var ranges []keyrange.Range
		var of []int
		for i, w := range c.written {
			if w.Access.Includes(access) {
				ranges, of = append(ranges, w.Range()), append(of, i)
			}
		}
		for k, redundant := range keyrange.Redundant(ranges) {
			needed[of[k]] = needed[of[k]] || !redundant
		}
	}
	for i, w := range c.written {
		if w.own && !needed[i] {
			p.Warn(w.at, "leave it out", "adds nothing: other permissions of %q allow it already", c.Name)
		}
	}
}

// lintTexts warns of what etcd takes literally and the writer probably did not mean so.
func (p *parser) lintTexts(permission strict.Value) {
	for _, form := range []presets.Form{presets.Prefix, presets.Key, presets.FromKey, presets.Range} {
		v := permission.Field(string(form))
		for _, item := range append(v.Items(), v) {
			if item.Given() && item.Text() != "" {
				p.lintText(form, item)
			}
		}
		if ends := v.Items(); form == presets.Range && len(ends) == 2 {
			p.lintEnds(ends[0], ends[1])
		}
	}
	if key := permission.Field(string(presets.Key)); strings.HasSuffix(key.Text(), "/") {
		p.Warn(key, fmt.Sprintf("write {prefix: %q} if the keys below it are meant", key.Text()), "is the one key that ends in a slash, and no key below it")
	}
}

func (p *parser) lintText(form presets.Form, v strict.Value) {
	text := v.Text()
	switch {
	case strings.Contains(text, "*"):
		p.Warn(v, starMeans(form, text), "the * is an ordinary character of the key")
	case strings.TrimSpace(text) != text:
		p.Warn(v, fmt.Sprintf("write %q without it if it is a slip", strings.TrimSpace(text)), "begins or ends with a blank, which is part of the key")
	case strings.Contains(text, `\`):
		p.Warn(v, escapeMeans(form), "the backslash is an ordinary character of the key, and begins no escape")
	case strings.ContainsAny(text[:1]+text[len(text)-1:], `"'`+"`"):
		p.Warn(v, "leave the quotation mark out if it is a slip", "the quotation mark is part of the key")
	case strings.HasPrefix(text, "[") && strings.ContainsAny(text[len(text)-1:], ")]"):
		p.Warn(v, "write {range: [from, to]}, without quotation marks around the brackets, if a range is meant", "the brackets are part of the key")
	}
}

// lintPlaceholders warns of a component's own text that only a preset would fill in.
func (p *parser) lintPlaceholders(permission strict.Value) {
	for _, e := range permission.Entries() {
		for _, v := range append(e.Value.Items(), e.Value) {
			if found := placeholder.FindString(v.Text()); found != "" {
				p.Warn(v, "write the key as it is in etcd, or declare a preset: its permissions may use {name}", "%s is ordinary text here and stands for nothing", found)
			}
		}
	}
}

// lintEnds warns of ranges that hold other keys than a reader expects.
func (p *parser) lintEnds(from, to strict.Value) {
	first, last := numbered.FindStringSubmatch(from.Text()), numbered.FindStringSubmatch(to.Text())
	switch {
	case first != nil && last != nil && first[1] == last[1] && len(first[2]) != len(last[2]):
		p.Warn(to, "write a prefix, one permission for each key, or numbers with equally many digits",
			"keys are compared byte by byte and not by number: %q comes before %q", first[1]+"10", first[1]+"2")
	case from.Text() != "" && strings.HasPrefix(to.Text(), from.Text()) && !strings.Contains(from.Text(), "*"):
		p.Warn(to, fmt.Sprintf("write {prefix: %q} if every key that begins so is meant", from.Text()),
			"the end begins with the first key, so the range holds only some of the keys that begin so")
	}
}

// starMeans is what to write where a * was meant as "all that begins with this".
func starMeans(form presets.Form, text string) string {
	before, _, _ := strings.Cut(text, "*")
	switch {
	case before == "":
		return "write {everything: true} if every key is meant"
	case form == presets.Prefix:
		return "leave it out: a prefix covers every key that begins with it"
	}
	return fmt.Sprintf("write {prefix: %q} if every key that begins so is meant", before)
}

func escapeMeans(form presets.Form) string {
	if form == presets.Range {
		return `write {fromKey: ...} if \0 was meant, which is etcdctl's word for no end`
	}
	return "write the character that is meant, or leave it out"
}
