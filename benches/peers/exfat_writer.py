"""Writes an exFAT volume without a driver: every file is contiguous, as a card formatted once and filled has it.

Written from Microsoft's "exFAT file system specification" (sections 3 to 7).
"""

import struct

SECTOR, CLUSTER = 512, 4096
FAT_OFFSET, HEAP_ALIGN = 128, 256  # sectors
DIRECTORY, ARCHIVE = 0x10, 0x20
MADE = (44 << 9 | 5 << 5 | 17) << 16 | 12 << 11 | 30 << 5  # 2024-05-17 12:30:00


def checksum(data, skip=(), width=32):
    """The rotating sum of sections 3.4, 6.3.3 and 7.2.2."""
    mask, total = (1 << width) - 1, 0
    for place, byte in enumerate(data):
        if place not in skip:
            total = (((total & 1) << (width - 1)) | (total >> 1)) + byte & mask
    return total


def up(text):
    return text.upper()  # names are ASCII here


def entry_set(name, attributes, cluster, size):
    units = name.encode("utf-16-le")
    names = [units[at : at + 30].ljust(30, b"\0") for at in range(0, len(units), 30)]
    file = bytearray(struct.pack("<BBHHH", 0x85, 1 + len(names), 0, attributes, 0))
    file += struct.pack("<IIIBBBBB", MADE, MADE, MADE, 0, 0, 0x80, 0x80, 0x80).ljust(24, b"\0")
    flags = 1 if cluster == 0 else 3
    digest = checksum(up(name).encode("utf-16-le"), width=16)
    stream = struct.pack("<BBBBHHQIIQ", 0xC0, flags, 0, len(name), digest, 0, size, 0, cluster, size)
    whole = file + stream + b"".join(b"\xc1\0" + part for part in names)
    whole[2:4] = struct.pack("<H", checksum(whole, skip=(2, 3), width=16))
    return bytes(whole)


class Volume:
    def __init__(self, file, size):
        self.file = file
        self.sectors = size // SECTOR
        self.fat_sectors = -(-(size // CLUSTER + 2) * 4 // SECTOR)
        self.heap = -(-(FAT_OFFSET + self.fat_sectors) // HEAP_ALIGN) * HEAP_ALIGN
        self.clusters = (self.sectors - self.heap) * SECTOR // CLUSTER
        self.next = 2

    def put(self, data):
        """Appends clusters; gives the first of them, 0 for no data."""
        if not data:
            return 0
        first = self.next
        self.file.seek(self.heap * SECTOR + (first - 2) * CLUSTER)
        self.file.write(data)
        self.next += -(-len(data) // CLUSTER)
        if self.next - 2 > self.clusters:
            raise ValueError("the volume is full")
        return first

    def directory(self, sets):
        data = b"".join(sets)
        data += bytes(-len(data) % CLUSTER or CLUSTER)
        return self.put(data), len(data)

    def chain(self, first, count):
        """The FAT entries of a chain: only the bitmap, the table of upper case and the root need one here."""
        self.file.seek(FAT_OFFSET * SECTOR + first * 4)
        self.file.write(b"".join(struct.pack("<I", first + n + 1) for n in range(count - 1)) + b"\xff\xff\xff\xff")


def write(image, files):
    size = image.stat().st_size
    with open(image, "r+b") as file:
        volume = Volume(file, size)
        bitmap = volume.put(bytes(-(-volume.clusters // 8)))
        bitmap_clusters = volume.next - bitmap
        # Identity but for a-z (section 7.2.5: compressed form, a run of identities is FFFFh and its length).
        table = struct.pack("<HH", 0xFFFF, 0x61) + b"".join(struct.pack("<H", unit) for unit in range(0x41, 0x5B))
        table += struct.pack("<HH", 0xFFFF, 0x10000 - 0x7B)
        upcase = volume.put(table)
        tree = {}
        for folder, name, content in files:
            tree.setdefault(folder, []).append(entry_set(name, ARCHIVE, volume.put(content), len(content)))
        for folder in sorted(tree, key=lambda folder: -folder.count("/")):
            while folder:
                above, _, name = folder.rpartition("/")
                if folder in tree:
                    tree.setdefault(above, []).append(entry_set(name, DIRECTORY, *volume.directory(tree.pop(folder))))
                if above in tree and any(other.startswith(above + "/") for other in tree):
                    break
                folder = above
        digest = checksum(table)
        heads = [
            b"\x83\x05" + "BENCH".encode("utf-16-le").ljust(30, b"\0"),
            struct.pack("<BB18xIQ", 0x81, 0, bitmap, -(-volume.clusters // 8)),
            struct.pack("<B3xI12xIQ", 0x82, digest, upcase, len(table)),
        ]
        root, length = volume.directory(heads + tree.pop(""))
        used = volume.next - 2
        file.seek(volume.heap * SECTOR)
        file.write(b"\xff" * (used // 8) + bytes([(1 << used % 8) - 1]))
        file.seek(FAT_OFFSET * SECTOR)
        file.write(b"\xf8\xff\xff\xff\xff\xff\xff\xff")
        volume.chain(bitmap, bitmap_clusters)
        volume.chain(upcase, 1)
        volume.chain(root, length // CLUSTER)
        boot = bytearray(SECTOR * 11)
        head = struct.pack("<3s8s53xQQIIIIIIHHBBBBB", b"\xeb\x76\x90", b"EXFAT   ", 0, volume.sectors, FAT_OFFSET,
                           volume.fat_sectors, volume.heap, volume.clusters, root, 0x20240517, 0x100, 0, 9, 3, 1, 0x80, 0xFF)
        boot[: len(head)] = head
        for sector in range(9):
            boot[sector * SECTOR + 510 : sector * SECTOR + 512] = b"\x55\xaa"
        boot += struct.pack("<I", checksum(boot, skip=(106, 107, 112))) * (SECTOR // 4)
        for place in (0, 12):
            file.seek(place * SECTOR)
            file.write(boot)
