// Package authority signs: it makes CAs, issues certificates below them, and mints
// short-lived ones that exist in memory only.
//
// What holds whatever happens: nothing leaves this package that certgen.Defects finds
// fault with or that does not verify; of a request only the key counts; no
// certificate outlives its CA; no serial number is used twice; an authority signs
// only what its own extended key usages name exactly, so that no CA does the work of
// another. Keys are neither written nor printed here.
package authority
