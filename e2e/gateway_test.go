package e2e

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
)

// gateway is the program "gateway DIR URL KEY": it reads KEY by the member's HTTP
// gateway, with the certificate in DIR and no etcd client, and prints what it answers.
func gateway() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: gateway DIR URL KEY")
		os.Exit(1)
	}
	if err := askGateway(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "gateway:", err)
		os.Exit(1)
	}
}

func askGateway(dir, url, key string) error {
	config, err := transport.TLSInfo{
		CertFile:      filepath.Join(dir, "client.crt"),
		KeyFile:       filepath.Join(dir, "client.key"),
		TrustedCAFile: filepath.Join(dir, "ca.crt"),
	}.ClientConfig()
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: config}}
	question := fmt.Sprintf(`{"key":%q}`, base64.StdEncoding.EncodeToString([]byte(key)))
	request, err := http.NewRequest(http.MethodPost, url+"/v3/kv/range", strings.NewReader(question))
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "*/*") // as curl does: by it etcd knows the gateway
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	fmt.Println(answer.Status, strings.TrimSpace(string(text)))
	return err
}
