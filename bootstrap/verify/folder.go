package verify

import (
	"fmt"
	"slices"

	"lockstep/certgen"
	"lockstep/policies/hint"
)

// folderChecks look at the PKI folder as files, and at all of its certificates together.
func folderChecks() []Check {
	return append(accessChecks(), []Check{
		{
			Code: "certificates/unread", Severity: Error, Needs: NeedsFolder,
			Sentence: "the PKI folder holds files and folders that this user may read, and no links",
			Remedy:   `put what a link leads to in its place: to=$(realpath PATH) && rm PATH && cp -a "$to" PATH; remove what is no file; run lockstep as the folder's owner`,
			Find:     findUnread,
		},
		{
			Code: "certificates/unfinished", Severity: Warning, Needs: NeedsFolder,
			Sentence: "no change of the PKI folder was cut off",
			Remedy:   "lockstep apply puts in place what is whole and clears the rest, and so does lockstep bootstrap where no member answers; while another run is at work, wait for its end",
			Find:     findUnfinished,
		},
		{
			Code: "certificates/gitignore", Severity: Error, Needs: NeedsFolder, Acceptable: true, Brief: "file that lets git take private keys",
			Sentence: "by its .gitignore the PKI folder lets git take no private key into a repository",
			Remedy:   "replace keys that git has taken already, then: echo '*' > .gitignore in the PKI folder",
			Find:     findUnignored,
		},
		{
			Code: "certificates/serial", Severity: Warning, Needs: NeedsFolder,
			Sentence: "no two certificates have the same serial number: etcd revokes by the number alone",
			Remedy:   "lockstep certs renew makes one with another number; an external one has to be made again by its owner, with a random number",
			Find:     findSerials,
		},
	}...)
}

// accessChecks are about who can use, change or exchange what lies in the PKI folder.
func accessChecks() []Check {
	return []Check{
		{
			Code: "certificates/folder-mode", Severity: Critical, Needs: NeedsFolder,
			Sentence: "others may not write a folder of the PKI folder: they could exchange what lies in it",
			Remedy:   "look whether everything in it is yours, replace what is not, then: chmod go-w FOLDER",
			Find:     findOpenFolders,
			Together: openTogether,
		},
		{
			Code: "certificates/file-mode", Severity: Critical, Needs: NeedsFolder,
			Sentence: "others may not write a file of the PKI folder: it is trusted, or copied to hosts",
			Remedy:   "compare it with a copy that you trust, then: chmod go-w FILE",
			Find:     findOpenFiles,
			Together: openTogether,
		},
		{
			Code: "certificates/owner", Severity: Critical, Needs: NeedsFolder,
			Sentence: "every file and folder belongs to root or to the owner of the PKI folder: another owner can exchange it at any time",
			Remedy:   "look whether it is still yours, then, as root: chown OWNER FILE",
			Find:     findOwners,
			Together: ownersTogether,
		},
		{
			Code: "certificates/ca-key", Severity: Critical, Needs: NeedsFolder,
			Sentence: "the key of a CA that is here belongs to that CA, and only its owner may use it",
			Remedy:   "chmod 600 the key, and chown it to yourself if you trust its owner until now; bring back the right key from a copy of ca/ if it is another CA's; the CA signs nothing before that",
			Find:     findCAKeys,
			Together: caKeysTogether,
		},
	}
}

func findUnread(j *judgement) findings { return j.faults(certgen.FaultUnread, anyPath) }

func findOpenFolders(j *judgement) findings { return j.faults(certgen.FaultFolder, anyPath) }

func findOpenFiles(j *judgement) findings { return j.faults(certgen.FaultFile, anyPath) }

func findOwners(j *judgement) findings { return j.faults(certgen.FaultOwner, anyPath) }

// findUnfinished names pairs and files of which a file that ends in .new is left, and folders.
func findUnfinished(j *judgement) (out findings) {
	j.steps(func(s certgen.Step) { out.add(Subject{SubjectFile, s.File}, s.Reason) }, certgen.Finish)
	return out
}

func findCAKeys(j *judgement) findings { return j.faults(certgen.FaultKey, keyOfCA) }

// faults is the faults of that kind at the paths that at accepts.
func (j *judgement) faults(kind certgen.FaultKind, at func(path string) bool) (out findings) {
	for _, f := range j.Folder.Faults {
		if f.Kind == kind && at(f.Path) {
			out.add(Subject{SubjectFile, f.Path}, f.Text(), hint.Text(f.Err))
		}
	}
	return out
}

func anyPath(string) bool { return true }

// keyOfCA holds for the place of a CA's key.
func keyOfCA(path string) bool {
	return ofCA(path) && certgen.Locate(path).Purpose == certgen.ForKey
}

func ofCA(path string) bool { return certgen.PlaceOf(path).Kind == certgen.PlaceCA }

// findSerials names each certificate in use whose serial number another one has, too,
// with the same CA or another. CAs are not revoked by these lists, and retired certificates
// are not used any more: both are only named as the other one, retired ones until they end. So
// is the first of those in use.
func findSerials(j *judgement) (out findings) {
	inUse, others := j.everyCertificate()
	owners, seen := map[string][]filed{}, map[string]bool{}
	for _, c := range slices.Concat(inUse, others) {
		if number := c.leaf.SerialNumber.String(); !seen[string(c.leaf.Raw)] && (c.retired == "" || j.Now.Before(c.leaf.NotAfter)) {
			seen[string(c.leaf.Raw)] = true
			owners[number] = append(owners[number], c)
		}
	}
	for _, c := range inUse {
		all := owners[c.leaf.SerialNumber.String()]
		i := slices.IndexFunc(all, func(o filed) bool { return o.precedes(c) && !o.leaf.Equal(c.leaf) })
		switch {
		case i < 0:
		case len(all) == 2:
			out.add(Subject{SubjectFile, c.path}, fmt.Sprintf("has the serial number %x, and so has %s", c.leaf.SerialNumber, all[i].path), j.renewal(all[i], c))
		default: // some issuers number everything 1
			out.add(Subject{SubjectFile, c.path}, fmt.Sprintf("has the serial number %x, and so have %s and %d more", c.leaf.SerialNumber, all[i].path, len(all)-2), j.renewal(all[i], c))
		}
	}
	return out
}
