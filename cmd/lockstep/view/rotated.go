package view

import (
	"fmt"
	"path/filepath"

	"lockstep/certgen"
	"lockstep/policies/presets"
)

// RotationPlan is what a run of certs rotate-ca is about to do.
type RotationPlan struct {
	certgen.Rotation
	Compromised bool
}

// Text implements Message.
func (r RotationPlan) Text(s *Sheet) {
	CertificateSteps(r.Plan.Steps).Text(s)
	if r.Compromised && r.Begins {
		s.Wrapped("", "", "no time in which both CAs are trusted: "+outage(r.CA))
	}
}

// outage is what the immediate end of a CA costs.
func outage(ca certgen.CA) string {
	switch ca {
	case certgen.ServerCA:
		return "a client refuses each server that has its new certificate, until the client has its new ca.crt"
	case certgen.PeerCA:
		return "members that were restarted refuse the others, so etcd does not answer until most members have their new files and were restarted"
	}
	return "a member that was restarted refuses each component, until the component has its new certificate"
}

// Rotated is how far the rotation of a CA is after a run.
type Rotated struct {
	certgen.Rotation
	Folder  string   // the PKI folder
	Holders []Holder // of Rotation.Waits
}

// Holder is a member, proxy or component that has to get files.
type Holder struct {
	certgen.Wait
	Reload presets.Reload
}

// Text implements Answer.
func (r Rotated) Text(s *Sheet) {
	s.Line("%s CA: %s", r.CA, r.headline())
	for i, h := range r.Holders {
		if i == planLines {
			more(s, "  ", len(r.Holders)-planLines)
			break
		}
		h.lines(s, r)
	}
	if r.Rootless {
		s.Wrapped("", "  ", "until the next one signs, no certificate of root can be made: meanwhile apply, verify and certs revoke need one that was made before, by --cert and --key, or --user")
	}
	if !r.Finished {
		s.Line("when that is done: %s", r.next())
	}
}

func (r Rotated) headline() string {
	switch {
	case r.Finished:
		return "the rotation is finished: the old CA is in retired/, and its key is deleted"
	case r.Stage == certgen.StageNext:
		return "the next one is made and does not sign yet; first all have to trust both"
	case r.Stage == certgen.StagePrevious:
		return "the new one signs; the old one is trusted until its certificates are replaced"
	case r.Stage == certgen.StageDropped:
		return "the copies hold the new one alone; what was not restarted trusts the old one still"
	}
	return "the rotation does not begin before all is as the policy says"
}

// next is the command that goes on.
func (r Rotated) next() string {
	if r.Confirm {
		return fmt.Sprintf("lockstep certs rotate-ca %s --confirm-clients", r.CA)
	}
	return fmt.Sprintf("lockstep certs rotate-ca %s", r.CA)
}

// lines says what to do for one holder.
func (h Holder) lines(s *Sheet, r Rotated) {
	todo := h.todo(r)
	switch {
	case h.Text == "":
		s.Wrapped("  "+h.Name+": ", "    ", todo)
		return
	case todo != "":
		defer s.Wrapped("    ", "    ", todo)
	}
	s.Wrapped("  "+h.Name+" ", "    ", h.Text)
}

// todo is what to copy and to restart; "" where nothing is copied.
func (h Holder) todo(r Rotated) string {
	switch {
	case r.Stage == certgen.StageNone && !r.Finished:
		return "" // nothing was written that could be copied
	case h.Place != (certgen.Place{}):
		return fmt.Sprintf("copy %s to the %s; %s", filepath.Join(r.Folder, filepath.FromSlash(h.Place.String())), holderOf(h.Place), h.then())
	case h.NewCA && r.CA == certgen.ClientCA:
		return fmt.Sprintf("put %s into the file that its --trusted-ca-file names, nothing else, and restart it", r.trusted())
	}
	return ""
}

// trusted is the files whose certificates are trusted now.
func (r Rotated) trusted() string {
	file := func(g certgen.Generation) string {
		return filepath.Join(r.Folder, filepath.FromSlash(certgen.CAPlace(r.CA, g).String())) + ".crt"
	}
	switch r.Stage {
	case certgen.StageNext:
		return file(certgen.Current) + " and " + file(certgen.Next)
	case certgen.StagePrevious:
		return file(certgen.Current) + " and " + file(certgen.Previous)
	}
	return file(certgen.Current)
}

// then says what the software does with the copied files.
func (h Holder) then() string {
	how := h.how()
	switch {
	case how == presets.Restart:
		return "restart it"
	case how == presets.EachRun:
		return "it is used at the next run"
	case how == presets.Reread:
		return "it is used on the next connection, without a restart"
	case h.NewCA:
		return "restart it"
	}
	return "restart it, unless it rereads its certificate"
}

// how is how the software comes to use all that is new.
func (h Holder) how() presets.Rereading {
	switch {
	case h.NewCA && h.Reload.CA == presets.Restart:
		return presets.Restart
	case h.NewCertificate:
		return h.Reload.Certificate
	case h.NewCA:
		return h.Reload.CA
	}
	return presets.Reread // etcd reads its revocation list for each connection
}

// ExternalRotation is how far the owner of an external CA is with replacing it.
type ExternalRotation certgen.ExternalRotation

// Text implements Answer.
func (r ExternalRotation) Text(s *Sheet) {
	s.Wrapped("external CA: ", "  ", r.Found)
	for i, w := range r.Waits {
		if i == planLines {
			more(s, "  ", len(r.Waits)-planLines)
			break
		}
		s.Wrapped("  "+w.Name+" ", "    ", w.Text)
	}
	first := "next: "
	if len(r.Waits) > 0 {
		first = "when that is done: "
	}
	s.Wrapped(first, "  ", r.Do)
	s.Line("  %s", r.Write)
}

// externalRotationDocument is the answer of certs rotate-ca where the CA is external (kind
// ExternalRotation).
type externalRotationDocument struct {
	Header
	Stage string           `json:"stage"` // none, next (the old CA signs) or previous (the new one signs)
	Found string           `json:"found"`
	Waits []holderDocument `json:"waits"`
	Do    string           `json:"do"`
	Write string           `json:"write"` // the line of the policy that follows
}

// Document implements Answer.
func (r ExternalRotation) Document() any {
	d := externalRotationDocument{Header: header("ExternalRotation"), Stage: string(r.Stage), Found: r.Found, Waits: []holderDocument{}, Do: r.Do, Write: r.Write}
	for _, w := range r.Waits {
		d.Waits = append(d.Waits, holderDocument{Name: w.Name, Why: w.Text, Certificate: w.NewCertificate, CA: w.NewCA})
	}
	return d
}

// rotatedDocument is the answer of certs rotate-ca (kind Rotation).
type rotatedDocument struct {
	Header
	CA       string           `json:"ca"`
	Stage    string           `json:"stage"` // none, next, previous or dropped: which other generation is in ca/
	Finished bool             `json:"finished"`
	Steps    []string         `json:"steps"` // what this run did
	Waits    []holderDocument `json:"waits"`
	Next     string           `json:"next,omitempty"`     // the command that goes on
	Rootless bool             `json:"rootless,omitempty"` // no certificate of root can be made before the next CA signs
}

// holderDocument is a member, proxy or component that has to get files.
type holderDocument struct {
	Name        string `json:"name"`
	Folder      string `json:"folder,omitempty"` // below the PKI folder
	Why         string `json:"why,omitempty"`    // what is seen not to be done yet
	Certificate bool   `json:"certificate"`      // a new certificate
	CA          bool   `json:"ca"`               // other CAs to trust
	List        bool   `json:"list"`             // a revocation list
	Reloading   string `json:"reloading,omitempty"`
}

// Document implements Answer.
func (r Rotated) Document() any {
	d := rotatedDocument{Header: header("Rotation"), CA: string(r.CA), Stage: string(r.Stage), Finished: r.Finished, Rootless: r.Rootless, Steps: []string{}, Waits: []holderDocument{}}
	for _, step := range r.Plan.Steps {
		d.Steps = append(d.Steps, step.String())
	}
	for _, h := range r.Holders {
		w := holderDocument{Name: h.Name, Why: h.Text, Certificate: h.NewCertificate, CA: h.NewCA, List: h.NewList, Reloading: string(h.how())}
		if h.Place != (certgen.Place{}) {
			w.Folder = h.Place.String()
		}
		d.Waits = append(d.Waits, w)
	}
	if !r.Finished {
		d.Next = r.next()
	}
	return d
}
