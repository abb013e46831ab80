package verify

import (
	"fmt"

	"lockstep/certgen"
	"lockstep/policies/count"
	"lockstep/policies/hint"
)

// proxyChecks are about the port of each etcd grpc-proxy of the policy, as far as it shows: what
// certificate it has towards the members, no port tells.
func proxyChecks() []Check {
	return []Check{
		{
			Code: "proxies/reached", Severity: Info, Needs: NeedsProxy | NeedsSurvey, Acceptable: true,
			Sentence: "every proxy of the policy answers",
			Remedy:   "start it with its proxy.env, or correct its clientURL in the policy; nothing is known of a proxy that was not asked",
			Find:     eachProxy(findSilentProxy),
		},
		{
			Code: "proxies/certificate", Severity: Error, Needs: NeedsProxy | NeedsSurvey | NeedsFolder,
			Sentence: "every proxy shows the server certificate that the PKI folder holds for it, and clients accept it",
			Remedy:   "lockstep apply makes it again where the folder's is at fault; then copy server.crt and server.key of the proxy's folder to its host, both; the proxy needs no restart",
			Find:     eachProxy(findProxyCertificate),
		},
		{
			Code: "proxies/client-ca", Severity: Critical, Needs: NeedsProxy | NeedsSurvey | NeedsFolder,
			Sentence: "proxies take clients of our client CA and of no other, as far as a port tells: it shows the names of its CAs and no keys",
			Remedy:   "start the proxy with its proxy.env (--trusted-ca-file is client-ca.crt of its folder): it reads CAs only at its start",
			Find:     eachProxy(findProxyCA),
		},
		{
			Code: "proxies/crl", Severity: Error, Needs: NeedsProxy | NeedsSurvey | NeedsFolder | NeedsCanary, Acceptable: true,
			Sentence: "every proxy has loaded the newest revocation list of the client CA",
			Remedy:   "copy client.crl of the proxy's folder to its host: it is read at the next connection; a proxy that was started without --client-crl-file has to be started with its proxy.env",
			Find:     eachProxy(findProxyList),
		},
	}
}

func eachProxy(find func(j *judgement, x Proxy) findings) func(*judgement) findings {
	return func(j *judgement) (out findings) {
		for _, x := range j.Proxies {
			out = append(out, find(j, x)...)
		}
		return out
	}
}

// defective reports whether the handshake failed by what the proxy's own certificate is.
func (x Proxy) defective() bool {
	failed := handshakeOf(x.Err)
	return failed != nil && (failed.CannotServe() || failed.Distrusted() != nil)
}

func findSilentProxy(_ *judgement, x Proxy) (out findings) {
	if x.Err != nil && !x.defective() {
		out.add(x.subject(), "cannot be asked: "+x.Err.Error(), hint.Text(x.Err))
	}
	return out
}

func findProxyCertificate(j *judgement, x Proxy) (out findings) {
	if x.defective() {
		out.add(x.subject(), "its certificate is not accepted: "+x.Err.Error())
		return out
	}
	place := certgen.Place{Kind: certgen.PlaceProxy, Name: x.Name, Use: "server"}
	own := j.Folder.Pairs[place.String()].Leaf
	if x.Server == nil || own == nil || own.Equal(x.Server) {
		return nil
	}
	s := shown{cert: x.Server, own: own}
	return findings{{Severity: Warning, Subject: x.subject(), Text: fmt.Sprintf("shows another certificate than %s.crt: %s", place, s.difference())}}
}

// findProxyCA judges the CAs that the port names. One that takes TLS without a certificate asks for
// none that counts.
func findProxyCA(j *judgement, x Proxy) (out findings) {
	switch {
	case x.Err != nil:
		return nil
	case x.Anonymous.Outcome == Accepted:
		out.add(x.subject(), "accepts TLS connections without a certificate")
		return out
	}
	out = j.trusts(Member{Name: x.Name}, trusted{ca: certgen.ClientCA, asked: x.AcceptableCAs}, "")
	for i := range out {
		out[i].Subject = x.subject()
	}
	return out
}

// findProxyList is a warning while the list revokes nothing. A proxy that takes clients without a
// certificate reads no list, and proxies/client-ca says so.
func findProxyList(j *judgement, x Proxy) (out findings) {
	if x.Canary.Outcome != Accepted || x.Anonymous.Outcome == Accepted {
		return nil
	}
	f := Finding{Severity: Warning, Subject: x.subject(), Text: "has not loaded the newest client.crl"}
	if n := j.Folder.Revokes(certgen.ClientCA); n > 0 {
		f.Severity, f.Text = Error, fmt.Sprintf("%s, which revokes %s", f.Text, count.Of(n, "certificate"))
	}
	return append(out, f)
}
