# `make run` and `make test` do all their own set-up. `make help` names the rest.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory --no-builtin-rules
.DEFAULT_GOAL := help

# Where cargo builds, and where the tools stand that only the checks use.
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
export TOOLS := $(TARGET)/tools
export PATH := $(PATH):$(TOOLS)/bin

# What is passed on: make run ARGS=--demo
ARGS ?=
FUZZ_SECONDS ?= 60
MINUTES ?= 10
EXAMPLES ?=

.PHONY: help run dev build release web web-install fmt lint test test-rust test-web e2e document check fmt-check licences docs advisories \
	schemathesis podcast schedule bench bench-cores bench-process bench-store bench-cdn bench-broadcasts bench-latency bench-latency-webrtc bench-signal load-hls load-webrtc load-ramp load-signal probe fuzz smoke migrate-up migrate-down deps deps-build deps-test deps-bench clean

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

## --- run

run: release ## build what is missing and go on air: make run ARGS=--demo
	@exec $(TARGET)/release/onair serve $(ARGS)

dev: deps-build web-install ## the server in the development profile, the front end by Vite beside it
	@cargo build --bin onair
	@trap 'kill $$(jobs -p)' EXIT; $(TARGET)/debug/onair serve $(ARGS) & npm --prefix web run dev

build: deps-build web ## build every crate in the development profile
	@cargo build --workspace

release: deps-build web
	@cargo build --release --bin onair

## --- the front end

# npm writes this file last, so it tells when node_modules was made.
INSTALLED := web/node_modules/.package-lock.json
WEB_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' \
	-not -path 'web/e2e/*' 2>/dev/null)

# npm copies the client in when it installs; a newer one is copied over it.
CLIENT := web/node_modules/@onair/client/package.json

web: $(if $(WEB_SOURCES),web/dist/index.html)

web-install: $(if $(WEB_SOURCES),$(INSTALLED) $(CLIENT))

$(INSTALLED): web/package-lock.json | deps-build
	@cd web && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(CLIENT): $(wildcard clients/typescript/*.*) | $(INSTALLED)
	@cp clients/typescript/*.* $(@D)/
	@touch $@

web/dist/index.html: $(INSTALLED) $(CLIENT) $(WEB_SOURCES)
	@cd web && npm run --silent build
	@touch $@

## --- test

test: test-rust test-web e2e schemathesis podcast schedule ## install what the tests need, then run every test

test-rust: deps-test web ## the tests of every crate, and the examples in their documentation
	@cargo test --workspace

test-web: web-install ## the unit tests of the front end, and of what edges run
	@cd web && npm test
	@node --test deploy/edge/edge.test.js

# The binary that the tests of the crates ran: built by itself it would be built with other features, once more.
e2e: deps-test web ## a tone goes in at the door and is found in what a real browser plays
	@cargo test --no-run --quiet --test stories --test webrtc
	@cd web && ONAIR_BIN=$(TARGET)/debug/onair npm run --silent e2e
	@scripts/second-client.sh $(TARGET)/debug/onair
	@scripts/listeners.sh $(TARGET)/debug/onair $(TARGET)/debug/onair-load

# EXAMPLES=2000 asks that many times for each operation, by chance.
schemathesis: deps-test web ## ask the API everything that its document names, and much that it does not
	@cargo test --no-run --quiet --test stories
	@scripts/schemathesis.sh $(TARGET)/debug/onair $(EXAMPLES)

podcast: deps-test web ## a host's podcast and calendars, read by other programs and held against the specifications
	@cargo test --no-run --quiet --test stories
	@scripts/podcast.sh $(TARGET)/debug/onair

schedule: deps-test web ## ten years of starts by many rules, held against dateutil
	@cargo test --no-run --quiet --test stories
	@scripts/schedule.sh $(TARGET)/debug/onair

document: web-install ## docs/openapi.json and the TypeScript client, made from the API's routes
	@UPDATE_DOCS=1 cargo test --quiet --test openapi
	@cd web && npm run --silent client

smoke: deps-test web ## start the binary, hear the demo, stop it
	@cargo build --bin onair
	@scripts/smoke.sh $(TARGET)/debug/onair

fuzz: deps-build ## every fuzz target for FUZZ_SECONDS (60)
	@scripts/tool.sh cargo-fuzz 0.13.2
	@for target in $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs))); do \
		fuzz/run.sh $$target $(FUZZ_SECONDS); \
	done

## --- check

check: fmt-check lint licences docs ## format, lint, licences, documents

fmt: web-install ## put every file into its format
	@cargo fmt --all
	@cd web && npm run --silent fmt

fmt-check: deps-build
	@cargo fmt --all --check

lint: deps-build web-install ## clippy and the front end's linter, no warning allowed
	@cargo clippy --workspace --all-targets --quiet -- -D warnings
	@cd web && npm run --silent lint

licences: deps-build ## what may come into the tree: deny.toml
	@scripts/tool.sh cargo-deny 0.20.2
	@cargo deny --log-level error check licenses bans sources

docs: deps-build ## the crates' documentation; links and test names in the documents
	@RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	@node scripts/documents.mjs
	@node scripts/rules.mjs

advisories: deps-build ## known holes in what we depend on (needs the advisory database on the network)
	@scripts/tool.sh cargo-deny 0.20.2
	@cargo deny --log-level error check advisories

## --- measure

bench: bench-cores bench-process bench-store ## every figure of docs/PERFORMANCE.md but the latency

bench-cores: deps-build ## criterion: encoders, mixer, packager
	@cargo bench --workspace --bench '*'

bench-process: deps-bench web ## the binary as a process: CPU, memory, listeners, nginx beside it
	@cargo build --release --package onair --package load
	@bench/broadcast-cpu.py
	@bench/uploads.py
	@bench/listeners.py
	@bench/webrtc.py
	@bench/api.py
	@bench/origin-vs-nginx.py

bench-broadcasts: deps-bench web ## 50 broadcasts at once, each one heard: make bench-broadcasts MINUTES=10
	@cargo build --release --package onair
	@bench/broadcasts.py --minutes $(MINUTES)

bench-signal: deps-bench web ## 10,000 people in one room: make bench-signal ARGS="--seconds 60"
	@cargo build --release --package onair --package load
	@bench/rooms.py $(ARGS)

bench-cdn: deps-bench web ## what listeners behind a cache ask the station for: make bench-cdn ARGS="--listeners 2000"
	@cargo build --release --package onair --package load
	@bench/cdn.py $(ARGS)

bench-store: deps-test ## every list of the store with 200,000 broadcasts, on both databases
	@cargo run --release --quiet --package store --example lists

bench-latency: deps-test release web-install ## mic to ear, in Chromium, step by step
	@cd web && ONAIR_BIN=$(TARGET)/release/onair npm run --silent bench:latency

bench-latency-webrtc: deps-test release web-install ## the same over WebRTC, and from voice to voice on the stage
	@cd web && ONAIR_BIN=$(TARGET)/release/onair npm run --silent bench:latency -- webrtc

load-hls: deps-build ## listeners: make load-hls ARGS="URL --listeners 500 --duration 60"
	@cargo run --release --quiet --package load --bin onair-load -- hls $(ARGS)

load-webrtc: deps-build ## listeners by WebRTC: make load-webrtc ARGS="http://HOST:PORT ID --listeners 50 --duration 300"
	@cargo run --release --quiet --package load --bin onair-load -- webrtc $(ARGS)

load-ramp: deps-build ## more and more of them: make load-ramp ARGS="http://HOST:PORT ID --steps 100,1000,5000"
	@cargo run --release --quiet --package load --bin onair-load -- ramp $(ARGS)

load-signal: deps-build ## people in a room: make load-signal ARGS="--url http://HOST:PORT --broadcast ID --connections 1000"
	@cargo run --release --quiet --package load --bin onair-load -- signal $(ARGS)

probe: deps-build ## one listener, told as JSON: make probe ARGS="http://HOST:PORT ID"
	@cargo run --release --quiet --package load --bin onair-load -- probe $(ARGS)

## --- the database

migrate-up: deps-build ## bring the database's schema up to this program
	@cargo run --quiet --bin onair -- migrate up $(ARGS)

migrate-down: deps-build ## take back the newest step of the schema, with everything kept in its tables
	@cargo run --quiet --bin onair -- migrate down $(ARGS)

## --- the machine

deps: deps-bench ## install every Debian package that any target needs

deps-build:
	@scripts/deps.sh build

deps-test:
	@scripts/deps.sh test

deps-bench:
	@scripts/deps.sh bench

clean: ## remove what was built; data/ stays
	@rm -rf $(TARGET) web/dist web/node_modules
