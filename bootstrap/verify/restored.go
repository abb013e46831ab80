package verify

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"lockstep/certgen"
)

// Seen is which cluster etcd was when lockstep changed it last, and how far its users and roles
// were. It lies in [certgen.SeenFile]. It is no secret and is never needed: without it, a restore is
// seen by what it brought back alone.
type Seen struct {
	ClusterID uint64
	Revision  uint64 // authRevision, which each change moves forward (fact 25)
	Time      time.Time
}

// seenFile is the text of Seen.
type seenFile struct {
	ClusterID string    `json:"clusterID"` // hex, as etcdctl --hex prints it
	Revision  uint64    `json:"authRevision"`
	Time      time.Time `json:"time"`
}

// Step writes s into the PKI folder.
func (s Seen) Step() certgen.Step {
	text, _ := json.MarshalIndent(seenFile{strconv.FormatUint(s.ClusterID, 16), s.Revision, s.Time.UTC().Truncate(time.Second)}, "", "  ") // numbers and a time always have a text
	return certgen.Step{Action: certgen.Write, File: certgen.SeenFile, Content: append(text, '\n'), Reason: "etcd was changed"}
}

// LastSeen is what the folder says; false where it says nothing that can be read.
func LastSeen(folder certgen.State) (Seen, bool) {
	var f seenFile
	if err := json.Unmarshal(folder.Files[certgen.SeenFile], &f); err != nil {
		return Seen{}, false
	}
	id, err := strconv.ParseUint(f.ClusterID, 16, 64)
	return Seen{id, f.Revision, f.Time}, err == nil && id != 0 && f.Revision != 0
}

// Restored is that etcd is not what lockstep has seen before.
type Restored struct{ Before, Now Seen }

// RestoredSince reports whether etcd, as it is now, is another cluster than the folder says, or
// the same one with older users and roles: restored from a backup, or made anew. A user or role that
// another client changed moves authRevision forward and is no such thing.
func RestoredSince(folder certgen.State, now Seen) (Restored, bool) {
	before, found := LastSeen(folder)
	known := found && now.ClusterID != 0 && now.Revision != 0
	return Restored{before, now}, known && (now.Revision < before.Revision || now.ClusterID != before.ClusterID)
}

// String says what differs.
func (r Restored) String() string {
	var parts []string
	if r.Now.ClusterID != r.Before.ClusterID {
		parts = append(parts, fmt.Sprintf("its cluster ID is %x and was %x", r.Now.ClusterID, r.Before.ClusterID))
	}
	if r.Now.Revision < r.Before.Revision {
		parts = append(parts, fmt.Sprintf("its authRevision is %d and was %d", r.Now.Revision, r.Before.Revision))
	}
	return fmt.Sprintf("etcd was restored from a backup, or made anew: %s on %s", strings.Join(parts, ", "), r.Before.Time.UTC().Format(time.RFC3339))
}

func findRestored(j *judgement) (out findings) {
	if r, restored := RestoredSince(*j.Folder, Seen{ClusterID: j.AuthCluster, Revision: j.Auth.Revision}); restored {
		out.add(Subject{}, r.String())
	}
	return out
}
