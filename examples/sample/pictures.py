#!/usr/bin/env python3
"""Draws the pictures of the sample evidence: pictures.py FOLDER. Standard library only; the same bytes each time."""

import struct
import sys
import zlib
from pathlib import Path


def png(width, height, pixel):
    """A PNG whose pixels are pixel(x, y) -> (red, green, blue)."""
    rows = b"".join(b"\0" + b"".join(bytes(pixel(x, y)) for x in range(width)) for y in range(height))

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def landscape(seed, width=160, height=120):
    """Hills under a sky with a sun, its place and colours from the seed."""
    sun_x, sun_y = seed * 37 % width, 20 + seed * 13 % 30

    def pixel(x, y):
        hill = 70 + (x * (seed % 5 + 1) // 7 + seed * 11) % 40 - (x * x // 200) % 25
        if y > hill:
            return (40 + seed * 7 % 60, 90 + (y * 3 + x) % 50, 40 + (x ^ y) % 9)
        if (x - sun_x) ** 2 + (y - sun_y) ** 2 < 150:
            return (255, 220, 90)
        return (90 + y, 130 + y // 2 + seed * 5 % 40, 255 - y)

    return png(width, height, pixel)


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(1, 17):
        (folder / f"IMG_{seed:04}.PNG").write_bytes(landscape(seed))


if __name__ == "__main__":
    main()
