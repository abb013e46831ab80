package main

import (
	"bufio"
	"context"
	"fmt"
	"strings"

	"lockstep/policies/count"
	"lockstep/policies/hint"
)

// doIt is the question before a plan is carried out.
func doIt(steps int) string { return fmt.Sprintf("Do it (%s)?", count.Of(steps, "step")) }

// confirm asks before a change. It returns nil for --yes and for a typed yes. Where
// no question can be asked it refuses, with what was to be done in the message.
func (g *globals) confirm(ctx context.Context, question string) error {
	if err := g.ask(ctx, question); err != nil {
		return err
	}
	g.beginChange()
	return nil
}

// beginChange tells that from now on a change is under way.
func (g *globals) beginChange() {
	if g.begun != nil {
		g.begun()
	}
}

func (g *globals) ask(ctx context.Context, question string) error {
	if g.yes {
		return nil
	}
	const advice = "add --yes to do it without being asked"
	typed, err := g.line(ctx, question, "[yes/no]", advice)
	if err != nil {
		return err
	}
	if answer := strings.ToLower(typed); answer == "yes" || answer == "y" {
		return nil
	}
	if ctx.Err() != nil {
		return hint.Refuse("", "interrupted before you said yes: nothing was changed")
	}
	return hint.Refuse("", "you did not say yes: nothing was changed")
}

// confirmName asks for a name before a change that opens the cluster: a yes, typed or by --yes,
// is not enough. given is what --confirm says, "" for nothing.
func (g *globals) confirmName(ctx context.Context, question, name, given string) error {
	if given == "" {
		var err error
		if given, err = g.line(ctx, question, "[its name]", fmt.Sprintf("add --confirm %s to do it without being asked; --yes alone is not enough", hint.Word(name))); err != nil {
			return err
		}
	}
	if given != name {
		return hint.Refuse("", "%q is not the cluster's name, which is %q: nothing was changed", given, name)
	}
	g.beginChange()
	return nil
}

// line is what is typed as answer to a question, without the blanks around it; "" when the input or ctx
// ends first. Where no question can be asked it refuses, with what helps.
func (g *globals) line(ctx context.Context, question, answers, advice string) (string, error) {
	if lost := g.errs.lost(); lost != nil {
		return "", hint.Refuse(advice, "the question %q cannot be asked: what would be done could not be written to stderr: %w", question, lost)
	}
	if !g.stdinTerminal {
		return "", hint.Refuse(advice, "the question %q cannot be asked: stdin is no terminal", question)
	}
	fmt.Fprintf(g.stderr, "%s %s ", question, answers)
	typed := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(g.stdin).ReadString('\n') // the end of input is no answer
		typed <- line
	}()
	select {
	case line := <-typed:
		return strings.TrimSpace(line), nil
	case <-ctx.Done():
		return "", nil
	}
}
