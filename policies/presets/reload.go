package presets

import "lockstep/policies/strict"

// Rereading is how software comes to use a file that was replaced.
type Rereading string

const (
	Reread  Rereading = "reread"  // by itself, on its next connection
	Restart Rereading = "restart" // when it is started again
	EachRun Rereading = "eachrun" // it runs, ends, and reads its files each time
)

// Reload is how software comes to use a new certificate, a new CA and a new password. The zero
// value says nothing: a restart is always enough.
type Reload struct {
	Certificate, CA Rereading
	Password        Rereading // of its user; "" for not said
	Source          string    // where that was seen or is written
}

// reloadType is the table of the field reload.
func reloadType() strict.Type {
	how := strict.Type{Kind: strict.Text, Enum: []string{string(Reread), string(Restart), string(EachRun)}}
	return strict.Type{Kind: strict.Mapping, Fields: []strict.Field{
		{Name: "certificate", Type: how, Required: true, Doc: "How it comes to use a new certificate and key: reread, restart or eachrun."},
		{Name: "ca", Type: how, Required: true, Doc: "How it comes to use a new CA."},
		{Name: "password", Type: how, Doc: "How it comes to use a new password, where its user has one."},
		{Name: "source", Type: strict.Type{Kind: strict.Text, NonEmpty: true}, Required: true, Doc: "Where that was seen or is written."},
	}}
}

// decodeReload reads the field reload.
func decodeReload(v strict.Value) Reload {
	if !v.Given() || !v.Sound() {
		return Reload{}
	}
	return Reload{
		Certificate: Rereading(v.Field("certificate").Text()), CA: Rereading(v.Field("ca").Text()),
		Password: Rereading(v.Field("password").Text()), Source: oneLine(v.Field("source").Text()),
	}
}
