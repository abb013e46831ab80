package certgen

import (
	"crypto/sha256"
	"fmt"
	"path"
	"strings"

	"lockstep/policies"
	"lockstep/policies/hint"
)

// SeedToken is the initial-cluster-token of a cluster that starts from the seed. Its end is of
// the seed's own, so that members restored from different seeds, and one that was started
// without any, have different cluster IDs and refuse each other: with one ID they would form a
// cluster in which the members do not agree about users and roles.
func SeedToken(p *policies.Policy, seed []byte) string {
	sum := sha256.Sum256(seed)
	return fmt.Sprintf("%s-seed-%x", p.Cluster.Name, sum[:6])
}

// RestoreScript is the restore.sh of m: it restores the seed, which lies beside it, as the
// member's data. It restores nothing where there are data already, or with another seed. What is
// cut off leaves no data: etcdutl writes into a folder of its own, and one rename puts them in
// place.
func RestoreScript(p *policies.Policy, m policies.Member, seed []byte) []byte {
	beside := `seed=` + SeedFile
	if !path.IsAbs(p.Cluster.Install) {
		beside += "\n" + `[ -e "$seed" ] || seed=../../` + SeedFile
	}
	return []byte(strings.NewReplacer(
		"MEMBER", m.Name,
		"DATA", hint.Word(p.Cluster.Data),
		"SEED", beside,
		"SUM", fmt.Sprintf("%x", sha256.Sum256(seed)),
		"PEERS", hint.Word(initialCluster(p.Cluster.Members)),
		"TOKEN", hint.Word(SeedToken(p, seed)),
		"PEER", hint.Word(m.PeerURL),
	).Replace(restoreScript))
}

const restoreScript = `#!/bin/sh
# Restores seed.db as the data of etcd member MEMBER, written by lockstep, which overwrites changes.
# Run it once on the member's host, as the user that etcd runs as, before etcd starts:  sh restore.sh
# etcdutl comes with etcd; ETCDUTL names one that is not on PATH.
set -eu
umask 077
cd "$(dirname "$0")"
data=DATA
SEED
refuse() {
  echo "restore.sh: $1; nothing was restored" >&2
  exit 1
}
if [ -e "$data" ]; then
  there=$(ls -A "$data")
  for name in $there; do
    case $name in
    restoring | lost+found) ;;
    *) refuse "$data is not empty: only a member that never ran is restored" ;;
    esac
  done
fi
echo "SUM  $seed" | sha256sum -c - >/dev/null 2>&1 ||
  refuse "seed.db is not here, or is not the one that this script belongs to: copy both again"
mkdir -p "$data"
rm -rf "$data/restoring"
"${ETCDUTL:-etcdutl}" snapshot restore "$seed" \
  --name MEMBER \
  --initial-cluster PEERS \
  --initial-cluster-token TOKEN \
  --initial-advertise-peer-urls PEER \
  --data-dir "$data/restoring"
mv "$data/restoring/member" "$data/member"
rm -rf "$data/restoring"
echo "restored member MEMBER: start etcd with etcd.env"
`
