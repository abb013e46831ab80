package main

import (
	"strings"

	"github.com/spf13/cobra"
)

const exitCodesTopic = "exit-codes"

// topics are help pages that belong to no command.
func topics() []*cobra.Command {
	return []*cobra.Command{
		{
			Use:   exitCodesTopic,
			Short: "What the exit code of every command means",
			Long: `Every command ends with one of four exit codes.

` + strings.TrimSuffix(strings.TrimPrefix(exitCodes, "Exit codes:\n"), "\n") + `

A script may take 2 for work that is left and 3 for a decision that a person has to take: in both cases the text says which. With -o json an error is a document of kind "Error" with the same code.`,
		},
		{
			Use:   "environment",
			Short: "The variables that lockstep reads",
			Long: `The administrator's connection to etcd takes etcdctl's variables. A flag is stronger than its variable, and both are stronger than the policy.

  ETCDCTL_ENDPOINTS  --endpoints; refused if the policy names none of them
  ETCDCTL_CACERT     --cacert
  ETCDCTL_CERT       --cert
  ETCDCTL_KEY        --key
  ETCDCTL_USER       --user
  ETCDCTL_PASSWORD   the password of that user

What is written to a terminal takes these.

  NO_COLOR           not empty: no colour, as --no-color
  TERM               dumb: no colour

A program that --exec starts gets PATH and these.

  LOCKSTEP_ACTION     renew or rekey
  LOCKSTEP_NAME       whose certificate it is: NAME or NAME/INSTANCE
  LOCKSTEP_FOLDER     the folder of certificate and key
  LOCKSTEP_CERT       the certificate's file
  LOCKSTEP_KEY        the key's file; empty when the key is not here
  LOCKSTEP_SERIAL     the serial number, hexadecimal
  LOCKSTEP_NOT_AFTER  its last moment (RFC 3339)

A proof never uses etcdctl's variables: each component asks etcd with its own certificate.`,
		},
		{
			Use:   "policy",
			Short: "What a policy file looks like",
			Long: `A policy names the cluster, and for each component what it may do in etcd. The name of a component is also its user, its role and the CN of its certificate.

  apiVersion: lockstep/v1
  kind: Policy
  cluster:
    name: edge
    members:
      - {name: etcd1, hosts: [10.0.0.11]}
      - {name: etcd2, hosts: [10.0.0.12]}
      - {name: etcd3, hosts: [10.0.0.13]}
  components:
    - {name: kube-apiserver, preset: kubernetes/kube-apiserver}
    - name: app
      permissions:
        - {prefix: /app/, access: readwrite}      # read, write or readwrite
        - {key: settings, access: read}           # a single key

"lockstep init" writes one with comments, "lockstep lint" checks it, "lockstep presets" lists what known software needs, and "lockstep lint --schema" prints the JSON Schema that editors read. docs/policy.md describes every field.`,
		},
	}
}
