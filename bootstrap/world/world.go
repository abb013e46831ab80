// Package world is everything that a run may touch: the folder, the members, the
// clock, and whoever listens. It is a leaf so that bootstrap and verify do not meet
// in a circle.
package world
