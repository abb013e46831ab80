package policies

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"lockstep/policies/hint"
	"lockstep/policies/strict"
)

// Paths go into etcd.env, which a shell and systemd read: no spaces, no quotes, no $.
const (
	segment        = `[A-Za-z0-9_+@-][A-Za-z0-9._+@-]*`
	installPattern = `^(\.|(/` + segment + `)+)$`
	dataPattern    = `^/?` + segment + `(/` + segment + `)*$`
)

func installPath() strict.Type {
	return strict.Type{Kind: strict.Text, Pattern: installPattern,
		Says: "a dot or an absolute path (letters, digits and ._+@-, no hidden folders)"}
}

func dataPath() strict.Type {
	return strict.Type{Kind: strict.Text, Pattern: dataPattern,
		Says: "a path (letters, digits and ._+@-, no hidden folders)"}
}

func (p *parser) readPaths(v strict.Value) (install, data string) {
	install = v.Field("install").Or("/etc/etcd")
	otherwise := "/var/lib/etcd"
	if install == "." {
		otherwise = "data"
	}
	data = v.Field("data").Or(otherwise)
	if err := checkPaths(install, data); err != nil {
		at := v.Field("data")
		if !at.Given() {
			at = v.Field("install")
		}
		p.Fail(at, hint.Text(err), "%v", err)
	}
	for _, name := range []string{"install", "data"} {
		if field := v.Field(name); field.Valid() && v.Field("endpoints").Given() {
			p.Fail(field, "leave it out", "says nothing about endpoints: lockstep installs no members here")
		}
	}
	return install, data
}

// checkPaths keeps etcd's data and the certificates apart: who may wipe or copy the
// one must not touch the other.
func checkPaths(install, data string) error {
	switch {
	case install != "." && !path.IsAbs(data):
		return hint.With(fmt.Errorf("%q is relative, and install is not", data), "write an absolute path, or install: .")
	case install == data || strings.HasPrefix(data, install+"/"):
		return fmt.Errorf("etcd's data may not lie in the folder of the certificates, %s", install)
	case strings.HasPrefix(install, data+"/"):
		return errors.New("the certificates may not lie in the folder of etcd's data")
	}
	return nil
}
