package authon

import (
	"testing"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"lockstep/policies/hint"
)

// Two operators who bootstrap at once from copies of a folder: the one makes root anew
// while the other turns auth on.
func TestAuthThatFindsNoRootBlamesAnotherOperator(t *testing.T) {
	t.Parallel()
	err := overtaken(rpctypes.ErrRootUserNotExist)
	const want = "another operator or program changes etcd's users at the same time: this run made root with role root, and it is not there any more (etcdserver: root user does not exist); auth is still off"
	if err.Error() != want || hint.Of(err) != hint.Failed || hint.Text(err) == "" {
		t.Errorf("got %v\nhint %s", err, hint.Text(err))
	}
}
