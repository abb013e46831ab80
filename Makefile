# Needs Go, make and git. Every other tool is pinned in e2e/go.mod (`tool`) or below;
# the etcd that is tested against, in etcd/go.mod (older lines in etcd/3.5 and etcd/3.6).

GO            ?= go
BUILD         := .build
POLICY        ?= policies/examples/kubernetes-calico.yaml
FUZZTIME      ?= 20s
GOVULNCHECK   := golang.org/x/vuln/cmd/govulncheck@v1.9.0
MODULES       := . etcd e2e release
BINARIES      := lockstep lockstep-etcd
PREFIX        ?= /usr/local
SIZES         ?= 100 1000 3000
ROUNDS        ?= 3
CFSSL         := github.com/cloudflare/cfssl/cmd
CFSSL_VERSION := v1.6.5

# A tree that git does not answer for (an archive, a folder of another user) is built
# without its revision rather than not at all.
VCS           := $(shell git status >/dev/null 2>&1 && echo auto || echo false)
BUILD_FLAGS   := -trimpath -buildvcs=$(VCS)

export CGO_ENABLED := 0

.DEFAULT_GOAL := help
.PHONY: help build man tools demo test docs-test patroni-test e2e-versions openssl rpm release release-test install check gofmt vet staticcheck tidy reproducible fuzz bench vuln clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build lockstep and lockstep-etcd into .build/
	$(GO) build $(BUILD_FLAGS) -o $(BUILD)/ ./cmd/lockstep
	cd etcd && $(GO) build $(BUILD_FLAGS) -o ../$(BUILD)/lockstep-etcd .

man: ## write the man pages into .build/man/
	$(GO) test -count=1 ./cmd/lockstep -run '^TestManPages$$' -man "$(CURDIR)/$(BUILD)/man"

demo: build ## do the main job on a local three-member etcd and show the proof: by etcd's API, then with auth on from the start
	$(BUILD)/lockstep rehearse -f $(POLICY)
	$(BUILD)/lockstep rehearse -f $(POLICY) --seed

test: build tools openssl ## run every test: the packages, then the binaries against real etcd
	$(GO) test -timeout 30m ./...
	cd etcd && $(GO) test -timeout 5m ./...
	cd e2e && $(GO) test -count=1 -timeout 40m ./...

docs-test: build tools openssl ## follow every page: each command is in a script that names the page, and those scripts run
	cd e2e && $(GO) test -count=1 -run '^TestPagesAreFollowed$$' .
	cd e2e && $(GO) test -count=1 -timeout 40m -run "TestScripts/^($$(grep -lE '(docs/[a-z-]+|README)\.md' testdata/scripts/*.txtar | sed 's,.*/,,; s,\.txtar$$,,' | paste -sd '|' -))$$" .

check: gofmt vet staticcheck tidy reproducible test patroni-test release-test ## everything that CI and reviewers ask for

# What every version has to do alike, and what 3.6 has to do beside 3.7: members of both in one cluster. Proxies and the exact findings of the other scripts are those
# of one version.
CORE := bootstrap|born-locked|born-locked-cn-ignored|born-locked-etcdutl|plan|add-remove|verify|drift-users|drift-permissions|drift-certificates|revoke|revoke-restored|rotate-peer|adopt|prune|cn-ignored-one|living-cluster|remedies-users|auth-off|restore|pki-lost|calls|members-add|members-replace|members-page|gateway|gateway-seed

CORE_3.6 := mixed-versions

e2e-versions: build tools openssl ## run the core of the tests on etcd 3.5 and 3.6, too
	@for v in 3.5 3.6; do \
	  (cd etcd/$$v && $(GO) build -trimpath -o ../../$(BUILD)/etcd-$$v/etcd . && \
	    $(GO) build -trimpath -o ../../$(BUILD)/etcd-$$v/etcdutl go.etcd.io/etcd/etcdutl/v3) || exit 1; \
	  echo "etcd $$v:"; \
	  core='$(CORE)'; case $$v in 3.6) core="$$core|$(CORE_3.6)" ;; esac; \
	  (cd e2e && $(GO) test -count=1 -timeout 40m -run "TestScripts/^($$core)$$" . -etcd "$(CURDIR)/$(BUILD)/etcd-$$v") || exit 1; \
	done

tools: # etcdctl is a witness of the e2e tests, etcdutl restores snapshots in them
	cd e2e && $(GO) build -trimpath -o ../$(BUILD)/etcdctl go.etcd.io/etcd/etcdctl/v3
	cd e2e && $(GO) build -trimpath -o ../$(BUILD)/etcdutl go.etcd.io/etcd/etcdutl/v3

openssl: # openssl is the other one, curl speaks HTTP; systemd-analyze judges the units where it can be had
	@command -v openssl >/dev/null 2>&1 && command -v curl >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    apt-get update && apt-get install -y --no-install-recommends openssl curl; \
	  else \
	    echo 'openssl or curl is missing: they are independent witnesses of the e2e tests. Install the packages "openssl" and "curl", and run make again.' >&2; exit 1; \
	  fi; }
	@command -v systemd-analyze >/dev/null 2>&1 || { \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && \
	    apt-get update && apt-get install -y --no-install-recommends systemd; } || \
	  echo 'systemd-analyze is missing: the units are not judged' >&2

# 60 MB of Debian's packages, unpacked once for this user and installed nowhere.
PATRONI ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lockstep/patroni

patroni-test: build tools openssl ## run the tests with real Patroni and PostgreSQL (needs Debian or Ubuntu)
	sh e2e/testdata/patroni.sh "$(PATRONI)"
	patroni=$$(cd "$(PATRONI)" && pwd) && cd e2e && $(GO) test -count=1 -timeout 20m -run '^TestScripts$$' . -patroni "$$patroni"

release: ## build archives, packages, list of modules and sums of the commit into .build/release/
	cd release && $(GO) run . -out "$(CURDIR)/$(BUILD)/release"

rpm: # release-test installs the rpm
	@command -v rpm >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    apt-get update && apt-get install -y --no-install-recommends rpm; \
	  else \
	    echo 'rpm is missing: release-test installs the rpm with it. Install the package "rpm" and run make again.' >&2; exit 1; \
	  fi; }

release-test: rpm ## make the release of this platform, and use it in clean roots (needs dpkg)
	cd release && $(GO) test -count=1 -timeout 30m ./...

install: build man ## install into PREFIX (/usr/local), below DESTDIR
	install -d "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/man/man1" "$(DESTDIR)$(PREFIX)/share/bash-completion/completions" \
	  "$(DESTDIR)$(PREFIX)/share/zsh/site-functions" "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d"
	install -m 755 $(addprefix $(BUILD)/,$(BINARIES)) "$(DESTDIR)$(PREFIX)/bin/"
	install -m 644 $(BUILD)/man/*.1 "$(DESTDIR)$(PREFIX)/share/man/man1/"
	$(BUILD)/lockstep completion bash > "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/lockstep"
	$(BUILD)/lockstep completion zsh > "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_lockstep"
	$(BUILD)/lockstep completion fish > "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/lockstep.fish"

gofmt:
	@unformatted=$$(gofmt -l $(wildcard */)); \
	  test -z "$$unformatted" || { echo "gofmt -w these:" $$unformatted >&2; exit 1; }

vet:
	@for m in $(MODULES); do (cd $$m && $(GO) vet ./...) || exit 1; done

staticcheck:
	cd e2e && $(GO) build -trimpath -o ../$(BUILD)/staticcheck honnef.co/go/tools/cmd/staticcheck
	@for m in $(MODULES); do (cd $$m && "$(CURDIR)/$(BUILD)/staticcheck" ./...) || exit 1; done

tidy:
	@for m in $(MODULES); do (cd $$m && $(GO) mod tidy -diff) || exit 1; done

# The second build starts from an empty cache: nothing of the first one is reused.
reproducible: build
	rm -rf $(BUILD)/again
	GOCACHE="$(CURDIR)/$(BUILD)/again/cache" $(MAKE) --no-print-directory build BUILD=$(BUILD)/again
	@for b in $(BINARIES); do cmp $(BUILD)/$$b $(BUILD)/again/$$b || exit 1; done; echo "built twice: the same bytes"
	@rm -rf $(BUILD)/again

fuzz: ## fuzz every Fuzz function for FUZZTIME (20s) each
	@$(GO) test -list '^Fuzz' ./... \
	  | awk '/^Fuzz/ {f[++n] = $$1} /^ok/ {for (i = 1; i <= n; i++) print $$2, f[i]; n = 0}' \
	  | while read -r package fuzz; do \
	      echo "$$package $$fuzz"; \
	      $(GO) test -run '^$$' -fuzz "^$$fuzz\$$" -fuzztime $(FUZZTIME) "$$package" || exit 1; \
	    done

bench: build tools ## measure against the least possible cost and the shell way: SIZES="100 1000 3000" ROUNDS=3
	GOBIN="$(CURDIR)/$(BUILD)/bench" $(GO) install -trimpath $(CFSSL)/cfssl@$(CFSSL_VERSION) $(CFSSL)/cfssljson@$(CFSSL_VERSION)
	cd e2e && $(GO) build -trimpath -o ../$(BUILD)/bench/bench ./bench
	cd e2e && exec ../$(BUILD)/bench/bench -sizes "$(SIZES)" -rounds $(ROUNDS)

vuln: ## ask the Go vulnerability database; fails without it
	@for m in $(MODULES); do (cd $$m && $(GO) run $(GOVULNCHECK) ./...) || exit 1; done

clean: ## remove .build/
	rm -rf $(BUILD)
