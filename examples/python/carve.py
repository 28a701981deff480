"""Carves an image: `carve.py IMAGE` prints one line of JSON a file found, in order of offset, with its BLAKE3.

examples/rust/carve.rs and examples/c/carve.c print the same bytes.
"""

import json
import sys

import forensic


def blake3(file):
    """The digest of a file's content; None where it cannot be read in full."""
    try:
        return forensic.hash(file, ["blake3"]).blake3
    except (forensic.ForensicError, OSError):
        return None


def main(image):
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    with forensic.open(image) as evidence:
        found = forensic.carve(evidence)
        for file in found:
            line = {
                "type": file.type,
                "size": file.size,
                "status": file.status,
                "confidence": file.confidence,
                "damaged_at": file.damaged_at,
                "extents": [[extent.offset, extent.length] for extent in file.extents],
                "children": len(file.children),
                "blake3": blake3(file),
            }
            print(json.dumps(line))
        for issue in found.issues:
            print(issue, file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: carve.py IMAGE")
    main(sys.argv[1])
