#!/usr/bin/env bash
# Runs the listing and the triage in Rust, Python and C and compares what they print and write: compare.sh IMAGE LIST.
# Told by the Makefile: CC, CFLAGS, NATIVE, PY (the interpreter), TARGET (the folder with the built programs).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
image=$1 known=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for program in listing triage; do
  # shellcheck disable=SC2086
  $CC $CFLAGS -I "$here/../forensic-c/include" -o "$work/$program-c" "$here/c/$program.c" "$TARGET/libforensic.a" $NATIVE
done
"$TARGET/listing" "$image" > "$work/listing-rust.txt"
"$PY" "$here/python/listing.py" "$image" > "$work/listing-python.txt"
"$work/listing-c" "$image" > "$work/listing-c.txt"
"$TARGET/triage" "$image" "$work/records-rust.jsonl" "$known" > "$work/triage-rust.txt"
"$PY" "$here/python/triage.py" "$image" "$work/records-python.jsonl" "$known" > "$work/triage-python.txt"
"$work/triage-c" "$image" "$work/records-c.jsonl" "$known" > "$work/triage-c.txt"

cd "$work"
for other in python c; do
  cmp listing-rust.txt "listing-$other.txt"
  cmp triage-rust.txt "triage-$other.txt"
  cmp records-rust.jsonl "records-$other.jsonl"
done
echo "examples: $(wc -l < listing-rust.txt) lines of listing and $(wc -l < records-rust.jsonl) records are the same in Rust, Python and C"
