#!/usr/bin/env python3
"""Times this library beside its peers, interleaved in one run: run.py ntfs | e01 [--rounds N].

Prints wall and processor seconds of each program (median, and the range of wall) and the ratio to each peer. The images are
made on the first run and kept in build/bench. Needs what the peers are: pytsk3 (PyPI), sleuthkit, ewf-tools, ntfs-3g.
"""

import argparse
import os
import random
import re
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "build" / "bench"
RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"


def timed(command):
    """Wall and processor seconds of a command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(programs, rounds):
    """programs: name -> (command, factor); the first is ours. A factor scales a program that does part of the work."""
    seconds = {name: [] for name in programs}
    for _ in range(rounds):
        for name, (command, factor) in programs.items():
            seconds[name].append([value * factor for value in timed(command)])
    walls = {name: statistics.median(wall for wall, _ in runs) for name, runs in seconds.items()}
    ours = next(iter(programs))
    print(f"{'program':<34} {'wall s':>8} {'range':>17} {'processor s':>12} {'ours / it (wall)':>17}")
    for name, runs in seconds.items():
        least, most = min(wall for wall, _ in runs), max(wall for wall, _ in runs)
        processor = statistics.median(processor for _, processor in runs)
        print(f"{name:<34} {walls[name]:>8.2f} {least:>8.2f}–{most:<8.2f} {processor:>12.2f} {walls[ours] / walls[name]:>17.2f}")


def ntfs(rounds, files, largest):
    image = WORK / f"ntfs-{files}-{largest}.img"
    if not image.exists():
        subprocess.run([sys.executable, HERE / "make_ntfs.py", image, str(files), str(largest)], check=True)
    listed = subprocess.run(["fls", "-rpF", "-u", image], check=True, capture_output=True, text=True).stdout
    inodes = re.findall(r"^r/r (\d+)-\d+-\d+:\t.*\.bin$", listed, re.M)[: files // 100]
    icat = 'image=$1; shift; for inode; do icat "$image" "$inode" | md5sum; done'
    print(f"listing + MD5 of every file, {files} files of up to {largest} bytes on NTFS, one thread, {rounds} rounds interleaved")
    compare(
        {
            "forensic (examples/rust/listing.rs)": ([RELEASE / "listing", image], 1),
            "pytsk3": ([sys.executable, HERE / "list_pytsk3.py", image], 1),
            "fls (names only)": (["fls", "-rp", image], 1),
            f"icat | md5sum ({len(inodes)} files, scaled)": (["bash", "-c", icat, "icat", image, *inodes], files / len(inodes)),
        },
        rounds,
    )


def e01(rounds, megabytes):
    raw, image = WORK / f"medium-{megabytes}.raw", WORK / f"medium-{megabytes}.E01"
    if not image.exists():
        WORK.mkdir(parents=True, exist_ok=True)
        chance = random.Random(3)
        words = [chance.randbytes(chance.randrange(3, 9)).hex().encode() for _ in range(3000)]
        with open(raw, "wb") as file:
            for number in range(megabytes):
                if number % 4 == 0:
                    file.write(chance.randbytes(1 << 20))
                elif number % 4 == 3:
                    file.write(bytes(1 << 20))
                else:
                    file.write(b" ".join(chance.choices(words, k=1 << 17))[: 1 << 20])
        acquire = ["ewfacquire", "-u", "-q", "-c", "deflate:fast", "-S", "1.9GiB", "-t", image.with_suffix(""), raw]
        subprocess.run([str(part) for part in acquire], check=True, stdout=subprocess.DEVNULL)
        raw.unlink()
    print(f"reading all of an E01 of {megabytes} MiB (a quarter random, half text, a quarter zeros) + MD5, {rounds} rounds")
    compare(
        {
            "forensic (benches/src/bin/verify)": ([RELEASE / "verify", image], 1),
            "ewfverify": (["ewfverify", "-q", image], 1),
        },
        rounds,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["ntfs", "e01"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--largest", type=int, default=128 << 10, help="bytes of the largest file on NTFS")
    parser.add_argument("--megabytes", type=int, default=1024)
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q", "-p", "forensic-examples", "-p", "forensic-benches"], check=True, cwd=ROOT)
    if arguments.what == "ntfs":
        ntfs(arguments.rounds, arguments.files, arguments.largest)
    else:
        e01(arguments.rounds, arguments.megabytes)


if __name__ == "__main__":
    main()
