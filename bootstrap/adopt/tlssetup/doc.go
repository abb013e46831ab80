// Package tlssetup describes a folder of etcd's hack/tls-setup as a policy: cfssl's requests
// (config/req-*.json), its certificates (certs/*.pem) and the Procfile that starts etcd.
// [Policy] is pure; the text that it returns is a valid policy. What such a folder cannot
// tell, and what was wrong in it, is said in comments. No private key is read.
package tlssetup
