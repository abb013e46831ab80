package change

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"lockstep/bootstrap/world"
	"lockstep/certgen/pkitest"
	"lockstep/roles"
	"lockstep/roles/store"
)

const callTimeout = 10 * time.Second

// A look says which cluster answers and which alarms are raised.
func TestLook(t *testing.T) {
	t.Parallel()
	p := pkitest.Edge(t, "a", "b")
	c, e, heard := changing(t, p, settled(p))
	e.alarms = []store.Alarm{{MemberID: 7, Kind: "NOSPACE"}}
	observed, id, err := c.Look(t.Context())
	if err != nil || id != 0xabc || len(observed.Users) != 3 || observed.Revision != 1 {
		t.Errorf("got %+v, cluster %x, %v", observed, id, err)
	}
	if len(heard.text) != 2 || !strings.HasPrefix(heard.text[0], `cluster "edge" (abc), members etcd1`) || !strings.Contains(heard.text[1], "(etcd1)") {
		t.Errorf("told %q", heard.text)
	}
}

// A cluster that answers nothing holds a look up for one time-out, however many questions
// there are.
func TestALookTakesOneTimeout(t *testing.T) {
	t.Parallel()
	p := pkitest.Edge(t, "a", "b")
	c, e, _ := changing(t, p, settled(p))
	e.deaf, e.alarms = true, []store.Alarm{{MemberID: 7}}
	c.World.CallTimeout = 300 * time.Millisecond
	began := time.Now()
	_, _, err := c.Look(t.Context())
	if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 2*c.World.CallTimeout {
		t.Errorf("%v after %s", err, took)
	}
}

// What a look found holds while authRevision stands still.
func TestCurrent(t *testing.T) {
	t.Parallel()
	p := pkitest.Edge(t, "a", "b")
	c, e, _ := changing(t, p, settled(p))
	first, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.Seen.Users = first.Users[:1] // to tell a look from what is remembered
	if again, err := c.Current(t.Context()); err != nil || len(again.Users) != 1 {
		t.Errorf("looked again although nothing has changed: %+v, %v", again, err)
	}
	if _, err := e.RoleAdd(t.Context(), "other"); err != nil {
		t.Fatal(err)
	}
	if again, err := c.Current(t.Context()); err != nil || len(again.Users) != 3 {
		t.Errorf("did not look again: %+v, %v", again, err)
	}
}

// The change of one component reads the component's user, its role and unmanaged users.
func TestOneComponentIsRead(t *testing.T) {
	t.Parallel()
	p := pkitest.Edge(t, "a", "b")
	observed := settled(p)
	observed.Users = append(observed.Users, roles.User{Name: "x", Roles: []string{"a"}})
	slices.SortFunc(observed.Users, func(a, b roles.User) int { return strings.Compare(a.Name, b.Name) })
	c, _, _ := changing(t, p, observed)
	c.Scope.Component = &p.Components[0]
	got, err := c.Observe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range got.Users {
		names = append(names, u.Name)
	}
	if !slices.Equal(names, []string{"a", "x"}) || len(got.Roles) != 1 || got.Roles[0].Name != "a" {
		t.Errorf("read users %q, roles %v", names, got.Roles)
	}
}

// Without a folder there is nothing that would tell the CA and root's certificate.
func TestConnectNeedsAFolderOrAnIdentity(t *testing.T) {
	t.Parallel()
	p := pkitest.Edge(t, "a")
	c := New(&world.World{Policy: p}, Scope{Policy: p}, nil)
	if _, _, err := c.Look(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no PKI folder here") {
		t.Errorf("got %v", err)
	}
	c.Close()
}
