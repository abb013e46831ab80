// Package strict reads YAML and reports everything wrong at once, each problem with
// file, line, column, path and hint. It is the only reader of YAML in lockstep.
//
// A Type is a table, plain data: it drives the reader (Decoder.Read) and the JSON
// Schema (Schema), so that the two cannot disagree.
//
// Whatever happens:
//   - Nothing is guessed. A value that two YAML readers would take for different
//     things (0123, yes, 12:30, a field given twice) is a problem, never a value.
//   - Text is valid UTF-8 on one line, without control or invisible characters.
//   - Anchors, aliases, tags, merge keys and second documents are refused, so the
//     work is linear in the size of the file, and a file has at most MaxBytes.
//   - A Value that is Valid obeys its Type.
package strict
