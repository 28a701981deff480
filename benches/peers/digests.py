#!/usr/bin/env python3
"""Times digests beside hashdeep, OpenSSL and md5sum, interleaved in one run: digests.py [small | large | stream …] [--rounds N].

5,000 files of 40 KB, 200 of 5 MB and one stream of 1 GB, which are made on the first run and kept in build/bench, are read
from the system's cache. A row has medians of wall and processor seconds, the range of wall, GB a second, how many times
faster ours is than the peer of its group in both kinds of seconds, and the share of the memory's bandwidth: of the rate at
which one thread reads and adds up the same files. --without-avx512 builds and times a library that does not use AVX-512.
"""

import argparse
import os
import random
import statistics
import subprocess
from pathlib import Path

from run import RELEASE, ROOT, WORK, timed

THREE = "md5,sha1,sha256"
SETS = {"small": (5_000, 40_000), "large": (200, 5_000_000), "stream": (1, 1_000_000_000)}


def make(name):
    """The files of a set, made where they are absent, and in the system's cache."""
    count, size = SETS[name]
    folder = WORK / "digests" / name
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number:04}" for number in range(count)]
    chance = random.Random(7)
    for file in files:
        if not file.exists() or file.stat().st_size != size:
            with open(file, "wb") as out:
                for at in range(0, size, 1 << 20):
                    out.write(chance.randbytes(min(1 << 20, size - at)))
        with open(file, "rb") as back:
            while back.read(1 << 20):
                pass
    return files


def groups(name, ours, files):
    """Groups of programs that do the same: (what, the peer first or None, name -> command)."""

    def forensic(algorithms, threads):
        return [ours, algorithms, str(threads), *files]

    if name == "stream":
        return [
            ("beside MD5 alone on one thread", "MD5", {
                "MD5": forensic("md5", 1),
                "MD5, SHA-1, SHA-256, one thread": forensic(THREE, 1),
                "the three and BLAKE3, two threads": forensic(f"{THREE},blake3", 2),
                "openssl dgst -md5": ["openssl", "dgst", "-md5", *files],
            }),
        ]  # fmt: skip
    both = {"one thread": 1, "two threads": 2}
    found = [
        ("MD5, SHA-1, SHA-256", "hashdeep -j2", {
            "hashdeep -j2": ["hashdeep", "-j2", "-c", THREE, *files],
            "forensic, two threads": forensic(THREE, 2),
        }),
        ("MD5", "md5sum", {
            "md5sum": ["md5sum", *files],
            **{f"forensic, {threads}": forensic("md5", count) for threads, count in both.items()},
        }),
    ]  # fmt: skip
    for algorithm in ("md5", "sha1", "sha256"):
        peer = f"openssl dgst -{algorithm}"
        programs = {peer: ["openssl", "dgst", f"-{algorithm}", *files]}
        programs |= {f"forensic, {threads}": forensic(algorithm, count) for threads, count in both.items()}
        found.append((algorithm, peer, programs))
    return found


def compare(name, ours, rounds):
    files = make(name)
    size = SETS[name][0] * SETS[name][1]
    everything = [("the memory", None, {"read and add up": [ours, "read", "1", *files]}), *groups(name, ours, files)]
    seen = {}
    absent = set()
    for _ in range(rounds):
        for what, _, programs in everything:
            for program, command in programs.items():
                try:
                    seen.setdefault((what, program), []).append(timed(command))
                except FileNotFoundError:
                    absent.add((what, program))
    middle = {key: tuple(statistics.median(run[kind] for run in runs) for kind in (0, 1)) for key, runs in seen.items()}
    bandwidth = middle["the memory", "read and add up"][1]
    print(f"\n{name}: {SETS[name][0]} × {SETS[name][1]} bytes, {rounds} rounds interleaved")
    head = f"{'':<36} {'wall s':>8} {'range':>15} {'processor s':>12} {'GB/s':>6} {'× wall':>7} {'× proc':>7} {'of memory':>10}"
    for what, peer, programs in everything:
        print(f"{what:<36}{head[36:]}")
        for program in programs:
            if (what, program) in absent:
                print(f"  {program:<34} absent")
                continue
            wall, processor = middle[what, program]
            runs = [run[0] for run in seen[what, program]]
            ratios = ["", ""]
            if peer not in (None, program) and (what, peer) in middle:
                ratios = [f"{theirs / own:.2f}" for theirs, own in zip(middle[what, peer], (wall, processor))]
            print(
                f"  {program:<34} {wall:>8.3f} {min(runs):>7.3f}–{max(runs):<7.3f} {processor:>12.3f} {size / wall / 1e9:>6.2f} "
                f"{ratios[0]:>7} {ratios[1]:>7} {bandwidth / wall:>9.0%}"
            )


def build(without_avx512):
    environment = dict(os.environ)
    release = RELEASE
    if without_avx512:
        target = RELEASE.parent / "without-avx512"
        environment |= {"CARGO_TARGET_DIR": str(target), "RUSTFLAGS": "--cfg forensic_without_avx512"}
        release = target / "release"
    command = ["cargo", "build", "--release", "-q", "-p", "forensic-benches", "--bin", "digests"]
    subprocess.run(command, check=True, cwd=ROOT, env=environment)
    return release / "digests"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", nargs="*", help=", ".join(SETS))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--without-avx512", action="store_true", help="build and time a library that does not use AVX-512")
    parser.add_argument("--program", type=Path, help="a program digests that is built already")
    arguments = parser.parse_args()
    if unknown := set(arguments.what) - set(SETS):
        parser.error(f"no such set: {', '.join(sorted(unknown))}")
    ours = arguments.program or build(arguments.without_avx512)
    for name in arguments.what or SETS:
        compare(name, ours, arguments.rounds)


if __name__ == "__main__":
    main()
