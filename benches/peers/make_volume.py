#!/usr/bin/env python3
"""Makes a volume of many files: make_volume.py KIND IMAGE FILES LARGEST [--flat]. The contents are the same each time.

KIND is ntfs (needs root and ntfs-3g), fat32 (mtools, dosfstools), exfat (nothing: exfat_writer.py) or ext4 (e2fsprogs). Most
files are small, as on a real disk: sizes are spread from 0 to LARGEST bytes, evenly on a logarithmic scale. They lie in folders
of 250, or with --flat all in one.
"""

import random
import subprocess
import sys
import tempfile
from pathlib import Path

import exfat_writer


def contents(count, largest, flat):
    """Folder, name and content of each file."""
    pool = random.Random(1).randbytes(1 << 20)
    chance = random.Random(2)
    for number in range(count):
        folder = "flat" if flat else f"{number // 5000:02}/{number // 250 % 20:02}"
        size = int(largest ** chance.random()) - 1
        start = chance.randrange(len(pool) - size)
        yield folder, f"file-{number:06}.bin", pool[start : start + size]


def stage(files, top):
    for folder, name, content in files:
        path = Path(top, folder)
        path.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)


def ntfs(image, files):
    run("mkntfs", "-qFf", "-c", "4096", image)
    with tempfile.TemporaryDirectory() as mount:
        run("ntfs-3g", image, mount)
        try:
            stage(files, mount)
        finally:
            run("umount", mount)


def fat32(image, files):
    run("mkfs.fat", "-F", "32", "-s", "8", image)
    with tempfile.TemporaryDirectory() as top:
        stage(files, top)
        run("mcopy", "-s", "-Q", "-i", image, *sorted(Path(top).iterdir()), "::/")


def ext4(image, files):
    with tempfile.TemporaryDirectory() as top:
        stage(files, top)
        run("mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-N", "200000", "-d", top, image)


def run(*command):
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main():
    kind, image, count, largest = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    image.parent.mkdir(parents=True, exist_ok=True)
    with open(image, "wb") as file:
        file.truncate((128 << 20) + count * (6 << 10) + count * largest // 10)
    make = {"ntfs": ntfs, "fat32": fat32, "exfat": exfat_writer.write, "ext4": ext4}[kind]
    make(image, contents(count, largest, "--flat" in sys.argv))


if __name__ == "__main__":
    main()
