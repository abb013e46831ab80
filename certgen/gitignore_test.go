package certgen

import "testing"

// Each answer but the one that is marked is git's own: git check-ignore --no-index.
func TestGitIgnores(t *testing.T) {
	t.Parallel()
	const key = "components/app/client.key"
	for text, want := range map[string]bool{
		"":                               false,
		"\n# *\n":                        false,
		"*":                              true,
		"*\n":                            true,
		"\ufeff*\r\n":                    true,
		"* \n":                           true,
		"**\n":                           true,
		"/**\n":                          true,
		"/*\n":                           true,
		"*.key\n":                        true,
		"*.crt\n":                        false,
		"client.key\n":                   true,
		"/client.key\n":                  false,
		"components\n":                   true,
		"/components/\n":                 true,
		"client.key/\n":                  false, // folders alone
		"app/client.key\n":               false, // begins at the folder of the file
		"**/app/client.key\n":            true,
		"components/**/*.key":            true,
		"components/*/*.key":             true,
		"components/*.key\n":             false,
		"clien[!s].key\n":                true,
		"clien[!t].key\n":                false,
		"\\*\n":                          false,
		"client.key\\ \n":                false,
		"*\n!*.key\n":                    true, // what lies below an ignored folder stays ignored
		"*\n!*/\n":                       true,
		"*\n!*/\n!*.key\n":               false,
		"!*.key\n*\n":                    true,
		"*.key\n!client.key":             false,
		"*.key\n!/client.key":            true,
		"*.key\n\\!client.key\n":         true,
		"*.key\n!client[.]key\n":         false,
		"*.key\n!client.ke[[:alpha:]]\n": false,
		"*.ke[[:alpha:]]\n":              false, // git ignores it, and this is not understood
		"[\n":                            false,
	} {
		if got := GitIgnores(text, key); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
	if GitIgnores("*\n!recovery\n", "recovery") {
		t.Error("a file that is taken again")
	}
}
