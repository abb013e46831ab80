package world

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"strings"

	"lockstep/policies"
	"lockstep/roles/store"
)

// Admin is how the operator asked to get in: etcdctl's flags.
type Admin struct {
	Endpoints      []string         // nil: the policy's
	Certificate    *tls.Certificate // nil: root's
	File, Source   string           // the certificate's file, and the flag or variable that named it
	User, Password string           // "" for none
	UserSource     string           // the flag or variable that named User
	Servers        *x509.CertPool   // who may sign servers; nil: the folder's server CA
}

// describe says who a connection is, and where the certificate or the name came from.
func (w *World) describe(certificate *tls.Certificate, user string) store.Identity {
	w.mu.Lock()
	defer w.mu.Unlock()
	var as store.Identity
	if certificate != nil && certificate.Leaf != nil {
		as.User = certificate.Leaf.Subject.CommonName
	}
	switch a := w.Admin; {
	case user != "" && a != nil && user == a.User:
		as.Source = a.UserSource
		fallthrough
	case user != "":
		as.User = user
	case certificate == nil:
	case a != nil && certificate == a.Certificate:
		as.Certificate, as.Source = a.File, a.Source
	case certificate == w.root:
		as.Certificate = w.rootFrom
	}
	return as
}

// AdminIdentity is the administrator that the operator named, for texts.
func (w *World) AdminIdentity() store.Identity {
	a := w.admin()
	return w.describe(a.Certificate, a.User)
}

// Administrator opens the administrator's connection, to the members unless other
// endpoints were asked for: to exactly those that answer it, because the connection goes
// from one to the next.
func (w *World) Administrator(ctx context.Context) (*store.Client, error) {
	admin, err := w.identified(ctx)
	if err != nil {
		return nil, err
	}
	if len(admin.Endpoints) == 1 {
		return w.ConnectAs(ctx, admin.Certificate, admin.User, admin.Password, admin.Endpoints...)
	}
	// Most often all of them answer, so the connection is opened while they are looked at. A login
	// would try the password at each of them, and waits.
	all := make(chan *store.Client, 1)
	go func() {
		var c *store.Client
		if admin.User == "" {
			c, _ = w.ConnectAs(ctx, admin.Certificate, "", "", admin.Endpoints...)
		}
		all <- c
	}()
	voters, err := w.voters(ctx, admin.Endpoints, admin.Certificate, admin.User, admin.Password)
	switch c := <-all; {
	case c != nil && err == nil && len(voters) == len(admin.Endpoints):
		return c, nil
	case c != nil:
		_ = c.Close() // nothing was asked through it
	}
	if err == nil { // where none answers, the connection fails and says why
		admin.Endpoints = voters
	}
	return w.ConnectAs(ctx, admin.Certificate, admin.User, admin.Password, admin.Endpoints...)
}

// AdministratorAt opens the administrator's connection to exactly the members at urls. A learner
// takes no password (fact 30): to it alone the connection has the certificate.
func (w *World) AdministratorAt(ctx context.Context, urls ...string) (*store.Client, error) {
	admin, err := w.identified(ctx)
	if err != nil {
		return nil, err
	}
	c, err := w.ConnectAs(ctx, admin.Certificate, admin.User, admin.Password, urls...)
	if admin.User != "" && store.IsLearner(err) {
		return w.ConnectAs(ctx, admin.Certificate, "", "", urls...)
	}
	return c, err
}

// identified is the administrator with a certificate: the one that the operator named, else root's.
func (w *World) identified(ctx context.Context) (Admin, error) {
	admin := w.admin()
	if admin.Certificate == nil && (w.Folder != nil || admin.User == "") {
		root, err := w.Root(ctx)
		if err != nil && !(errors.Is(err, fs.ErrNotExist) && admin.User != "") { // else a password has to do
			return admin, err
		}
		admin.Certificate = root
	}
	return admin, nil
}

// admin is how the administrator gets in, the policy's endpoints filled in.
func (w *World) admin() Admin {
	var a Admin
	if w.Admin != nil {
		a = *w.Admin
	}
	if len(a.Endpoints) == 0 {
		for _, m := range w.Members() {
			a.Endpoints = append(a.Endpoints, m.URL)
		}
	}
	return a
}

// AdminUser is the user that etcd takes the administrator's connection for.
func (w *World) AdminUser() string {
	a := w.admin()
	switch {
	case a.User != "":
		return a.User
	case a.Certificate != nil && a.Certificate.Leaf != nil:
		return a.Certificate.Leaf.Subject.CommonName
	}
	return policies.Root().String()
}

// ByCertificate is the same world, in which root uses its certificate although the operator
// named root's password, and whether that differs from w. w stays as it is. By the policy
// root has no password.
func (w *World) ByCertificate() (*World, bool) {
	if w.Admin == nil || w.Admin.User != policies.Root().String() {
		return w, false
	}
	admin := *w.Admin
	admin.User, admin.Password = "", ""
	return &World{
		Policy: w.Policy, Folder: w.Folder, Now: w.Now, Report: w.Report, InFlight: w.InFlight, CallTimeout: w.CallTimeout,
		Hold: w.Hold, Admin: &admin,
	}, true
}

// Introduce asks c for the cluster's ID and says, once in a run, which cluster it is.
func (w *World) Introduce(ctx context.Context, c *store.Client) {
	w.mu.Lock()
	again := w.introduced
	w.mu.Unlock()
	if again {
		return
	}
	id, err := c.ClusterID(ctx)
	if err != nil {
		id = 0
	}
	w.SayCluster(id)
}

// SayCluster says, once in a run, which cluster answers. The id 0 is not known and left out.
func (w *World) SayCluster(id uint64) {
	w.mu.Lock()
	again := w.introduced
	w.introduced = true
	w.mu.Unlock()
	if again {
		return
	}
	var members []string
	for _, m := range w.Members() {
		members = append(members, strings.TrimPrefix(m.Name+" "+m.URL, m.URL+" ")) // an endpoint's name is its URL
	}
	if id == 0 {
		w.Say("etcd", "cluster %q, members %s", w.Policy.Cluster.Name, strings.Join(members, ", "))
		return
	}
	w.Say("etcd", "cluster %q (%x), members %s", w.Policy.Cluster.Name, id, strings.Join(members, ", "))
}
