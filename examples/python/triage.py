"""Triage of a disk image: `triage.py IMAGE RECORDS.jsonl [LIST…]` hashes every file, looks it up in lists of known
digests (VICS, NSRL, sums and others), writes one JSON record a stream and prints a table, the most urgent files first.

examples/rust/triage.rs and examples/c/triage.c do the same and write the same bytes.
"""

import sys

import forensic


def row(record):
    """One line of the table: what became of a file, its content, whether it is known and how, and where it was."""
    known = record.known[0]["set_name"] if record.known else "-"
    stream = f":{record.stream}" if record.stream else ""
    path = "-" if record.path is None else record.path
    if record.source == "carved":
        path = f"carved at byte {record.extents[0][1]}"
    return (
        f"{record.standing or '-':<10} {record.status or '-':<10} {record.recoverability or '-':<11} {record.size or 0:>9} {record.type or '-':<8} "
        f"{record.md5 or '-':<32} {known:<10} {path}{stream}"
    )


def main(image, output, lists):
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    known = forensic.HashSet.build(lists)
    report = forensic.triage(image, hash_sets=[known])
    report.write(output, "jsonl")

    print(f"{'STANDING':<10} {'STATUS':<10} {'RECOVERABLE':<11} {'SIZE':>9} {'TYPE':<8} {'MD5':<32} {'KNOWN':<10} PATH")
    for record in report.ranked:
        if record.kind == "file":
            print(row(record))
    for name, count in report.summary.items():
        print(f"{name}: {count}")
    for issue in report.issues:
        print(f"issue: {issue}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: triage.py IMAGE RECORDS.jsonl [LIST…]")
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
