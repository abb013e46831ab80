package edit

import "fmt"

// Lines is c as it stands below components in a file that has no style yet, its dash
// two spaces in. It fails where the strict reader would not read c in it.
func (c Component) Lines() ([]string, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("writing component %q: %w", c.Name, err)
	}
	return block(c), nil
}
