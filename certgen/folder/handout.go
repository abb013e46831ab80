package folder

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"path"
	"slices"
	"time"

	"lockstep/certgen"
	"lockstep/certgen/handover"
	"lockstep/policies"
)

// Handout reads the folder of one component, member or proxy of p, keys included, and
// judges its certificates at the time now: what is not sound is not handed over. Files that
// do not belong into it are left out.
func (f *Folder) Handout(p *policies.Policy, name string, now time.Time) (handover.Identity, error) {
	id, err := handover.Find(p, name)
	if err != nil {
		return id, err
	}
	names, err := f.list(id.Dir)
	if err != nil {
		return id, adviseOpening(fmt.Errorf("reading %s of the PKI folder: %w", id.Dir, err))
	}
	slices.Sort(names)
	for _, base := range names {
		where := path.Join(id.Dir, base)
		if item := certgen.Locate(where); item.Purpose == certgen.ForStray || item.Staged {
			continue
		}
		content, info, err := f.read(where)
		if errors.Is(err, fs.ErrNotExist) {
			continue // another run may just have removed it
		}
		if err != nil {
			return id, adviseOpening(fmt.Errorf("reading %s of the PKI folder: %w", where, err))
		}
		id.Files = append(id.Files, handover.File{Name: base, Mode: info.Mode().Perm(), Modified: info.ModTime(), Content: content})
	}
	return id, id.Check(f, now)
}

// Revoked reports whether the CA's revocation list in the folder names the serial number. No
// list is no revocation; one that cannot be read is an error.
func (f *Folder) Revoked(ca certgen.CA, serial *big.Int) (bool, error) {
	content, _, err := f.read(certgen.CRLFile(ca))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	list, err := x509.ParseRevocationList(content)
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", certgen.CRLFile(ca), err)
	}
	return slices.ContainsFunc(list.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool { return e.SerialNumber.Cmp(serial) == 0 }), nil
}
