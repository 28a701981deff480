#!/usr/bin/env python3
"""JPEG decoding beside Pillow and zune-jpeg.

    jpeg.py time PROGRAM PHOTOGRAPHS FOLDER [ROUNDS]   photographs made 4 megapixels large, kept in FOLDER, decoded in turn
    jpeg.py pixels PROGRAM FILE...                     differences from Pillow's pixels, and of scaled pictures from means of squares

PROGRAM is `jpeg` of `cargo build --release -p forensic-benches --bin jpeg`. Needs Pillow and NumPy.
"""
import io
import statistics
import struct
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy
from PIL import Image

WIDTH, HEIGHT = 2464, 1632
ROUNDS = 20
KINDS = [(75, "4:2:0", False), (85, "4:2:0", False), (95, "4:2:0", False), (85, "4:4:4", False), (95, "4:4:4", False), (85, "4:2:0", True)]


def large(photographs: Path, folder: Path) -> list[Path]:
    """The photographs with the most bytes, a kind of coding after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    sources = sorted((p for p in photographs.iterdir() if p.suffix in (".jpg", ".png")), key=lambda p: (-p.stat().st_size, p.name))
    files = []
    for number, source in enumerate(sources[:6]):
        picture = Image.open(source).convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
        # What is enlarged is too smooth for a photograph: grain as of a sensor.
        grain = numpy.random.default_rng(number).normal(0, 3, (HEIGHT, WIDTH, 1))
        picture = Image.fromarray((numpy.asarray(picture) + grain).clip(0, 255).astype("uint8"))
        for quality, sampling, progressive in KINDS:
            file = folder / f"{number}-q{quality}-{sampling.replace(':', '')}{'-progressive' if progressive else ''}.jpg"
            if not file.exists():
                picture.save(file, quality=quality, subsampling=sampling, progressive=progressive)
            files.append(file)
    return files


def pillow(data: bytes) -> float:
    start = time.process_time()
    for _ in range(ROUNDS):
        Image.open(io.BytesIO(data)).load()
    return (time.process_time() - start) * 1e3 / ROUNDS


def timed(program: str, files: list[Path], rounds: int) -> None:
    times = defaultdict(list)
    for _ in range(rounds):
        for file in files:
            times[str(file), "Pillow rgb"].append(pillow(file.read_bytes()))
            lines = subprocess.run([program, "time", str(file)], capture_output=True, check=True, text=True).stdout
            for line in lines.splitlines():
                name, way, milliseconds = line.split("\t")
                times[name, way].append(float(milliseconds))
    ways = list(dict.fromkeys(way for _, way in times))
    print("median ms of the processor, over", len(files) // len(KINDS), "photographs and", rounds, "rounds")
    print("kind".ljust(24), *(way.rjust(14) for way in ways), "  luma: zune/it", "luma/8: zune/it", "luma/8: it/Pillow")
    for quality, sampling, progressive in KINDS:
        kind = f"-q{quality}-{sampling.replace(':', '')}{'-progressive' if progressive else ''}.jpg"
        of = {way: statistics.median(statistics.median(times[str(f), way]) for f in files if f.name.endswith(kind)) for way in ways}
        ratios = of["zune-jpeg rgb"] / of["luma"], of["zune-jpeg rgb"] / of["luma/8"], of["luma/8"] / of["Pillow rgb"]
        print(kind[1:-4].ljust(24), *(f"{of[way]:14.2f}" for way in ways), *(f"{ratio:15.2f}" for ratio in ratios))


def ours(program: str, scale: int, channels: str, file: str) -> numpy.ndarray | None:
    out = subprocess.run([program, "pixels", str(scale), channels, file], capture_output=True, check=True).stdout
    width, height, count = struct.unpack("<III", out[:12])
    return numpy.frombuffer(out[12:], "uint8").reshape(height, width, count) if width else None


def compared(program: str, files: list[str]) -> None:
    equal, refused = 0, 0
    scaled = defaultdict(list)
    for file in files:
        picture = Image.open(file)
        try:
            rgb = numpy.asarray(picture.convert("RGB"))
        except OSError as error:
            print(file, "Pillow:", error)
            continue
        luma = Image.open(file)
        luma.draft("L", luma.size)
        own = luma.mode == "L"
        luma = numpy.asarray(luma if own else Image.fromarray(rgb).convert("L"))
        for channels, theirs in [("rgb", rgb), ("luma", luma[:, :, None])]:
            full = ours(program, 1, channels, file)
            if full is None:
                refused += 1
                print(file, "refused")
                continue
            if full.shape == theirs.shape and (full == theirs).all():
                equal += 1
            else:
                off = numpy.abs(full.astype(int) - theirs) if full.shape == theirs.shape else None
                print(file, picture.mode, channels, "differs:", full.shape if off is None else (off.max(), off.mean(), (off > 0).mean()))
            for scale in (2, 4, 8):
                small = ours(program, scale, channels, file)
                high, wide = full.shape[0] // scale, full.shape[1] // scale
                if not high or not wide:
                    continue
                means = full[: high * scale, : wide * scale].reshape(high, scale, wide, scale, -1).mean((1, 3))
                off = numpy.abs(small[:high, :wide] - means)
                scaled[channels, scale].append((off.mean(), off.max()))
    print(equal, "of", 2 * len(files), "equal,", refused, "refused")
    for (channels, scale), list_ in sorted(scaled.items()):
        print(f"{channels} 1/{scale}: from the means of squares, mean {numpy.mean([m for m, _ in list_]):.3f}, most {max(m for _, m in list_):.1f}")


if sys.argv[1] == "time":
    program, photographs, folder = sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4])
    timed(program, large(photographs, folder), int(sys.argv[5]) if len(sys.argv) > 5 else 5)
else:
    compared(sys.argv[2], sys.argv[3:])
