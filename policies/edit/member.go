package edit

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"strings"

	"lockstep/policies"
	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// Member is an entry of cluster.members to be written. A zero field is left out.
type Member struct {
	Name               string
	Hosts              []string // never empty
	ClientURL, PeerURL string   // "" for the defaults
}

// AddMember is Add for a member of the cluster.
func AddMember(file policies.File, m Member) (policies.File, error) {
	return add(file, members(), m.Name, m)
}

// RemoveMember is Remove for a member of the cluster.
func RemoveMember(file policies.File, name string) (policies.File, error) {
	return remove(file, members(), name)
}

// HoldsMembers reports whether the file is a valid one with members of the cluster.
func HoldsMembers(file policies.File) bool {
	d, err := read(file, members())
	return err == nil && len(d.list.Items()) > 0
}

// MoveMember gives the member of that name the hosts and URLs of m, without another change of
// the file. A URL that m leaves out stays as it is, and one that is the default and was not
// written is not written now.
func MoveMember(file policies.File, m Member) (policies.File, error) {
	what := fmt.Sprintf("moving member %q", m.Name)
	d, err := read(file, members())
	if err == nil {
		err = m.check()
	}
	if err != nil {
		return policies.File{}, fmt.Errorf("%s: %w", what, err)
	}
	i, err := d.named(m.Name)
	if err != nil {
		return policies.File{}, err
	}
	if i < 0 {
		return policies.File{}, hint.With(fmt.Errorf("%s: %s declares no such member", what, file.Name), strict.Suggest(m.Name, d.names(), ""))
	}
	m = m.withoutDefaults(d.list.Items()[i])
	list := d.plain()
	for _, f := range m.fields() {
		list[i].(map[string]any)[f.name] = m.plain().(map[string]any)[f.name]
	}
	text, err := d.move(i, m)
	if err == nil {
		err = d.prove(text, list)
	}
	if err != nil {
		return policies.File{}, hint.Refuse(fmt.Sprintf("Write %s at %s by hand, then run the same command again.", m.lines(style{flow: true})[0], d.list.Items()[i].Position),
			"%s without touching anything else is not safe here: %w", what, err)
	}
	return policies.File{Name: file.Name, Text: text}, nil
}

// withoutDefaults leaves out the URLs that are the default and that the entry does not write.
func (m Member) withoutDefaults(item strict.Value) Member {
	if !item.Field("clientURL").Given() && m.ClientURL == "https://"+net.JoinHostPort(m.Hosts[0], "2379") {
		m.ClientURL = ""
	}
	if !item.Field("peerURL").Given() && m.PeerURL == "https://"+net.JoinHostPort(m.Hosts[0], "2380") {
		m.PeerURL = ""
	}
	return m
}

// move writes the fields of m into entry i, one after the other: each is looked up in the text
// that the one before has left.
func (d *document) move(i int, m Member) ([]byte, error) {
	for _, f := range m.fields()[1:] {
		c, err := d.setField(i, f)
		if err != nil {
			return nil, err
		}
		now, err := read(policies.File{Name: d.Name, Text: d.apply(c)}, d.section)
		if err != nil {
			return nil, unsure{d.list.Position, "the edited text would not be valid"}
		}
		d = now
	}
	return d.Text, nil
}

// setField is the change that gives entry i the field.
func (d *document) setField(i int, f field) (change, error) {
	item := d.list.Items()[i]
	value := item.Field(f.name)
	if !value.Given() {
		return d.addField(i, f.name+": "+f.value)
	}
	from := d.offset(value.Position)
	to, err := d.valueEnd(value, d.at(item.Position) == '{')
	return change{from: from, to: to, text: f.value}, err
}

// valueEnd is the offset behind a list in brackets or a text, within braces or not.
func (d *document) valueEnd(value strict.Value, braces bool) (int, error) {
	s := scanner{text: string(d.Text)}
	at, end := d.offset(value.Position), -1
	switch c := d.Text[at]; {
	case c == '[':
		_, shut, err := d.elementsOf(value)
		return shut + 1, err
	case c == '"' || c == '\'':
		end = s.quoted(at) + 1
	case braces:
		if elements, _, comment := s.list(at); !comment && len(elements) > 0 {
			end = elements[0].to
		}
	case c != '-' && c != '|' && c != '>':
		text, _, _ := strings.Cut(string(d.Text[at:d.start(value.Line)]), " #")
		end = at + len(strings.TrimRight(text, " \t\r\n"))
	}
	if end <= at {
		return 0, unsure{value.Position, "where this value ends is not clear"}
	}
	return end, nil
}

// check says whether m is an entry that the strict reader reads as m.
func (m Member) check() error {
	var d strict.Decoder
	top := d.Read("", []byte(head+"cluster:\n  name: x\n  members:\n"+strings.Join(indent(m.lines(style{}), "    - "), "\n")), policies.Type())
	if problems := d.Problems(); len(problems) > 0 {
		first := problems[0]
		return hint.With(errors.New(strings.TrimPrefix(first.Path, "cluster.members[0].")+": "+first.Message), first.Hint)
	}
	if items := top.Field("cluster").Field("members").Items(); len(items) != 1 || !reflect.DeepEqual(items[0].Plain(), m.plain()) {
		return errors.New("this member cannot be written so that it reads the same")
	}
	return nil
}

// plain is m as strict.Value.Plain gives it when it is read.
func (m Member) plain() any {
	hosts := []any{}
	for _, h := range m.Hosts {
		hosts = append(hosts, h)
	}
	out := map[string]any{"name": m.Name, "hosts": hosts}
	for field, text := range map[string]string{"clientURL": m.ClientURL, "peerURL": m.PeerURL} {
		if text != "" {
			out[field] = text
		}
	}
	return out
}

func (m Member) fields() []field {
	var hosts []string
	for _, h := range m.Hosts {
		if a, err := netip.ParseAddr(h); err != nil || !a.Is4() {
			h = quote(h)
		}
		hosts = append(hosts, h)
	}
	out := []field{{name: "name", value: quote(m.Name)}, {name: "hosts", value: "[" + strings.Join(hosts, ", ") + "]"}}
	for _, f := range []field{{name: "clientURL", value: m.ClientURL}, {name: "peerURL", value: m.PeerURL}} {
		if f.value != "" {
			out = append(out, field{name: f.name, value: quote(f.value)})
		}
	}
	return out
}

// lines is the entry without its dash, one line in flow style.
func (m Member) lines(s style) []string {
	var out []string
	for _, f := range m.fields() {
		out = append(out, f.name+": "+f.value)
	}
	if s.flow {
		return []string{s.braces(out)}
	}
	return out
}
