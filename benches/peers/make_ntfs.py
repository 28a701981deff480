#!/usr/bin/env python3
"""Makes an NTFS image of many files: make_ntfs.py IMAGE FILES LARGEST. Needs root and ntfs-3g; the contents are the same each time.

Most files are small, as on a real disk: sizes are spread from 0 to LARGEST bytes, evenly on a logarithmic scale.
"""

import random
import subprocess
import sys
import tempfile
from pathlib import Path


def main():
    image, count, largest = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    image.parent.mkdir(parents=True, exist_ok=True)
    with open(image, "wb") as file:
        file.truncate((64 << 20) + count * (24 << 10))
    subprocess.run(["mkntfs", "-qFf", "-c", "4096", image], check=True, stderr=subprocess.DEVNULL)
    pool = random.Random(1).randbytes(1 << 20)
    with tempfile.TemporaryDirectory() as mount:
        subprocess.run(["ntfs-3g", image, mount], check=True)
        try:
            chance = random.Random(2)
            for number in range(count):
                folder = Path(mount, f"{number // 5000:02}", f"{number // 250 % 20:02}")
                if number % 250 == 0:
                    folder.mkdir(parents=True, exist_ok=True)
                size = int(largest ** chance.random()) - 1
                start = chance.randrange(len(pool) - size)
                (folder / f"file-{number:06}.bin").write_bytes(pool[start : start + size])
        finally:
            subprocess.run(["umount", mount], check=True)


if __name__ == "__main__":
    main()
