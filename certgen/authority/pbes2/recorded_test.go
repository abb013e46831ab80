package pbes2

import (
	"crypto/x509"
	"encoding/pem"
	"testing"
)

// recorded is what openssl 3.0 wrote: throw-away Ed25519 keys, each encrypted by "open".
var recorded = map[string]string{
	"its default": `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhgTwpeM2WIxAICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEFczgrW46YOVNQvOj8zKQ5IEQIAq
8Hi4TUp1DPpTtzsOEXO6yDLQLwnlPteUX24Ryw8kMO/Y4nU2kcEZSXLBVbcZnvjz
424Pqnoeb/rcLIfs2/Q=
-----END ENCRYPTED PRIVATE KEY-----`,
	"-scrypt": `-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGSME4GCSqGSIb3DQEFDTBBMCAGCSsGAQQB2kcECzATBAhlMJ0db6SG+AIBEAIB
AQIBATAdBglghkgBZQMEASoEEBfNwn3nADz8Xi+lTE1m2foEQPhKab0F9FZb67WZ
ufPD1PpzqB6NfBRNCTDSGXK2TrGry13W1tb2lYnAk/EUlqsovtjGYub0PUo53uri
g4yx110=
-----END ENCRYPTED PRIVATE KEY-----`,
	"-v2 des3 -v2prf hmacWithSHA1": `-----BEGIN ENCRYPTED PRIVATE KEY-----
MHwwQAYJKoZIhvcNAQUNMDMwGwYJKoZIhvcNAQUMMA4ECIfYS0ZdGRhUAgIIADAU
BggqhkiG9w0DBwQI809cyZqikrUEOJKpSZyz6GH47gTDejPt/R8xx6tBv2E2ocR5
VMz0WG3UsAEXUgrepGImN2CiAtonTwPLEFsVxZAn
-----END ENCRYPTED PRIVATE KEY-----`,
}

func TestDecryptReadsWhatOpensslWroteOnce(t *testing.T) {
	t.Parallel()
	for options, text := range recorded {
		block, _ := pem.Decode([]byte(text))
		plain, err := Decrypt(block.Bytes, []byte("open"))
		if err == nil {
			_, err = x509.ParsePKCS8PrivateKey(plain)
		}
		if err != nil {
			t.Errorf("%s: %v", options, err)
		}
	}
}
