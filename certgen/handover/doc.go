// Package handover writes a certificate with its key in the form that other software reads:
// Kubernetes manifests, Calico's files, PKCS#12, one PEM file, a tar, and the flat folder of
// etcd's hack/tls-setup. It is pure: [Find] says whose certificate is meant, package folder
// reads the files, [Identity.Check] judges them, and each format returns an [Export].
package handover
