package view

import (
	"fmt"
	"io"

	g "maragu.dev/gomponents"
	h "maragu.dev/gomponents/html"

	"lockstep/bootstrap/verify"
)

// write writes the page. Every text and attribute is escaped by gomponents; what is not is the
// style sheet alone, which is a constant. A template of html/template would do the same, and makes
// the program a sixth larger: the linker then keeps every method that it could call.
func (v reportValues) write(w io.Writer) error {
	return h.Doctype(h.HTML(h.Lang("en"),
		h.Head(
			h.Meta(h.Charset("utf-8")),
			h.Meta(h.Name("viewport"), h.Content("width=device-width, initial-scale=1")),
			h.Meta(g.Attr("http-equiv", "Content-Security-Policy"), h.Content("default-src 'none'; style-src 'unsafe-inline'")),
			h.TitleEl(g.Text(v.Cluster+": "+v.Verdict)),
			h.StyleEl(g.Raw(reportStyle)),
		),
		h.Body(
			h.H1(g.Text(v.Cluster+": "), h.Span(h.Class(goodOr("bad", v.InStep)), g.Text(v.Verdict))),
			h.P(h.Class("quiet"), g.Text("lockstep verify, "+v.Made), g.Map(v.Numbers, func(n string) g.Node { return g.Text(" · " + n) })),
			v.findings(), v.matrixTable(), v.proofs(), v.lineOfTime(),
		),
	)).Render(w)
}

func (v reportValues) findings() g.Node {
	nodes := g.Group{section("Findings")}
	if len(v.Findings) == 0 {
		nodes = append(nodes, h.P(h.Class("good"), g.Text("None.")))
	} else {
		nodes = append(nodes, rows([]string{"Severity", "Check", "What", "Remedy"}, v.Findings, func(f findingView) g.Node {
			severity := f.Severity
			if f.Accepted != "" {
				severity += " until " + f.Accepted
			}
			about := g.Group{g.Text(f.Text)}
			if f.Subject != "" {
				about = g.Group{code(f.Subject), g.Text(": " + f.Text)}
			}
			return g.Group{h.Td(h.Class(f.Severity), g.Text(severity)), h.Td(code(f.Code)), h.Td(about), cell(f.Remedy)}
		}))
	}
	if len(v.Skipped) > 0 {
		nodes = append(nodes, h.P(g.Text("Not checked:")), rows([]string{"Check", "Reason"}, v.Skipped, func(s verify.Skip) g.Node {
			return g.Group{h.Td(code(s.Code)), cell(s.Reason)}
		}))
	}
	return nodes
}

func (v reportValues) matrixTable() g.Node {
	return g.Group{
		section("Who reads and writes what, by " + v.Source),
		rows([]string{"Keys", "Read by", "Written by"}, v.Spaces, func(s spaceView) g.Node {
			return g.Group{h.Td(code(s.Keys)), cell(s.Read), cell(s.Write)}
		}),
		h.P(h.Class("quiet"), g.Text("A name in parentheses reaches some of the keys. Superusers reach every key: "+v.Superusers+".")),
	}
}

func (v reportValues) proofs() g.Node {
	if len(v.Components) == 0 {
		return nil
	}
	return g.Group{
		section("What each component proved"),
		rows([]string{"Component", "User", "Role", "Allowed", "Refused", "Certificate until"}, v.Components, func(c componentView) g.Node {
			proved := g.Group{cell(c.Allowed), cell(c.Refused)}
			if c.Why != "" {
				proved = g.Group{h.Td(h.ColSpan("2"), h.Class("warning"), g.Text(c.Why))}
			}
			return g.Group{h.Td(h.Class(goodOr("warning", c.Proven)), g.Text(c.Name)), cell(c.User), cell(c.Role), proved, cell(c.Until)}
		}),
	}
}

func (v reportValues) lineOfTime() g.Node {
	return g.Group{
		section("When certificates end"),
		h.P(h.Class("quiet"), g.Text("The line is one year. Those that end first come first.")),
		rows([]string{"Certificate", "State", "Ends", "In", ""}, v.Ends, func(e endView) g.Node {
			bar := h.Div(h.Class("bar"), h.Div(g.If(e.Bad, h.Class("bad")), h.Style(fmt.Sprintf("width: %d%%", e.Share))))
			return g.Group{cell(e.Name), h.Td(h.Class(goodOr("bad", !e.Bad)), g.Text(e.State)), cell(e.Ends), cell(e.Left), h.Td(h.Class("wide"), bar)}
		}),
	}
}

// rows is a table: a row of heads, and one row for each of all on a line of its own.
func rows[T any](heads []string, all []T, row func(T) g.Node) g.Node {
	return h.Table(
		h.Tr(g.Map(heads, func(head string) g.Node { return h.Th(g.Text(head)) })), g.Text("\n"),
		g.Map(all, func(one T) g.Node { return g.Group{h.Tr(row(one)), g.Text("\n")} }),
	)
}

func section(title string) g.Node { return g.Group{g.Text("\n"), h.H2(g.Text(title)), g.Text("\n")} }
func cell(text string) g.Node     { return h.Td(g.Text(text)) }
func code(text string) g.Node     { return h.Code(g.Text(text)) }

// goodOr is the class of what is good, or the other one.
func goodOr(other string, good bool) string {
	if good {
		return "good"
	}
	return other
}
