package members_test

import (
	"fmt"

	"lockstep/bootstrap/members"
	"lockstep/roles/store"
)

// Whether a member may be removed is arithmetic over what is seen.
func ExampleRemoval() {
	member := func(id uint64, name string, answers bool) members.Member {
		return members.Member{Name: name, Declared: true, Listed: true, At: true, Answers: answers, Entry: store.Member{ID: id, Name: name}}
	}
	v := members.View{AuthOn: true, Members: []members.Member{member(1, "etcd1", true), member(2, "etcd2", true), member(3, "etcd3", false)}}
	fmt.Println(members.Removal("etcd2")(v))
	fmt.Println(members.Removal("etcd3")(v))
	// Output:
	// without etcd2 the cluster would have no quorum: 3 members, 2 healthy; after the removal 2 members need 2, and 1 would be healthy
	// remove etcd3 (3) from the cluster
}
