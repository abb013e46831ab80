package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"lockstep/roles"
)

// UnknownOutcomeError says that a step was sent and its answer is not known: it may
// have been done. Observing again tells.
type UnknownOutcomeError struct {
	Step roles.Step
	Err  error
}

func (e *UnknownOutcomeError) Error() string {
	return fmt.Sprintf("%s: no conclusive answer: %v", e.Step, e.Err)
}

func (e *UnknownOutcomeError) Unwrap() error { return e.Err }

// IsPermissionDenied reports etcd's own refusal of a known identity. etcd 3.5 words
// it differently in the log and the same on the wire; the code decides.
func IsPermissionDenied(err error) bool {
	return is(err, rpctypes.ErrPermissionDenied, "permission denied")
}

// IsUserEmpty reports that the member took the connection for one of no user (fact 2).
func IsUserEmpty(err error) bool { return is(err, rpctypes.ErrUserEmpty, "user name is empty") }

// IsAuthOff reports that the call makes sense only while auth is on.
func IsAuthOff(err error) bool {
	return is(err, rpctypes.ErrAuthNotEnabled, "authentication is not enabled")
}

// IsAuthFailed reports a wrong password or an unknown user.
func IsAuthFailed(err error) bool { return is(err, rpctypes.ErrAuthFailed, "authentication failed") }

// IsLoginRefused reports a wrong password, an unknown user, or one without a password.
func IsLoginRefused(err error) bool { return IsAuthFailed(err) || isNoPassword(err) }

func isNoPassword(err error) bool {
	return is(err, nil, "authentication failed, password was given for no password user")
}

func isUserNotFound(err error) bool { return is(err, rpctypes.ErrUserNotFound, "user name not found") }

// IsRootMissing reports that auth cannot be turned on because root is no user, or does
// not hold role root. Auth is then off.
func IsRootMissing(err error) bool {
	return is(err, rpctypes.ErrRootUserNotExist, "root user does not exist") ||
		is(err, rpctypes.ErrRootRoleNotExist, "root user does not have root role")
}

// isOvertaken reports an answer to a step that can only mean that users or roles are not
// as they were when the plan was made.
func isOvertaken(err error) bool {
	return slices.ContainsFunc([]error{
		rpctypes.ErrUserAlreadyExist, rpctypes.ErrRoleAlreadyExist, rpctypes.ErrUserNotFound, rpctypes.ErrRoleNotFound,
		rpctypes.ErrRoleNotGranted, rpctypes.ErrPermissionNotGranted,
	}, func(typed error) bool { return errors.Is(err, typed) })
}

func isRoleNotFound(err error) bool { return is(err, rpctypes.ErrRoleNotFound, "role name not found") }

// is compares with etcd's typed error and with the end of its text: 3.5 says
// "auth: permission denied" where later versions say "etcdserver: permission denied".
func is(err, typed error, text string) bool {
	if err == nil {
		return false
	}
	if typed != nil && errors.Is(err, typed) {
		return true
	}
	return strings.HasSuffix(reason(err), ": "+text)
}

// reason is etcd's own text within err, without what lockstep wrapped around it.
func reason(err error) string {
	var typed rpctypes.EtcdError
	if errors.As(err, &typed) {
		return typed.Error()
	}
	var s interface{ GRPCStatus() *status.Status }
	if errors.As(err, &s) {
		return s.GRPCStatus().Message()
	}
	return err.Error()
}

// code is the gRPC code of err; errors of the context count as the codes they cause.
func code(err error) codes.Code {
	var typed rpctypes.EtcdError
	if errors.As(err, &typed) {
		return typed.Code()
	}
	var s interface{ GRPCStatus() *status.Status }
	switch {
	case errors.As(err, &s):
		return s.GRPCStatus().Code()
	case errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return codes.Canceled
	}
	return codes.Unknown
}

// outcomeUnknown reports whether a mutation that ended in err may have been done.
// etcd answers a refused or impossible mutation with one of the codes below, and only
// after it has decided; everything else leaves it open.
func outcomeUnknown(err error) bool {
	if isTooLarge(err) {
		return true
	}
	switch code(err) {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.PermissionDenied, codes.Unauthenticated,
		codes.NotFound, codes.AlreadyExists, codes.OutOfRange, codes.Unimplemented, codes.ResourceExhausted:
		return false
	}
	return true
}

// refusedByAuth reports a refusal that only a cluster with auth on gives to a call
// that wants root.
func refusedByAuth(err error) bool {
	return IsPermissionDenied(err) || IsUserEmpty(err) || isInvalidToken(err) || isUserNotFound(err)
}

// KnowsWho reports that a member refuses a user because of its rights, and took its name.
func KnowsWho(err error) bool { return IsPermissionDenied(err) || isUserNotFound(err) }

// IsRefused reports that a member refuses a call because of who asks. It says also that
// auth is on.
func IsRefused(err error) bool { return refusedByAuth(err) }

// IsLearner reports that a learner refuses a call because it is one (fact 30).
func IsLearner(err error) bool {
	return is(err, rpctypes.ErrGRPCNotSupportedForLearner, "rpc not supported for learner")
}

// isTooLarge reports an answer that gRPC did not read for its size. What it answers was
// done nevertheless.
func isTooLarge(err error) bool {
	return code(err) == codes.ResourceExhausted && strings.Contains(reason(err), "larger than max")
}

func isInvalidToken(err error) bool {
	return is(err, rpctypes.ErrInvalidAuthToken, "invalid auth token")
}
