package calls

const (
	maintenance = "api/v3rpc/maintenance.go (authMaintenanceServer)"
	upgrade     = "upgrade etcd to 3.5.32, 3.6.12 or 3.7.0 or later, where every user may"
	admin       = "let a component of its own do it, with administrator: true; etcd has no finer right for it"
	fixed       = "leave the call out, or upgrade etcd: one release of each line alone refuses it (3.5.28, 3.6.9)"
)

// always is the rules of a call that is for who alone in every release.
func always(who Who) []rule {
	return []rule{{release{3, 5, 0}, who}, {release{3, 6, 0}, who}, {release{3, 7, 0}, who}}
}

// fixedIn is the rules of a call that is for who alone since the security releases of March 2026
// (CVE-2026-33413, CVE-2026-33343).
func fixedIn(who Who) []rule {
	return []rule{{release{3, 5, 28}, who}, {release{3, 6, 9}, who}, {release{3, 7, 0}, who}}
}

// onlyIn is the rules of a call that these releases refuse and the following ones do not.
var onlyIn = []rule{
	{release{3, 5, 28}, Root}, {release{3, 5, 29}, All}, {release{3, 6, 9}, Root}, {release{3, 6, 10}, All}, {release{3, 7, 0}, All},
}

// table is every call, in the order of etcd's services.
var table = []Call{
	{
		Name: "compact", RPC: "KV.Compact", Does: "drops old revisions of keys", rules: fixedIn(Root), Source: "api/v3rpc/key.go (authKVServer)",
		Instead: "let etcd compact itself (ETCD_AUTO_COMPACTION_MODE=periodic, ETCD_AUTO_COMPACTION_RETENTION=5m, which lockstep writes into etcd.env), and turn the component's own compaction off",
	},
	{Name: "lease-grant", RPC: "Lease.LeaseGrant", Does: "makes a lease", rules: always(All), Source: "v3_server.go (LeaseGrant)"},
	{
		Name: "lease-keep-alive", RPC: "Lease.LeaseKeepAlive", Does: "prolongs a lease", rules: fixedIn(Keys), Source: "v3_server.go (checkLeaseRenew)",
		Instead: "attach a lease to keys alone that the component may write",
	},
	{
		Name: "lease-revoke", RPC: "Lease.LeaseRevoke", Does: "ends a lease and deletes its keys", rules: always(Keys), Source: "apply/auth.go (LeaseRevoke); 3.5: apply_auth.go",
		Instead: "attach a lease to keys alone that the component may write",
	},
	{
		Name: "lease-keys", RPC: "Lease.LeaseTimeToLive with keys", Does: "lists the keys of a lease", rules: always(Keys), Source: "v3_server.go (checkLeaseTimeToLive)",
		Instead: "ask for the time to live without the keys, or of leases alone whose keys the component may read",
	},
	{Name: "lease-time-to-live", RPC: "Lease.LeaseTimeToLive", Does: "tells how long a lease lives", rules: always(All), Source: "v3_server.go (LeaseTimeToLive)"},
	{
		Name: "lease-list", RPC: "Lease.LeaseLeases", Does: "lists all leases", rules: fixedIn(AllKeys), Source: "v3_server.go (checkLeaseLeases)",
		Instead: "keep the numbers of its leases in the component: the list is refused as soon as one lease of the cluster holds a key that the component may not read",
	},
	{Name: "status", RPC: "Maintenance.Status", Does: "tells version, leader and size", Source: maintenance, Instead: upgrade, rules: []rule{
		{release{3, 5, 28}, Root}, {release{3, 5, 32}, All}, {release{3, 6, 0}, Root}, {release{3, 6, 12}, All}, {release{3, 7, 0}, All},
	}},
	{Name: "alarm-list", RPC: "Maintenance.Alarm (get)", Does: "lists alarms", rules: onlyIn, Source: maintenance, Instead: fixed},
	{Name: "alarm-disarm", RPC: "Maintenance.Alarm (others)", Does: "raises and disarms alarms", rules: fixedIn(Root), Source: maintenance, Instead: admin},
	{Name: "defragment", RPC: "Maintenance.Defragment", Does: "gives disk space back", rules: always(Root), Source: maintenance, Instead: admin},
	{Name: "snapshot", RPC: "Maintenance.Snapshot", Does: "reads the whole database", rules: always(Root), Source: maintenance, Instead: admin},
	{Name: "hash", RPC: "Maintenance.Hash, HashKV", Does: "tells a digest of the database", rules: always(Root), Source: maintenance, Instead: admin},
	{Name: "move-leader", RPC: "Maintenance.MoveLeader", Does: "chooses another leader", rules: []rule{{release{3, 5, 28}, Root}, {release{3, 6, 0}, Root}, {release{3, 7, 0}, Root}}, Source: maintenance, Instead: admin},
	{Name: "downgrade", RPC: "Maintenance.Downgrade", Does: "prepares an older version", rules: []rule{{release{3, 5, 28}, Root}, {release{3, 6, 0}, Root}, {release{3, 7, 0}, Root}}, Source: maintenance, Instead: admin},
	{Name: "member-list", RPC: "Cluster.MemberList", Does: "lists members and their URLs", rules: onlyIn, Source: "server.go (MemberList)", Instead: fixed},
	{Name: "member-change", RPC: "Cluster.MemberAdd, MemberRemove, MemberUpdate, MemberPromote", Does: "changes members", rules: always(Root), Source: "server.go (checkMembershipOperationPermission)", Instead: admin},
	{Name: "auth-status", RPC: "Auth.AuthStatus", Does: "tells whether auth is on", Source: "apply/auth.go (needAdminPermission); 3.5: apply_auth.go",
		Instead: "take any error of auth for the answer that it is on, or upgrade etcd to 3.7", rules: []rule{{release{3, 5, 0}, Root}, {release{3, 6, 0}, Root}, {release{3, 7, 0}, All}}},
	{Name: "auth-list", RPC: "Auth.UserList, RoleList", Does: "lists users and roles", rules: always(Root), Source: "apply/auth.go (needAdminPermission); 3.5: apply_auth.go", Instead: admin},
	{Name: "auth-change", RPC: "Auth.UserAdd and other changes of users and roles", Does: "changes users and roles", rules: always(Root), Source: "apply/auth.go (needAdminPermission); 3.5: apply_auth.go", Instead: admin},
}
