package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// requests is the program "requests FILE": each line of FILE is one request that is
// "allowed" or "refused", made once, as a component with its own certificate:
//
//	allowed calico-node txn /calico/ipam/v2/config
//	refused coredns     put /skydns/org/example/a
//
// Verbs: get, list (a prefix), lists (several, in one transaction), watch (a prefix), put,
// del, txn (as Kubernetes and Calico write: it reads as well), and the calls of calls_test.go. It
// prints what was not as the file says, and at the end how many requests there were. Only
// "permission denied" is a refusal; blank lines and those with # are left out.
func requests() {
	text, err := os.ReadFile(os.Args[len(os.Args)-1])
	if err != nil || len(os.Args) != 2 {
		fmt.Println("usage: requests FILE", err)
		os.Exit(1)
	}
	made, wrong := 0, 0
	clients := map[string]*clientv3.Client{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		made++
		if err := meets(clients, words); err != nil {
			wrong++
			fmt.Printf("%s: %v\n", strings.Join(words, " "), err)
		}
	}
	if wrong > 0 || made == 0 {
		fmt.Printf("%d requests: %d not as they should be\n", made, wrong)
		os.Exit(1)
	}
	fmt.Printf("%d requests: each as it should be\n", made)
}

// meets makes the request of one line; the error says how it differs from what is wanted.
func meets(clients map[string]*clientv3.Client, words []string) error {
	if len(words) < 3 || words[0] != "allowed" && words[0] != "refused" {
		return errors.New("want allowed|refused COMPONENT VERB KEY")
	}
	etcd := clients[words[1]]
	if etcd == nil {
		var err error
		if etcd, err = as(filepath.Join("pki/components", words[1])); err != nil {
			return err
		}
		clients[words[1]] = etcd
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	switch err := request(ctx, etcd, words[2], words[3:]); {
	case words[0] == "allowed":
		return err
	case err == nil:
		return errors.New("was allowed")
	case !errors.Is(err, rpctypes.ErrPermissionDenied):
		return fmt.Errorf("was no refusal: %w", err)
	}
	return nil
}

// denied makes a refusal of one that came as text alone: of a watch, and of snapshots, digests and
// defragmentation in etcd 3.5.
func denied(err error) error {
	if err != nil && strings.HasSuffix(err.Error(), "permission denied") {
		return rpctypes.ErrPermissionDenied
	}
	return err
}

func request(ctx context.Context, etcd *clientv3.Client, verb string, keys []string) (err error) {
	if call, known := calls()[verb]; known {
		return denied(call(ctx, etcd, strings.Join(keys, "")))
	}
	if len(keys) == 0 {
		return errors.New("names no key")
	}
	switch verb {
	case "get":
		_, err = etcd.Get(ctx, keys[0])
	case "list":
		_, err = etcd.Get(ctx, keys[0], clientv3.WithPrefix(), clientv3.WithLimit(1))
	case "lists":
		var gets []clientv3.Op
		for _, key := range keys {
			gets = append(gets, clientv3.OpGet(key, clientv3.WithPrefix()))
		}
		_, err = etcd.Txn(ctx).Then(gets...).Commit()
	case "watch":
		answer := <-etcd.Watch(ctx, keys[0], clientv3.WithPrefix(), clientv3.WithCreatedNotify())
		err = denied(answer.Err()) // a watch brings its refusal as text
	case "put":
		_, err = etcd.Put(ctx, keys[0], "x")
	case "del":
		_, err = etcd.Delete(ctx, keys[0])
	case "txn":
		unchanged := clientv3.Compare(clientv3.ModRevision(keys[0]), "=", 0)
		_, err = etcd.Txn(ctx).If(unchanged).Then(clientv3.OpPut(keys[0], "x")).Else(clientv3.OpGet(keys[0])).Commit()
	default:
		err = fmt.Errorf("%q is no verb", verb)
	}
	return err
}
