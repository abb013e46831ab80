package fake

import (
	"context"

	"go.etcd.io/etcd/api/v3/authpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"lockstep/policies/keyrange"
	"lockstep/roles"
)

// AuthStatus needs no identity from 3.7 on (fact 29).
func (e *Etcd) AuthStatus(context.Context) (*clientv3.AuthStatusResponse, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return &clientv3.AuthStatusResponse{Enabled: e.state.Enabled, AuthRevision: e.state.Revision}, nil
}

// AuthEnable wants user root with role root (fact 3) and does not move the revision.
func (e *Etcd) AuthEnable(ctx context.Context) (*clientv3.AuthEnableResponse, error) {
	err := e.mutate(ctx, "AuthEnable", func() error {
		root, found := e.state.User("root")
		switch {
		case e.state.Enabled:
			return nil
		case !found:
			return rpctypes.ErrRootUserNotExist
		case !root.Holds("root"):
			return rpctypes.ErrRootRoleNotExist
		}
		e.state.Enabled = true
		return nil
	})
	return &clientv3.AuthEnableResponse{}, err
}

// AuthDisable moves the revision by one, unless auth is off already.
func (e *Etcd) AuthDisable(ctx context.Context) (*clientv3.AuthDisableResponse, error) {
	err := e.mutate(ctx, "AuthDisable", func() error {
		if e.state.Enabled {
			e.state.Enabled = false
			e.state.Revision++
		}
		return nil
	})
	return &clientv3.AuthDisableResponse{}, err
}

// Authenticate tells a user without a password from a wrong one (fact 18).
func (e *Etcd) Authenticate(_ context.Context, name, password string) (*clientv3.AuthenticateResponse, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	_, exists := e.state.User(name)
	right, has := e.passwords[name]
	switch {
	case !e.state.Enabled:
		return nil, rpctypes.ErrAuthNotEnabled
	case exists && !has:
		return nil, noPassword()
	case !exists || password != right:
		return nil, rpctypes.ErrAuthFailed
	}
	return &clientv3.AuthenticateResponse{Token: "token of " + name}, nil
}

// UserAdd stores the password, also the empty one (fact 17).
func (e *Etcd) UserAdd(ctx context.Context, name, password string) (*clientv3.AuthUserAddResponse, error) {
	return e.UserAddWithOptions(ctx, name, password, &clientv3.UserAddOptions{})
}

// UserAddWithOptions leaves the password out only when told so.
func (e *Etcd) UserAddWithOptions(ctx context.Context, name, password string, o *clientv3.UserAddOptions) (*clientv3.AuthUserAddResponse, error) {
	err := e.mutate(ctx, "UserAdd", func() error {
		next, err := e.state.Apply(roles.Step{Action: roles.UserAdd, User: name, WithPassword: o == nil || !o.NoPassword})
		if err != nil {
			return err
		}
		e.state = next
		if o == nil || !o.NoPassword {
			e.passwords[name] = password
		}
		return nil
	})
	return &clientv3.AuthUserAddResponse{}, err
}

// UserChangePassword reports success for a user without a password and does nothing
// but move the revision (fact 18).
func (e *Etcd) UserChangePassword(ctx context.Context, name, password string) (*clientv3.AuthUserChangePasswordResponse, error) {
	err := e.mutate(ctx, "UserChangePassword", func() error {
		next, err := e.state.Apply(roles.Step{Action: roles.UserChangePassword, User: name})
		if err != nil {
			return err
		}
		e.state = next
		if _, has := e.passwords[name]; has {
			e.passwords[name] = password
		}
		return nil
	})
	return &clientv3.AuthUserChangePasswordResponse{}, err
}

// UserDelete deletes a user.
func (e *Etcd) UserDelete(ctx context.Context, name string) (*clientv3.AuthUserDeleteResponse, error) {
	return &clientv3.AuthUserDeleteResponse{}, e.apply(ctx, roles.Step{Action: roles.UserDelete, User: name})
}

// UserGrantRole binds.
func (e *Etcd) UserGrantRole(ctx context.Context, user, role string) (*clientv3.AuthUserGrantRoleResponse, error) {
	return &clientv3.AuthUserGrantRoleResponse{}, e.apply(ctx, roles.Step{Action: roles.UserGrantRole, User: user, Role: role})
}

// UserRevokeRole unbinds.
func (e *Etcd) UserRevokeRole(ctx context.Context, user, role string) (*clientv3.AuthUserRevokeRoleResponse, error) {
	return &clientv3.AuthUserRevokeRoleResponse{}, e.apply(ctx, roles.Step{Action: roles.UserRevokeRole, User: user, Role: role})
}

// UserGet is allowed to root and to the user itself (fact 24).
func (e *Etcd) UserGet(_ context.Context, name string) (*clientv3.AuthUserGetResponse, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.admin(); err != nil && name != e.user {
		return nil, err
	}
	u, found := e.state.User(name)
	if !found {
		return nil, rpctypes.ErrUserNotFound
	}
	return &clientv3.AuthUserGetResponse{Roles: append([]string(nil), u.Roles...)}, nil
}

// UserList is for root.
func (e *Etcd) UserList(context.Context) (*clientv3.AuthUserListResponse, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.admin(); err != nil {
		return nil, err
	}
	var names []string
	for _, u := range e.state.Users {
		names = append(names, u.Name)
	}
	return &clientv3.AuthUserListResponse{Users: names}, nil
}

// RoleAdd adds a role.
func (e *Etcd) RoleAdd(ctx context.Context, name string) (*clientv3.AuthRoleAddResponse, error) {
	return &clientv3.AuthRoleAddResponse{}, e.apply(ctx, roles.Step{Action: roles.RoleAdd, Role: name})
}

// RoleGrantPermission grants, first entry and all (fact 20).
func (e *Etcd) RoleGrantPermission(ctx context.Context, name, key, rangeEnd string, t clientv3.PermissionType) (*clientv3.AuthRoleGrantPermissionResponse, error) {
	p := keyrange.Permission{Key: key, RangeEnd: rangeEnd, Access: accessOf(t)}
	return &clientv3.AuthRoleGrantPermissionResponse{}, e.apply(ctx, roles.Step{Action: roles.RoleGrantPermission, Role: name, Permission: p})
}

// RoleRevokePermission revokes every entry of the pair.
func (e *Etcd) RoleRevokePermission(ctx context.Context, name, key, rangeEnd string) (*clientv3.AuthRoleRevokePermissionResponse, error) {
	p := keyrange.Permission{Key: key, RangeEnd: rangeEnd}
	return &clientv3.AuthRoleRevokePermissionResponse{}, e.apply(ctx, roles.Step{Action: roles.RoleRevokePermission, Role: name, Permission: p})
}

// RoleDelete deletes a role and takes it from every user.
func (e *Etcd) RoleDelete(ctx context.Context, name string) (*clientv3.AuthRoleDeleteResponse, error) {
	return &clientv3.AuthRoleDeleteResponse{}, e.apply(ctx, roles.Step{Action: roles.RoleDelete, Role: name})
}

// RoleGet is allowed to root and to the role's users (fact 24). Role root, if a client
// added it, is everything, whatever was granted.
func (e *Etcd) RoleGet(_ context.Context, name string) (*clientv3.AuthRoleGetResponse, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	self, _ := e.state.User(e.user)
	if err := e.admin(); err != nil && !self.Holds(name) {
		return nil, err
	}
	role, found := e.state.Role(name)
	if !found {
		return nil, rpctypes.ErrRoleNotFound
	}
	if name == "root" {
		role.Permissions = []keyrange.Permission{{RangeEnd: keyrange.FromKeyEnd, Access: keyrange.ReadWrite}}
	}
	answer := &clientv3.AuthRoleGetResponse{}
	for _, p := range role.Permissions {
		answer.Perm = append(answer.Perm, &authpb.Permission{Key: []byte(p.Key), RangeEnd: []byte(p.RangeEnd), PermType: typeOf(p.Access)})
	}
	return answer, nil
}

// RoleList is for root.
func (e *Etcd) RoleList(context.Context) (*clientv3.AuthRoleListResponse, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.admin(); err != nil {
		return nil, err
	}
	var names []string
	for _, r := range e.state.Roles {
		names = append(names, r.Name)
	}
	return &clientv3.AuthRoleListResponse{Roles: names}, nil
}
