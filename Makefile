# Goals for people. `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help deps build check fmt clippy deny test demo vm vm-programs bench package package-test fuzz-smoke clean

# A demo without RECORD runs on the built-in simulator; KEEP=1 leaves it running.
RECORD ?=
KEEP ?=
# The release that packages are for.
TARGET ?= debian-13
# The one benchmark to run; all without it.
ONLY ?=
# Debian 12 as well, in `make vm`.
ALL ?=
# Seconds each fuzz target runs in `make fuzz-smoke`.
FUZZ_SECONDS ?= 30

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## */\1\t/p' $(MAKEFILE_LIST) | expand -t 14

deps: ## install what the tests need (Debian packages, pinned cargo tools)
	.ci/deps test

build: ## build every program, debug
	.ci/deps build
	cargo build --locked --workspace --bins

check: fmt clippy deny ## format, lints, licences and dependency fences

fmt:
	cargo fmt --all --check

clippy:
	cargo clippy --locked --workspace --all-targets -- -D warnings

# The advisory database is not consulted: a build must not depend on today's network.
deny:
	cargo fetch --locked --quiet
	cargo deny --offline check --hide-inclusion-graph licenses bans sources

# cordon-weaken can switch a layer off, to show that it is this layer that refuses
# an attack; only the tests use it.
test: deps check ## install, check, build and run every test (root: the compartments are real)
	cargo build --locked -p cordon-launcher --features weaken
	cp target/debug/cordon target/debug/cordon-weaken
	cargo build --locked --workspace --bins
	cargo test --locked --workspace --doc --quiet
	-policygen/tests/debian.sh >/dev/null # where it fails, the test that needs it says so
	cargo nextest run --locked --workspace $(if $(CI),--profile ci)

# What is put into the images of virtual machines beside the packages.
vm-programs:
	.ci/deps test
	cargo build --locked -p cordon-launcher --features weaken
	cp target/debug/cordon target/debug/cordon-weaken
	cargo build --locked --workspace --bins

vm: vm-programs ## the virtual machines; ALL=1 with Debian 12, ONLY=scenario, KEEP=1 stays up
	$(if $(ALL),CORDON_VM_ALL=1) cargo nextest run --locked -p cordon-tests --no-capture \
	  -E '(binary(micro_vm) | binary(whole_os)) $(if $(ALL),,- test(debian_12))'

demo: ## the story in one command; RECORD=path replays a recording, KEEP=1 stays up
	.ci/deps demo
	cargo build --locked --workspace --bins
	target/debug/cordon-demo $(if $(RECORD),--record '$(RECORD)') $(if $(KEEP),--keep)

package: ## Debian packages in target/package; TARGET=debian-13 (default) or debian-12
	.ci/deps package
	packaging/package.sh $(TARGET)

package-test: package ## make packages, install them into an image's tree and purge them (root)
	packaging/try-install.sh $(if $(filter debian-12,$(TARGET)),bookworm,trixie) \
	  target/package/cordon*~deb$(subst debian-,,$(TARGET))_*.deb

# The programs that benchmarks start, or put into an image, are built first.
bench: $(if $(filter-out boot,$(ONLY)),,vm-programs) ## run every benchmark, or ONLY=NAME; tables in target/bench/NAME.json
	cargo build --locked --release --quiet -p cordon-launcher
	for name in $(if $(ONLY),$(ONLY),$(basename $(notdir $(wildcard tests/bench/src/bin/*.rs)))); do \
	  cargo run --locked --release --quiet -p cordon-bench --features peers --bin $$name; \
	done

fuzz-smoke: ## run each fuzz target for FUZZ_SECONDS
	command -v cargo-fuzz >/dev/null || CARGO_PROFILE_RELEASE_OPT_LEVEL=0 cargo install --locked cargo-fuzz@0.13.2
	for crate in manifest channel; do \
	  for target in $$(cd $$crate && RUSTC_BOOTSTRAP=1 cargo fuzz list); do \
	    (cd $$crate && mkdir -p fuzz/corpus/$$target fuzz/seeds/$$target && \
	      RUSTC_BOOTSTRAP=1 cargo fuzz run $$target fuzz/corpus/$$target fuzz/seeds/$$target -- \
	        -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=2048); \
	  done; \
	done

clean: ## remove everything built
	cargo clean
