package verify

import "strings"

// Source is where the rule behind a check comes from: a numbered fact of docs/etcd.md with its
// proof, an RFC, or an advisory; "" for a rule of lockstep's own, that policy and world agree.
func Source(code string) string {
	if text := sources[code]; strings.HasPrefix(text, "fact") {
		return "docs/etcd.md, " + text
	}
	return sources[code]
}

var sources = map[string]string{
	"auth/off":                   "etcd, op-guide/authentication: while auth is off no permission is checked",
	"auth/recovery":              "docs/auth-on.md: an interrupted run leaves a temporary superuser",
	"auth/restored":              "fact 25: each change moves authRevision forward; a restore moves it back",
	"certificates/authority":     "RFC 5280, 4.2.1.9 and 6.1: a certificate counts under the CA that signed it",
	"certificates/brought-ca":    "RFC 5280, 4.2.1.3, 4.2.1.10 and 4.2.1.12: what a CA may sign",
	"certificates/ca-key":        "RFC 5280, 6.1: the holder of a CA's key is every user",
	"certificates/crl":           "fact 15; RFC 5280, 5.1.2.5",
	"certificates/defective":     "fact 1; RFC 5280, 4.1 and 4.2",
	"certificates/differs":       "the policy; RFC 5280, 4.1.2.2 and 4.2.1",
	"certificates/due":           "RFC 5280, 4.1.2.5",
	"certificates/external":      "fact 1; RFC 5280, 4.1 and 4.2",
	"certificates/file-mode":     "RFC 5280, 6.1: what is trusted is what the trust anchor's file says",
	"certificates/folder-mode":   "a user who may write a folder exchanges what is in it, whatever the files' modes",
	"certificates/gitignore":     "gitignore(5)",
	"certificates/identity":      "fact 1: the user is the CN; fact 10: a server certificate may be a user",
	"certificates/outlives-ca":   "RFC 5280, 6.1: a chain ends with the first of its certificates",
	"certificates/owner":         "a file's owner may give it any mode, and so write it",
	"certificates/root":          "fact 1: the holder of root's certificate is root until its end",
	"certificates/revoked":       "fact 15",
	"certificates/serial":        "fact 15: etcd revokes by the number alone; RFC 5280, 4.1.2.2",
	"certificates/shared-ca":     "fact 1: what any trusted CA signs with a CN is that user",
	"certificates/shared-key":    "fact 1: the user is the CN of a certificate, and certificates are public: the key decides",
	"certificates/stray":         "fact 1: a certificate of a trusted CA is a user, wherever it lies",
	"certificates/weak":          "the policy; RFC 5280, 4.1.2.5: a key that leaks is good until its certificate ends",
	"members/anonymous":          "fact 2",
	"members/auth-token":         "fact 3: only a password can turn auth off where certificates give no identity",
	"members/blind":              "fact 2",
	"members/calls":              "fact 35: which calls are left to role root depends on the version",
	"members/client-ca":          "facts 1 and 13",
	"members/clock":              "RFC 5280, 4.1.2.5: a certificate is judged by the member's clock",
	"members/crl":                "fact 15",
	"members/newer-crl":          "fact 15",
	"members/gateway":            "fact 8",
	"members/learner":            "fact 30",
	"members/peer-ca":            "fact 13",
	"members/peer-ca-shared":     "fact 13: a CA of clients that peers trust lets every client speak as a member",
	"members/peer-certificate":   "RFC 5280, 4.2.1.6 and 4.2.1.12",
	"members/peer-key":           "fact 13",
	"members/peer-port":          "fact 13",
	"members/peer-refusals":      "fact 15",
	"members/refusals":           "facts 6 and 15",
	"members/root":               "fact 3",
	"members/server-certificate": "RFC 5280, 4.2.1.6 and 4.2.1.12",
	"members/server-cn":          "fact 10",
	"members/server-defective":   "RFC 5280, 4.2; fact 13",
	"members/server-due":         "fact 13: etcd reads its certificate at each handshake",
	"members/server-key":         "fact 13",
	"members/server-other":       "fact 13",
	"members/version":            "etcd's advisories: docs/etcd.md, Floor of versions",
	"proxies/certificate":        "RFC 5280, 4.2.1.6 and 4.2.1.12",
	"proxies/client-ca":          "facts 9 and 13",
	"proxies/crl":                "fact 15",
	"proof/allowed":              "facts 22 and 23",
	"proof/denied":               "facts 22 and 23",
	"proof/inconclusive":         "fact 6: only PermissionDenied is a refusal",
	"roles/excess":               "facts 20 and 22",
	"roles/missing":              "facts 20 and 22",
	"roles/redundant":            "fact 22",
	"users/password":             "facts 4, 17 and 18: a password beats the CN, and an empty one is one",
	"users/unmanaged-root":       "fact 19",
	"users/unmanaged-write":      "fact 22",
	"users/unmanaged-read":       "fact 22",
}
