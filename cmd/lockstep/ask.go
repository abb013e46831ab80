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
	if lost := g.errs.lost(); lost != nil {
		return hint.Refuse("add --yes to do it without being asked", "the question %q cannot be asked: what would be done could not be written to stderr: %w", question, lost)
	}
	if !g.stdinTerminal {
		return hint.Refuse("add --yes to do it without being asked", "the question %q cannot be asked: stdin is no terminal", question)
	}
	fmt.Fprintf(g.stderr, "%s [yes/no] ", question)
	typed := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(g.stdin).ReadString('\n') // the end of input is no yes
		typed <- line
	}()
	select {
	case line := <-typed:
		if answer := strings.ToLower(strings.TrimSpace(line)); answer == "yes" || answer == "y" {
			return nil
		}
		return hint.Refuse("", "you did not say yes: nothing was changed")
	case <-ctx.Done():
		return hint.Refuse("", "interrupted before you said yes: nothing was changed")
	}
}
