package verify

import (
	"fmt"
	"slices"
	"strings"

	"lockstep/certgen"
	"lockstep/policies/count"
	"lockstep/roles/store"
)

// gatewayChecks are about the HTTP gateway of a policy with a component that needs it.
func gatewayChecks() []Check {
	return []Check{
		{
			Code: "members/gateway-off", Severity: Error, Needs: NeedsMembers,
			Sentence: "every member answers the HTTP gateway where a component needs it",
			Remedy: "copy the member's folder to its host again and restart it: its etcd.env turns the gateway on (ETCD_ENABLE_GRPC_GATEWAY=true); " +
				"one that lockstep does not make with --enable-grpc-gateway=true, and --client-cert-file and --client-key-file of a client certificate without a CN",
			Find: eachReached(findGatewayOff),
		},
		{
			Code: "members/gateway-cut", Severity: Error, Needs: NeedsMembers | NeedsProof,
			Sentence: "every member's HTTP gateway reaches the member itself",
			Remedy: "copy gateway.crt, gateway.key and etcd.env of the member's folder to its host and restart it: etcd.env names them (ETCD_CLIENT_CERT_FILE, ETCD_CLIENT_KEY_FILE); " +
				"one that lockstep does not make with --client-cert-file and --client-key-file of a client certificate without a CN",
			Find: eachReached(findGatewayCut),
		},
		{
			Code: "members/gateway-cn", Severity: Critical, Needs: NeedsMembers | NeedsName,
			Sentence: "every member's HTTP gateway refuses a certificate with a CN: a component with a certificate cannot use it",
			Remedy:   "start the member with --client-cert-auth, as its etcd.env says (ETCD_CLIENT_CERT_AUTH=true)",
			Find:     eachReached(findGatewayCN),
		},
	}
}

// findGatewayOff leaves a member to folder/files whose etcd.env does not turn the gateway on yet.
func findGatewayOff(j *judgement, m Member) (out findings) {
	off := m.Gateway == Refused || store.IsGatewayOff(j.gatewayError(m))
	if off && j.Policy.Gateway() && !j.unwrittenEnv(m) {
		out.add(m.subject(), fmt.Sprintf("does not answer the HTTP gateway (/v3/...), which is needed by %s", count.Quoted(j.behindGateway())))
	}
	return out
}

func findGatewayCut(j *judgement, m Member) (out findings) {
	if err := j.gatewayError(m); store.IsGatewayCut(err) {
		out.add(m.subject(), fmt.Sprintf("its HTTP gateway does not reach the member itself: %v", err))
	}
	return out
}

// findGatewayCN looks at what the gateway made of the certificate with a CN that the member was
// shown. While auth is off, it takes every one.
func findGatewayCN(_ *judgement, m Member) (out findings) {
	switch {
	case !m.AuthOn, m.Root.Outcome == IdentityIgnored: // auth/off, members/blind
	case m.GatewayCN.Outcome == Accepted:
		out.add(m.subject(), "its HTTP gateway takes a certificate with a CN")
	case m.GatewayCN.Outcome == Unknown && m.GatewayCN.Err != nil && m.Gateway == Accepted:
		out.add(m.subject(), fmt.Sprintf("it is not known whether its HTTP gateway refuses a certificate with a CN: %v", m.GatewayCN.Err))
		out[0].Severity = Warning
	}
	return out
}

// gatewayError is why a component could not ask through the member's gateway; nil: each could, or
// none tried.
func (j *judgement) gatewayError(m Member) error {
	for _, p := range j.Proofs {
		for _, at := range p.Gateways {
			if at.Member == m.Name && (store.IsGatewayOff(at.Err) || store.IsGatewayCut(at.Err)) {
				return at.Err
			}
		}
	}
	return nil
}

// behindGateway is the components that need the gateway.
func (j *judgement) behindGateway() (names []string) {
	for _, c := range j.Policy.Components {
		if c.Password {
			names = append(names, c.Name)
		}
	}
	return names
}

// newGateway reports whether the policy has come to need the gateway of that certificate: the
// member's etcd.env, a finding of its own, does not turn it on yet.
func (j *judgement) newGateway(p certgen.Profile) bool {
	return p.Kind == certgen.KindGateway && j.unwrittenEnv(Member{Name: p.Place().Name})
}

// unwrittenEnv reports whether the member's etcd.env is not as it is to be.
func (j *judgement) unwrittenEnv(m Member) bool {
	return j.Folder != nil && slices.ContainsFunc(j.certificatesPlan().Steps, func(s certgen.Step) bool {
		place := s.Place()
		return s.Action == certgen.Write && place.Kind == certgen.PlaceMember && place.Name == m.Name && strings.HasSuffix(s.File, ".env")
	})
}

// unheard reports whether the proof failed for what another check tells: a gateway that is off or
// does not reach its member, or a user that does not have the password in its folder.
func (j *judgement) unheard(p Proof) bool {
	if len(p.Gateways) == 0 || p.Err == nil {
		return false
	}
	return !slices.ContainsFunc(p.Gateways, func(at GatewayLogin) bool {
		told := at.Err == nil || store.IsGatewayOff(at.Err) || store.IsGatewayCut(at.Err)
		return !told && !(store.IsLoginRefused(at.Err) && j.Auth != nil && j.Auth.Enabled && j.differs(p))
	})
}
