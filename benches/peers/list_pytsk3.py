#!/usr/bin/env python3
"""Lists a filesystem and takes the MD5 of every file with The Sleuth Kit's Python module: list_pytsk3.py IMAGE."""

import hashlib
import sys

import pytsk3


def digest(file):
    md5, at, size = hashlib.md5(), 0, file.info.meta.size
    while at < size:
        block = file.read_random(at, min(1 << 20, size - at))
        if not block:
            return "-"
        md5.update(block)
        at += len(block)
    return md5.hexdigest()


def walk(filesystem, directory, path, seen):
    for file in directory:
        name, meta = file.info.name, file.info.meta
        if name.name in (b".", b".."):
            continue
        below = f"{path}/{name.name.decode('utf-8', 'replace')}"
        is_file = meta is not None and meta.type == pytsk3.TSK_FS_META_TYPE_REG
        print(int(name.flags), meta.size if meta else "-", digest(file) if is_file else "-", below)
        is_directory = meta is not None and meta.type == pytsk3.TSK_FS_META_TYPE_DIR
        if is_directory and meta.addr not in seen:
            walk(filesystem, filesystem.open_dir(inode=meta.addr), below, seen | {meta.addr})


def main():
    filesystem = pytsk3.FS_Info(pytsk3.Img_Info(sys.argv[1]))
    walk(filesystem, filesystem.open_dir(path="/"), "", frozenset({filesystem.info.root_inum}))


if __name__ == "__main__":
    main()
