# forensic: `make demo` shows what it does, `make test` checks everything, `make install PREFIX=…` installs the C library.

PYTHON ?= python3
CARGO ?= cargo
CC ?= cc
PREFIX ?= /usr/local
DESTDIR ?=

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
RELEASE := $(TARGET)/release
BUILD := $(CURDIR)/build
VENV := $(CURDIR)/.venv
PY := $(VENV)/bin/python
# What a program that links libforensic.a needs of the system.
NATIVE := -lpthread -ldl -lm

.PHONY: all demo test test-rust test-python test-c test-examples lint doc install bench fuzz clean

all:
	$(CARGO) build --workspace --release

# ── the demonstration ────────────────────────────────────────────────────────────────────────────────────────────────

demo: $(BUILD)/sample/sample.E01 $(VENV)/.installed $(BUILD)/triage-c
	$(CARGO) build --quiet --release -p forensic-examples
	@echo; echo "── triage of the sample evidence, in Rust ──"
	$(RELEASE)/triage $(BUILD)/sample/sample.E01 $(BUILD)/records-rust.jsonl $(BUILD)/sample/known.md5 | tee $(BUILD)/table-rust.txt
	@echo; echo "── the same in Python, and in C ──"
	$(PY) examples/python/triage.py $(BUILD)/sample/sample.E01 $(BUILD)/records-python.jsonl $(BUILD)/sample/known.md5 > $(BUILD)/table-python.txt
	$(BUILD)/triage-c $(BUILD)/sample/sample.E01 $(BUILD)/records-c.jsonl $(BUILD)/sample/known.md5 > $(BUILD)/table-c.txt
	cmp $(BUILD)/records-rust.jsonl $(BUILD)/records-python.jsonl
	cmp $(BUILD)/records-rust.jsonl $(BUILD)/records-c.jsonl
	cmp $(BUILD)/table-rust.txt $(BUILD)/table-python.txt
	cmp $(BUILD)/table-rust.txt $(BUILD)/table-c.txt
	@echo "Rust, Python and C wrote the same records and the same table, byte for byte."

$(BUILD)/sample/sample.E01: $(wildcard examples/sample/*.py examples/sample/volumes/*)
	$(PYTHON) examples/sample/build.py $(BUILD)/sample

$(BUILD)/%-c: examples/c/%.c forensic-c/include/forensic.h $(RELEASE)/libforensic.a
	@mkdir -p $(BUILD)
	$(CC) -std=c11 -Wall -Wextra -Werror -O2 -I forensic-c/include -o $@ $< $(RELEASE)/libforensic.a $(NATIVE)

.PHONY: $(RELEASE)/libforensic.a
$(RELEASE)/libforensic.a:
	$(CARGO) build --quiet --release -p forensic-c

# ── the tests ────────────────────────────────────────────────────────────────────────────────────────────────────────

test: lint test-rust test-c doc test-python test-examples
	@echo "make test: everything passed"

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet

# The C programs are tests of forensic-c; the header is checked there too.
test-rust test-c:
	$(CARGO) test --workspace --quiet --exclude $(if $(filter test-c,$@),forensic-core,forensic-c) $(if $(filter test-c,$@),-p forensic-c)

# ── installation ─────────────────────────────────────────────────────────────────────────────────────────────────────

clean:
	rm -rf $(BUILD) $(VENV)
	$(CARGO) clean
