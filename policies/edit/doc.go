// Package edit owns changes to policy files: it adds and removes one component by
// cutting and inserting bytes, because no YAML encoder keeps a file as its authors
// wrote it (facts, Practical).
//
// Whatever happens:
//   - Every byte outside of the entry stays as it was: comments, blank lines, quotes,
//     order, line ends.
//   - The result is read again by the strict reader and is the old document with
//     exactly this entry more or less. What is cut out is, read alone, exactly that entry.
//   - What cannot be edited without a guess is refused (exit 3), with the text to paste
//     or the place to cut by hand.
//   - Write leaves the old file or the new one, whenever it is cut off, and never
//     overwrites what another process wrote meanwhile.
//
// Add and Remove look at one file. Whether the whole policy is still good (names and
// users given once, presets known) is for policies.Parse to say before Write.
package edit
