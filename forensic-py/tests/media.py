"""Small media built byte by byte: a FAT16 volume (Microsoft, FAT specification 1.03), bare or in a GPT (UEFI 2.10, 5.3)."""

import io
import struct
import uuid
import zipfile
import zlib

from PIL import Image

SECTOR = 512
CLUSTERS = 5000
FAT_SECTORS = 20
ROOT_ENTRIES = 64
FIRST_DATA_SECTOR = 1 + FAT_SECTORS + ROOT_ENTRIES * 32 // SECTOR
# 2024-02-29 12:34:56, in local time as FAT stores it.
DATE, TIME = (2024 - 1980) << 9 | 2 << 5 | 29, 12 << 11 | 34 << 5 | 56 // 2


def picture() -> Image.Image:
    image = Image.new("RGB", (64, 48))
    image.putdata([(x * 4, y * 5, (x * y) % 256) for y in range(48) for x in range(64)])
    return image


def encoded(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("inside.txt", "packed evidence\n" * 500)
    return out.getvalue()


FILES = {
    "HELLO.TXT": b"hello, evidence\n",
    "LARGE.BIN": bytes(range(256)) * 64,
    "PICTURE.PNG": encoded(picture()),
    "COPY.PNG": encoded(picture()),
    "ARCHIVE.ZIP": archive(),
}
DELETED = ("GONE.TXT", b"was here before\n" * 100)


def fat16() -> bytes:
    """A volume with FILES, a deleted file after them, and an empty rest."""
    reserved = struct.pack(
        "<3s8sHBHBHHBHHHIIBBBI11s8s", b"\xeb\x3c\x90", b"STORY   ", SECTOR, 1, 1, 1, ROOT_ENTRIES,
        FIRST_DATA_SECTOR + CLUSTERS, 0xF8, FAT_SECTORS, 32, 2, 0, 0, 0x80, 0, 0x29, 0x1234ABCD, b"STORY      ", b"FAT16   ",
    )
    boot = reserved.ljust(510, b"\0") + b"\x55\xaa"
    table = [0xFFF8, 0xFFFF]
    directory, data = b"", b""
    for name, content in [*FILES.items(), DELETED]:
        first, count = len(table), -(-len(content) // SECTOR)
        is_deleted = (name, content) == DELETED
        chain = [0] * count if is_deleted else [*range(first + 1, first + count), 0xFFFF]
        table += chain
        data += content.ljust(count * SECTOR, b"\0")
        stem, _, extension = name.partition(".")
        short = f"{stem:<8}{extension:<3}".encode()
        directory += struct.pack(
            "<11sBBBHHHHHHHI", b"\xe5" + short[1:] if is_deleted else short, 0x20, 0, 0, TIME, DATE, DATE, 0, TIME, DATE,
            first, len(content),
        )
    fat = b"".join(struct.pack("<H", entry) for entry in table).ljust(FAT_SECTORS * SECTOR, b"\0")
    root = directory.ljust(ROOT_ENTRIES * 32, b"\0")
    return (boot + fat + root + data).ljust((FIRST_DATA_SECTOR + CLUSTERS) * SECTOR, b"\0")


def gpt(volume: bytes, first: int = 2048) -> bytes:
    """A medium with one partition that holds `volume`."""
    last = first + len(volume) // SECTOR - 1
    sectors = last + 34
    kind = uuid.UUID("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7").bytes_le
    entry = kind + uuid.UUID(int=7).bytes_le + struct.pack("<QQQ", first, last, 0) + "pictures".encode("utf-16-le").ljust(72, b"\0")
    entries = entry.ljust(128 * 128, b"\0")

    def header(here: int, other: int, table: int) -> bytes:
        fields = [b"EFI PART", 0x10000, 92, 0, 0, here, other, 34, sectors - 34, uuid.UUID(int=9).bytes_le, table, 128, 128, zlib.crc32(entries)]
        layout = "<8sIIIIQQQQ16sQIII"
        fields[3] = zlib.crc32(struct.pack(layout, *fields))
        return struct.pack(layout, *fields).ljust(SECTOR, b"\0")

    protective = bytes(446) + struct.pack("<B3sB3sII", 0, b"\0\2\0", 0xEE, b"\xff" * 3, 1, sectors - 1)
    head = protective.ljust(510, b"\0") + b"\x55\xaa" + header(1, sectors - 1, 2) + entries
    return head.ljust(first * SECTOR, b"\0") + volume + entries + header(sectors - 1, 1, sectors - 33)
