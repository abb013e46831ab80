package world

import (
	"reflect"
	"testing"
	"time"

	"lockstep/certgen/folder"
	"lockstep/policies"
)

// Without root's password the world is the same in every other field, and the caller's world
// and administrator stay as they are.
func TestByCertificate(t *testing.T) {
	t.Parallel()
	w := &World{
		Policy: &policies.Policy{}, Folder: &folder.Folder{}, Now: time.Now, Report: func(Event) {}, InFlight: 3, CallTimeout: time.Second,
		Hold:  func() func() { return func() {} },
		Admin: &Admin{Endpoints: []string{"https://a"}, File: "f", User: "root", Password: "secret", UserSource: "--user"},
	}
	got, differs := w.ByCertificate()
	if !differs || got.Admin.User != "" || got.Admin.Password != "" || got.Admin.File != "f" || len(got.Admin.Endpoints) != 1 {
		t.Errorf("got %+v", got.Admin)
	}
	if w.Admin.User != "root" || w.Admin.Password != "secret" {
		t.Errorf("the caller's administrator became %+v", w.Admin)
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[World]()) {
		if f.IsExported() && reflect.ValueOf(got).Elem().FieldByIndex(f.Index).IsZero() {
			t.Errorf("%s is not in the other world", f.Name)
		}
	}
	for _, admin := range []*Admin{nil, {User: "boss", Password: "secret"}, {}} {
		w := &World{Admin: admin}
		if got, differs := w.ByCertificate(); differs || got != w {
			t.Errorf("%+v: got another world", admin)
		}
	}
}
