package authon

import (
	"errors"
	"fmt"
	"strings"

	"lockstep/policies/hint"
)

func joined(members []string) string { return strings.Join(members, ", ") }

// overtaken says why root is not there although this run made it and has seen it since.
func overtaken(err error) error {
	return hint.With(fmt.Errorf("another operator or program changes etcd's users at the same time: this run made root with role root, and it is not there any more (%w); auth is still off", err),
		"Wait until the other has ended, and run the same command again: it looks at what is there and continues.")
}

// unknown reports that auth is on and that no answer tells whether root gets in.
func unknown(now seen) error {
	names := now.answers.named(Unknown)
	why := errors.New("the policy names no member")
	if len(names) > 0 {
		why = now.answers[names[0]].Err
	}
	if now.healing {
		return hint.With(fmt.Errorf("auth is on, and no member tells whether root gets in: %w", why),
			"Nothing was changed. When the members answer, run the same command again.")
	}
	return hint.With(fmt.Errorf("auth is on, and whether root gets in through %s is not known: %w", joined(names), why),
		"Auth stays on and the temporary superuser stands by. When the member answers again, run the same command: it finishes.")
}

// late reports that root is refused and that auth has been on for too long to turn it off.
func late(now seen) error {
	return hint.Refuse("On each member's host, restart etcd with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true, which the etcd.env of a member that lockstep makes holds); root then gets in by certificate. Then run the same command again.",
		"auth is on and root is refused by %s; the interrupted run is %s old, so auth is not touched",
		joined(now.answers.named(Ignored)), now.now.Sub(now.file.Time).Round(recoveryWindow/10))
}

func otherCluster(rec recovery, id uint64) error {
	return hint.Refuse("An earlier run with this PKI folder turned auth on elsewhere and was cut off. If that cluster is gone, move the file pki/recovery away.",
		"the recovery file belongs to cluster %x, and this is cluster %x; nothing was changed", rec.ClusterID, id)
}

func rolledBack(ignoring []string) error {
	return hint.Refuse("Start it with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true, which the etcd.env of a member that lockstep makes holds), and run the same command again. Certificates, roles and users are made and stay.",
		"auth was turned on and off again: %s takes certificates and ignores their CN, so no user would have got in there by certificate; auth is off", joined(ignoring))
}

// lockedOut says what helps on the host; the recovery file stays.
func lockedOut(ignoring []string, err error) error {
	return hint.Refuse("On the host of each member named, restart etcd with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true, which the etcd.env of a member that lockstep makes holds): root then gets in by certificate. Then run the same command again; it cleans up by the recovery file.",
		"auth is on, %s ignores the CN of certificates, and the temporary superuser could not turn auth off again (%w)", joined(ignoring), err)
}

// unknownUser says that etcd refuses the temporary superuser's password. Without a user etcd
// does not tell the cluster's ID, so which of the two reasons it is stays open.
func unknownUser(rec recovery, ignoring []string, err error) error {
	return hint.Refuse("If that cluster is another one, move the file pki/recovery away and run this where it belongs. In any case restart etcd on the host of each member named with --client-cert-auth (ETCD_CLIENT_CERT_AUTH=true, which the etcd.env of a member that lockstep makes holds): root then gets in by certificate.",
		"the recovery file was written for cluster %x, and its user is not known here: this is another cluster, or another client deleted the user; nothing was changed, auth is on, and %s ignores the CN of certificates (%w)",
		rec.ClusterID, joined(ignoring), err)
}
