"""Lists every file of a disk image, live and deleted, with its MD5: `listing.py IMAGE`.

examples/rust/listing.rs and examples/c/listing.c print the same bytes.
"""

import sys

import forensic


def md5(entry, stream):
    """The MD5 of a stream; "-" where its content cannot be read in full."""
    try:
        with entry.open(stream.name) as content:
            return forensic.hash(content, ["md5"]).md5
    except (forensic.ForensicError, OSError, LookupError):
        return "-"


def main(image):
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    with forensic.open(image) as evidence:
        for filesystem in evidence.filesystems():
            print(f"# {filesystem.kind} at byte {filesystem.offset}")
            for entry in filesystem.walk():
                state = f"{entry.status:<9} {entry.recoverability or '-':<11} {entry.kind:<9}"
                if not entry.streams:
                    print(f"{state} {'-':>12} {'-':<32} {entry.path}")
                for stream in entry.streams:
                    colon = ":" if stream.name else ""
                    print(f"{state} {stream.size:>12} {md5(entry, stream):<32} {entry.path}{colon}{stream.name}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: listing.py IMAGE")
    main(sys.argv[1])
