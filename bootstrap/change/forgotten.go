package change

import (
	"context"
	"slices"
	"strings"

	"lockstep/bootstrap/verify"
	"lockstep/bootstrap/world"
	"lockstep/certgen"
	"lockstep/policies/hint"
)

// RefuseForgotten stops before a list of revoked clients is signed in a PKI folder that is older
// than the members' list: the new list would have a higher number and lack what theirs revokes. done
// is what was done before it, in words.
func RefuseForgotten(ctx context.Context, w *world.World, steps []certgen.Step, done string) error {
	if !slices.ContainsFunc(steps, func(s certgen.Step) bool { return s.List != nil && s.List.CA == certgen.ClientCA }) {
		return nil
	}
	if newer := verify.NewerLists(ctx, w); len(newer) > 0 {
		return hint.Refuse("Copy client.crl from the host of "+newer[0]+" over client.crl of the PKI folder: what it revokes is then revoked here, too. Then run the same command again.",
			"the list of %s is newer than client.crl of the PKI folder, which is a copy from before a revocation; a list that is signed now would not name what theirs revokes; %s", strings.Join(newer, ", "), done)
	}
	return nil
}
