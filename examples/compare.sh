#!/usr/bin/env bash
# Runs the listing, the carving and the triage in Rust, Python and C and compares what they print and write: compare.sh IMAGE LIST…
# Told by the Makefile: CC, CFLAGS, NATIVE, PY (the interpreter), TARGET (the folder with the built programs).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
image=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for program in listing carve triage; do
  # shellcheck disable=SC2086
  $CC $CFLAGS -I "$here/../forensic-c/include" -o "$work/$program-c" "$here/c/$program.c" "$TARGET/libforensic.a" $NATIVE
done
for program in listing carve; do
  "$TARGET/$program" "$image" > "$work/$program-rust.txt"
  "$PY" "$here/python/$program.py" "$image" > "$work/$program-python.txt"
  "$work/$program-c" "$image" > "$work/$program-c.txt"
done
"$TARGET/triage" "$image" "$work/records-rust.jsonl" "$@" > "$work/triage-rust.txt"
"$PY" "$here/python/triage.py" "$image" "$work/records-python.jsonl" "$@" > "$work/triage-python.txt"
"$work/triage-c" "$image" "$work/records-c.jsonl" "$@" > "$work/triage-c.txt"

cd "$work"
for other in python c; do
  cmp listing-rust.txt "listing-$other.txt"
  cmp carve-rust.txt "carve-$other.txt"
  cmp triage-rust.txt "triage-$other.txt"
  cmp records-rust.jsonl "records-$other.jsonl"
done
echo "examples: $(wc -l < listing-rust.txt) lines of listing, $(wc -l < carve-rust.txt) carved files and $(wc -l < records-rust.jsonl) records are the same in Rust, Python and C"
