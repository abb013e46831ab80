package strict

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Suggest is a hint for a word that is none of the known ones: the nearest one if it
// is near enough to be a slip, else listing and all of them; "" when listing is "".
func Suggest(word string, known []string, listing string) string {
	if near := nearest(word, known); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if listing == "" || len(known) == 0 {
		return ""
	}
	return listing + strings.Join(known, ", ")
}

// nearest is the known word with the fewest slips away from word, if a third of the
// letters or fewer differ; the first of equals. A name without its folder is the next guess:
// kube-apiserver for kubernetes/kube-apiserver.
func nearest(word string, known []string) string {
	if len(word) > 64 {
		return ""
	}
	if near := fewestSlips(word, known); near != "" {
		return near
	}
	var within, names []string
	for _, k := range known {
		if folder, name := path.Split(k); folder != "" {
			within, names = append(within, k), append(names, name)
		}
	}
	if i := slices.Index(names, fewestSlips(word, names)); i >= 0 {
		return within[i]
	}
	return ""
}

func fewestSlips(word string, known []string) string {
	best, found := len(word)/3+1, ""
	for _, k := range known {
		n := slips(strings.ToLower(word), strings.ToLower(k))
		if n < best || n == best && found == "" && n < len(k) {
			best, found = n, k
		}
	}
	return found
}

// slips counts the letters to insert, delete, replace or swap with their neighbour
// to get from a to b.
func slips(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
