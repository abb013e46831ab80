// Package folder owns the PKI folder: it is the only code that writes it.
//
// What holds whatever happens, a full disk, a crash or SIGKILL at any point included:
//   - No key or certificate is ever half written under its final name: files are
//     written beside it as .new, forced to disk, and renamed.
//   - A pair is staged whole, then its key is renamed, then its certificate. The
//     next plan finishes a half-renamed pair, and clears what was not staged whole;
//     which of the two it is, the files themselves tell.
//   - A CA and a secret are put in place by link, which never overwrites. The next
//     generation of a CA takes the place of the current one by renames, key first, after
//     the current certificate was linked elsewhere; the next plan finishes them.
//   - A certificate is in retired/ before anything takes its place.
//   - Everything happens below an os.Root; symbolic links inside are refused, but for
//     those of a Kubernetes Secret that is mounted at ca/, and so are keys of CAs and of
//     root that others may read or own, and folders of these that others may write.
//     Inspect alone, which only reports, names all that and reads on.
//   - Observe, Inspect, Identity and Certificate leave no trace, and only Inspect looks
//     whether a CA's key belongs to it.
//   - Private keys are in no error and no State.
package folder
