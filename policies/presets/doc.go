// Package presets holds what known software needs in etcd: permissions with
// placeholders, notes for the operator, where both were read, and what the software
// itself is configured with.
//
// The presets that come with lockstep are YAML files below builtin/, named by their
// path; a policy's own presets are read by the same table (Type). Both are decoded
// into a Preset and become permissions by Expand only.
//
// Whatever happens: a preset never grants more than its file says. A placeholder that
// the policy does not fill in, an empty prefix or an inverted range is a problem, never a
// permission; a value is put in once and its own braces mean nothing. A permission that
// waits for a parameter's value is given for that value alone. Into a configuration, which
// the operator pastes, go only texts that no shell takes for anything else.
package presets
