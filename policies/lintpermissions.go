package policies

import (
	"fmt"
	"strings"

	"lockstep/policies/keyrange"
	"lockstep/policies/presets"
	"lockstep/policies/strict"
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
	}
	if key := permission.Field(string(presets.Key)); strings.HasSuffix(key.Text(), "/") {
		p.Warn(key, fmt.Sprintf("write {prefix: %s} if the keys below it are meant", key.Text()), "is the one key that ends in a slash, and no key below it")
	}
}

func (p *parser) lintText(form presets.Form, v strict.Value) {
	text := v.Text()
	switch {
	case strings.Contains(text, "*"):
		p.Warn(v, starMeans(form, text), "the * is an ordinary character of the key")
	case strings.TrimSpace(text) != text:
		p.Warn(v, fmt.Sprintf("write %s without it if it is a slip", strings.TrimSpace(text)), "begins or ends with a blank, which is part of the key")
	case strings.Contains(text, `\`):
		p.Warn(v, escapeMeans(form), "the backslash is an ordinary character of the key, and begins no escape")
	case strings.ContainsAny(text[:1]+text[len(text)-1:], `"'`+"`"):
		p.Warn(v, "leave the quotation mark out if it is a slip", "the quotation mark is part of the key")
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
	return fmt.Sprintf("write {prefix: %s} if every key that begins so is meant", before)
}

func escapeMeans(form presets.Form) string {
	if form == presets.Range {
		return `write {fromKey: ...} if \0 was meant, which is etcdctl's word for no end`
	}
	return "write the character that is meant, or leave it out"
}
