package presets

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"lockstep/policies/strict"
)

// Site is what a program's configuration says about one component's cluster and
// certificate. A text that is "" leaves its placeholder standing.
type Site struct {
	Endpoints []string // client URLs of the members: {endpoints}, {endpoints-by-space}, {endpoint}, and {address} without https://; {host} and {port} of the first one
	CA        string   // path of the CA of the members' certificates: {ca}
	Cert      string   // path of the component's certificate: {cert}
	Key       string   // path of its key: {key}
	User      string   // the component's user: {user}
	Password  string   // path of the file with the password of its user: {password-file}
}

// inConfig is a placeholder in a configuration. Every other brace is the program's own.
var inConfig = regexp.MustCompile(`\{[a-z][a-z0-9-]*\}`)

// plain is text that no shell and no format of configuration takes for anything else. A
// policy may arrive by pull request, and the operator pastes what it makes.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,~\[\]-]+$`)

// siteNames is the placeholders that Site fills.
var siteNames = []string{"endpoints", "endpoints-by-space", "endpoint", "address", "host", "port", "ca", "cert", "key", "user", "password-file"}

// Configure fills p's configuration in for one component. A line with {endpoint} or
// {address} is written once for each endpoint, and a parameter's value loses a slash at its
// end. left is, in sentences, why placeholders are still there.
func (p Preset) Configure(component string, with map[string]string, site Site) (text string, left []string) {
	values, problems := p.values(component, with)
	for _, problem := range problems {
		left = append(left, problem.Message)
	}
	for _, parameter := range p.Parameters {
		values[parameter.Name] = strings.TrimSuffix(values[parameter.Name], "/")
	}
	values["endpoints"] = strings.Join(site.Endpoints, ",")
	values["ca"], values["cert"], values["key"] = site.CA, site.Cert, site.Key
	values["user"], values["password-file"] = site.User, site.Password
	values["host"], values["port"] = site.first()
	var out strings.Builder
	for line := range strings.Lines(p.Config) {
		endpoints := site.Endpoints
		if each := strings.Contains(line, "{endpoint}") || strings.Contains(line, "{address}"); !each || len(endpoints) == 0 {
			endpoints = []string{""}
		}
		for _, endpoint := range endpoints {
			out.WriteString(inConfig.ReplaceAllStringFunc(line, func(placeholder string) string {
				return settle(placeholder, endpoint, site.Endpoints, values, &left)
			}))
		}
	}
	return out.String(), left
}

// first is the host and the port of the first endpoint, for software that takes one member; "" for
// none.
func (s Site) first() (host, port string) {
	if len(s.Endpoints) == 0 {
		return "", ""
	}
	endpoint, err := url.Parse(s.Endpoints[0])
	if err != nil {
		return "", ""
	}
	return endpoint.Hostname(), endpoint.Port()
}

// settle is the text in place of one placeholder: the placeholder itself where there is
// nothing to put in, or nothing safe.
func settle(placeholder, endpoint string, endpoints []string, values map[string]string, left *[]string) string {
	name := strings.Trim(placeholder, "{}")
	words := []string{values[name]}
	switch name {
	case "endpoint":
		words[0] = endpoint
	case "address":
		words[0] = strings.TrimPrefix(endpoint, "https://")
	case "endpoints-by-space":
		words = endpoints
	}
	for _, word := range words {
		if word != "" && !plain.MatchString(word) {
			why := fmt.Sprintf("%s stands for %q, which a shell or a file may take for something else", placeholder, word)
			if !slices.Contains(*left, why) {
				*left = append(*left, why)
			}
			return placeholder
		}
	}
	if text := strings.Join(words, " "); text != "" {
		return text
	}
	return placeholder
}

// checkConfig reports placeholders that nothing fills, and parameters that hide one.
func (p Preset) checkConfig(d *strict.Decoder, at strict.Value) {
	known := append(p.known(), siteNames...)
	for _, placeholder := range inConfig.FindAllString(p.Config, -1) {
		if !slices.Contains(known, strings.Trim(placeholder, "{}")) {
			d.Fail(at, "known here: {"+strings.Join(known, "}, {")+"}", "%s stands for nothing", placeholder)
		}
	}
	for _, parameter := range p.Parameters {
		if slices.Contains(siteNames, parameter.Name) {
			d.Fail(at, "give the parameter another name", "{%s} is already the cluster's or the certificate's", parameter.Name)
		}
	}
}
