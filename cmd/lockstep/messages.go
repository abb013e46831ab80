package main

import (
	"strings"

	"lockstep/cmd/lockstep/view"
)

// messages is the texts of errors and refusals that explain knows, beside the checks of verify: docs/troubleshooting.md is
// written from it. Says is a part of the text without a name or an address.
func messages() []view.ExplainedMessage {
	return []view.ExplainedMessage{
		{Says: "no member answers yet", Means: "bootstrap has made the PKI folder, and no etcd listens at the policy's addresses.", Do: "Copy each member's folder to its host and start etcd there as bootstrap prints it. Then run the same command again; with --wait 10m it waits for the members."},
		{Says: "no member could be asked", Means: "No member answered this run, so nothing in etcd was judged (exit code 1).", Do: "The findings members/reached say why for each member: a firewall, a stopped etcd, another server CA. lockstep verify --offline judges policy and files."},
		{Says: "getting root's certificate", Means: "The key of the client CA is not here, and neither is a certificate of root.", Do: "Run lockstep certs issue root --ttl 1h where the key is, and copy root/ here. Or give an administrator's certificate by --cert and --key."},
		{Says: "there is no PKI folder at", Means: "The policy's folder has no pki/ beside it.", Do: "Name it by --pki, restore it (docs/pki.md), or let lockstep bootstrap make one for a cluster that has none."},
		{Says: "is not a PKI folder of lockstep's", Means: "The folder holds files, and none that lockstep wrote.", Do: "Name another folder by --pki: lockstep never writes into one that it does not know."},
		{Says: "the PKI folder cannot be used", Means: "Something has to be signed, and the key of its CA was not given or does not belong to it.", Do: "Run lockstep where ca/ has its keys, or name the external CA's key by --ca-key FILE."},
		{Says: "others could exchange what lies in it", Means: "Another user of this host may write the folder, so nothing in it is trusted.", Do: "Check that you know every file in it, then take the permission to write from other users (chmod -R go-w). Its owner has to be the user that runs lockstep, or root."},
		{Says: "is a symbolic link, and none is followed", Means: "A link in the PKI folder could lead outside of it.", Do: "Put the file itself in its place; a mounted Kubernetes Secret is read in ca/ alone."},
		{Says: "the passphrase does not open", Means: "The passphrase is not the one of this CA key.", Do: "Give the right one (--passphrase-file, --passphrase-fd). If it is lost: docs/ca-keys.md."},
		{Says: "cannot be asked: stdin is no terminal", Means: "A change needs the operator's yes, and there is no terminal to ask for it.", Do: "Look at lockstep plan, then run the command with --yes. auth off takes --confirm NAME."},
		{Says: "the members are not as they must be", Means: "Preflight found a member that would make auth unsafe or that cannot be asked; nothing was changed in etcd.", Do: "The text has each reason with its hint. lockstep verify shows the same as findings."},
		{Says: "lockstep needs 3.5", Means: "A member runs etcd 3.4 or older.", Do: "Upgrade etcd, one minor version at a time, to 3.6.14, 3.7.1 or newer (docs/upgrade.md)."},
		{Says: "do not take users from", Means: "The members trust another client CA than the one of the policy: every certificate would be refused.", Do: "Start the members with the CA that the text names (--trusted-ca-file), or name theirs by certificates.ca."},
		{Says: "would be refused", Means: "A client that works today would be refused once auth is on.", Do: "Give the client the certificate that the text asks for, or add the user that the text shows to the policy. Then run the same command again."},
		{Says: "the recovery file of an interrupted bootstrap", Means: "A run was cut off while it turned auth on; its temporary superuser may still be there.", Do: "Run lockstep bootstrap: it turns auth on or off again, and deletes that user (docs/auth-on.md)."},
		{Says: "this would take the permission from the user that executes it", Means: "The plan has a step that locks out the administrator whose certificate lockstep uses.", Do: "Run the command as another administrator, or as root."},
		{Says: "it had a certificate before", Means: "A user of this name was removed before, and its former certificate would work again.", Do: "Choose another name, wait until that certificate has expired, or allow it by --reuse-name."},
		{Says: "nothing is removed while a user waits for its certificate", Means: "The user of a renamed component would be removed before the new one can work.", Do: "First give the key of the CA, or the new certificate."},
		{Says: "since the plan was saved", Means: "The policy, the folder, the cluster or etcd's users differ from the saved plan; nothing was changed.", Do: "Make the plan again, review it, and apply that one (docs/plan.md, docs/gitops.md)."},
		{Says: "changed etcd's users or roles meanwhile", Means: "Another client changed etcd while lockstep worked. lockstep has looked again, and executes no step that it has not shown.", Do: "Find that client: authRevision grows with each of its changes. Then run the same command again."},
		{Says: "exists and is not overwritten", Means: "The file may hold the only copy of something.", Do: "Name another file, or move it away."},
		{Says: "the cluster has no quorum", Means: "Too few members take part, so etcd cannot change its members.", Do: "Start members until more than half answer, or restore a backup (docs/restore.md)."},
		{Says: "the cluster would have no quorum", Means: "After the removal too few of the remaining members would take part.", Do: "First mend or replace a member that does not take part (docs/members.md)."},
		{Says: "does not get a vote", Means: "The new member does not meet a condition, and stays without a vote.", Do: "The text and its hint say what its host lacks. Mend that, then run the same command again."},
		{Says: "a seed is for members that never ran", Means: "The members have data already, and a seed would begin another cluster.", Do: "Run lockstep bootstrap without --seed. Or, if the data may be lost, empty the data folders."},
		{Says: "newer than client.crl of the PKI folder", Means: "The PKI folder is a copy from before a revocation. A list that is signed from it would not revoke that certificate.", Do: "Copy client.crl from a member over that of the folder, then run the same command again (docs/key-leaked.md)."},
		{Says: "its password is not in the PKI folder", Means: "A component with identity: password has a user that lockstep did not make.", Do: "lockstep apply --adopt keeps the password of the user; --adopt=recreate sets a new one, which its software then has to use (docs/adopting.md)."},
		{Says: "the policy is not valid", Means: "The policy file has problems; nothing was touched.", Do: "lockstep lint lists all of them with line, column and cure."},
		{Says: "the answer could not be written", Means: "The disk is full, or the program that reads the output has ended. What was done is not undone.", Do: "Run lockstep plan and lockstep verify: they show the state of policy, folder and etcd."},
	}
}

// messageOf is the entry whose text is the longest in text, however its lines are broken.
func messageOf(text string) (found view.ExplainedMessage, ok bool) {
	text = strings.Join(strings.Fields(text), " ")
	for _, m := range messages() {
		if strings.Contains(text, m.Says) && len(m.Says) > len(found.Says) {
			found, ok = m, true
		}
	}
	return found, ok
}
