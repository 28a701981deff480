#!/usr/bin/env python3
"""Lists a filesystem and takes the MD5 of every stream with The Sleuth Kit's Python module: list_pytsk3.py IMAGE.

The same work as examples/rust/listing.rs: alternate streams too, each with its size.
"""

import hashlib
import sys

import pytsk3

DATA = (pytsk3.TSK_FS_ATTR_TYPE_NTFS_DATA, pytsk3.TSK_FS_ATTR_TYPE_DEFAULT)


def digest(file, attribute):
    md5, at, size = hashlib.md5(), 0, attribute.info.size
    while at < size:
        block = file.read_random(at, min(1 << 20, size - at), attribute.info.type, attribute.info.id)
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
        streams = [attribute for attribute in file if attribute.info.type in DATA] if meta is not None else []
        if not streams:
            print(int(name.flags), "-", "-", below)
        for stream in streams:
            # $BadClus:$Bad spans the volume and is no content.
            is_content = stream.info.name != b"$Bad"
            label = f":{stream.info.name.decode('utf-8', 'replace')}" if stream.info.name not in (None, b"", b"$Data") else ""
            print(int(name.flags), stream.info.size, digest(file, stream) if is_content else "-", below + label)
        is_directory = meta is not None and meta.type == pytsk3.TSK_FS_META_TYPE_DIR
        if is_directory and meta.addr not in seen:
            walk(filesystem, filesystem.open_dir(inode=meta.addr), below, seen | {meta.addr})


def main():
    filesystem = pytsk3.FS_Info(pytsk3.Img_Info(sys.argv[1]))
    walk(filesystem, filesystem.open_dir(path="/"), "", frozenset({filesystem.info.root_inum}))


if __name__ == "__main__":
    main()
