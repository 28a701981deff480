# forensic: `make demo` shows what it does, `make test` checks everything, `make install PREFIX=…` installs the C library.

PYTHON ?= python3
CARGO ?= cargo
CC ?= cc
PREFIX ?= /usr/local
DESTDIR ?=

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
BUILD := $(CURDIR)/build
VENV := $(CURDIR)/.venv
PY := $(VENV)/bin/python
SAMPLE := $(BUILD)/sample/sample.E01
KNOWN := $(addprefix $(BUILD)/sample/,vics.json nsrl.db known.md5)
# What a program that links libforensic.a needs of the system, and how the examples are compiled.
NATIVE := -lpthread -ldl -lm -lgcc_s
CFLAGS := -std=c11 -Wall -Wextra -Werror -pedantic -O2

.PHONY: all demo test lint doc test-rust test-python test-examples install install-python bench kit fuzz mutate clean

all:
	$(CARGO) build --workspace --exclude forensic-py --release

# ── the demonstration ────────────────────────────────────────────────────────────────────────────────────────────────

demo: $(SAMPLE) $(VENV)/.tools
	$(CARGO) build --quiet --release -p forensic-examples -p forensic-c
	@for program in carve triage; do \
	  $(CC) $(CFLAGS) -I forensic-c/include -o $(BUILD)/$$program-c examples/c/$$program.c $(TARGET)/release/libforensic.a $(NATIVE) || exit 1; done
	$(VENV)/bin/maturin develop --quiet --release -m forensic-py/Cargo.toml
	@echo; echo "── triage of the sample evidence, in Rust ──"
	@$(TARGET)/release/triage $(SAMPLE) $(BUILD)/records-rust.jsonl $(KNOWN) > $(BUILD)/table-rust.txt
	@cat $(BUILD)/table-rust.txt
	@echo; echo "── the same in Python, and in C ──"
	$(PY) examples/python/triage.py $(SAMPLE) $(BUILD)/records-python.jsonl $(KNOWN) > $(BUILD)/table-python.txt
	$(BUILD)/triage-c $(SAMPLE) $(BUILD)/records-c.jsonl $(KNOWN) > $(BUILD)/table-c.txt
	@echo; echo "── its files found by their structure alone ──"
	@$(TARGET)/release/carve $(SAMPLE) > $(BUILD)/carved-rust.jsonl
	@cat $(BUILD)/carved-rust.jsonl
	$(PY) examples/python/carve.py $(SAMPLE) > $(BUILD)/carved-python.jsonl
	$(BUILD)/carve-c $(SAMPLE) > $(BUILD)/carved-c.jsonl
	@cd $(BUILD) && for other in python c; do \
	  cmp records-rust.jsonl records-$$other.jsonl && cmp table-rust.txt table-$$other.txt && cmp carved-rust.jsonl carved-$$other.jsonl || exit 1; done
	@echo "Rust, Python and C wrote the same records, table and carved files, byte for byte."

$(SAMPLE): $(wildcard examples/sample/*.py examples/sample/volumes/*)
	$(PYTHON) examples/sample/build.py $(BUILD)/sample

# Python packages to build and test with, in the tree.
$(VENV)/.tools: forensic-py/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check "maturin>=1.9.4,<2" pytest pillow numpy mypy
	touch $@

# ── the tests ────────────────────────────────────────────────────────────────────────────────────────────────────────

test: lint test-rust doc test-python test-examples
	@echo "make test: everything passed"

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --quiet -- -D warnings

# The C programs and the freshness of the C header are tests of forensic-c.
test-rust:
	$(CARGO) test --workspace --exclude forensic-py --quiet

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet

test-python: $(VENV)/.tools
	$(VENV)/bin/maturin develop --quiet -m forensic-py/Cargo.toml
	$(PY) -m pytest --quiet forensic-py

# The examples in Rust, Python and C print and write the same bytes.
test-examples: $(SAMPLE) $(VENV)/.tools
	$(CARGO) build --quiet -p forensic-examples -p forensic-c
	$(VENV)/bin/maturin develop --quiet -m forensic-py/Cargo.toml
	CC="$(CC)" CFLAGS="$(CFLAGS)" NATIVE="$(NATIVE)" PY="$(PY)" TARGET="$(TARGET)/debug" examples/compare.sh $(SAMPLE) $(KNOWN)

bench:
	$(CARGO) bench -p forensic-benches

# Recall and truthfulness beside The Sleuth Kit and Dissect on images whose truth is known; KIT are folders of such images.
KIT ?=
kit: $(VENV)/.tools
	$(CARGO) build --quiet --release -p forensic-examples
	$(VENV)/bin/pip install --quiet --disable-pip-version-check pytsk3 dissect || echo "some peers could not be installed"
	CARGO_TARGET_DIR=$(TARGET) $(PY) benches/peers/kit.py $(KIT)

# Each parser family for ten minutes; needs `cargo install cargo-fuzz` and a nightly toolchain.
fuzz:
	cd forensic-core && for target in evidence volume ntfs fat exfat xfs btrfs ext hfsplus apfs iso9660 udf squashfs f2fs lists lists_json lists_text lists_sqlite lists_binary known_set hash_index pictures carve_jpeg carve_pictures carve_documents carve_databases carve_isobmff carve_video carve_fragments; do \
	  $(CARGO) +nightly fuzz run $$target -- -max_total_time=600 -max_len=2097152 || exit 1; done

# Two thousand damaged copies of each image, read whole and compared with `fls`: make mutate IMAGES="a.img b.img".
mutate:
	cd forensic-core/fuzz/mutate && $(CARGO) run --release -- --results $(BUILD)/mutate $(abspath $(IMAGES))

# ── installation ─────────────────────────────────────────────────────────────────────────────────────────────────────

install:
	$(CARGO) build --release -p forensic-c
	install -d $(DESTDIR)$(PREFIX)/include $(DESTDIR)$(PREFIX)/lib/pkgconfig
	install -m 644 forensic-c/include/forensic.h $(DESTDIR)$(PREFIX)/include/
	install -m 644 $(TARGET)/release/libforensic.a $(DESTDIR)$(PREFIX)/lib/
	install -m 755 $(TARGET)/release/libforensic.so $(DESTDIR)$(PREFIX)/lib/libforensic.so.$(VERSION)
	ln -sf libforensic.so.$(VERSION) $(DESTDIR)$(PREFIX)/lib/libforensic.so.0
	ln -sf libforensic.so.0 $(DESTDIR)$(PREFIX)/lib/libforensic.so
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' forensic-c/forensic.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/forensic.pc

install-python:
	$(PYTHON) -m pip install ./forensic-py

clean:
	rm -rf $(BUILD) $(VENV)
	$(CARGO) clean
