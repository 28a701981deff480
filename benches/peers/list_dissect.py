#!/usr/bin/env python3
"""Lists a filesystem and takes the MD5 of every file with Dissect: list_dissect.py IMAGE. The same work as list_pytsk3.py."""

import hashlib
import sys

from dissect.target import filesystem


def md5(node):
    digest = hashlib.md5()
    try:
        with node.open() as content:
            while block := content.read(1 << 20):
                digest.update(block)
    except (OSError, EOFError, ValueError):
        return "-"  # $Extend and its like have no main stream
    return digest.hexdigest()


def walk(folder, path):
    for entry in folder.scandir():
        below = f"{path}/{entry.name}"
        node = entry.get() if hasattr(entry, "get") else entry
        if node.is_symlink():
            print("link", below)
        elif node.is_dir():
            print("folder", below)
            walk(node, below)
        else:
            print(md5(node), below)


def main():
    with open(sys.argv[1], "rb") as file:
        walk(filesystem.open(file).get("/"), "")


if __name__ == "__main__":
    main()
