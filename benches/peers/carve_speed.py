#!/usr/bin/env python3
"""Processor seconds of carving beside PhotoRec, run in turn.

    carve_speed.py CARVE IMAGE [--rounds 5] [--linear]

CARVE is the example program `carve` in release; it reports extents and the BLAKE3 of every file, on one thread. PhotoRec
7.1 (paranoid, no brute force, its usual formats) writes the files out, to memory where /dev/shm is there; it is run as a separate
process and not linked. Both are run once before anything is measured. `--linear` carves the image once, twice and four
times over as well.
"""
import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PHOTOREC = "partition_none,options,paranoid,wholespace,search"
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def processor_seconds(command: list[str], **options) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def carve(program: str, image: Path) -> float:
    return processor_seconds([program, str(image), "1"])


def photorec(image: Path) -> float:
    with tempfile.TemporaryDirectory(dir=MEMORY) as work:
        command = ["photorec", "/log", "/d", f"{work}/out", "/cmd", str(image.resolve()), PHOTOREC]
        return processor_seconds(command, cwd=work)


def row(name: str, seconds: list[float], size: int) -> float:
    median = statistics.median(seconds)
    print(f"{name:22}{median:9.3f} s{min(seconds):9.3f}{max(seconds):9.3f}{size / median / 1e6:9.0f} MB/s", flush=True)
    return median


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("carve")
    parser.add_argument("image", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--linear", action="store_true")
    arguments = parser.parse_args()
    size = arguments.image.stat().st_size
    tools = {"forensic": lambda: carve(arguments.carve, arguments.image)}
    if shutil.which("photorec"):
        tools["photorec"] = lambda: photorec(arguments.image)
    else:
        print("photorec is not installed: nothing to compare with", file=sys.stderr)
    seconds = {name: [] for name in tools}
    for measured in [False] + [True] * arguments.rounds:
        for name, run in tools.items():
            spent = run()
            if measured:
                seconds[name].append(spent)
    print(f"{'':22}{'median':>11}{'least':>9}{'most':>9}")
    medians = {name: row(name, spent, size) for name, spent in seconds.items()}
    if "photorec" in medians:
        print(f"photorec / forensic: {medians['photorec'] / medians['forensic']:.2f}")
    if arguments.linear:
        with tempfile.TemporaryDirectory(dir=MEMORY) as work:
            for times in (1, 2, 4):
                longer = Path(work) / "image"
                with open(longer, "wb") as out:
                    for _ in range(times):
                        out.write(arguments.image.read_bytes())
                row(f"forensic, {times} x", [carve(arguments.carve, longer) for _ in range(arguments.rounds)], size * times)


main()
