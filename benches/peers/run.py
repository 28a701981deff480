#!/usr/bin/env python3
"""Times this library beside its peers, interleaved in one run: run.py ntfs | fat32 | exfat | ext4 | e01 [--rounds N].

Prints wall and processor seconds of each program (median, and the range of wall), the most memory it held, and ours divided
by it in wall seconds. The images are made on the first run and kept in build/bench. Needs what the peers are: pytsk3 and dissect (PyPI),
sleuthkit, ewf-tools; and what make_volume.py needs.
"""

import argparse
import importlib
import os
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / "build" / "bench"
RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"


def confined(command):
    """The command on one processor: what a program sees of the machine when it is to use one thread for all it does."""
    return ["taskset", "-c", str(max(os.sched_getaffinity(0))), *command]


def timed(command):
    """Wall and processor seconds of a command, and the most memory it held, in MiB."""
    command = [str(part) for part in command]
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise subprocess.CalledProcessError(child.returncode, command)
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compare(programs, rounds):
    """programs: name -> command, ours before the peers; interleaved."""
    seen = {name: [] for name in programs}
    for _ in range(rounds):
        for name, command in programs.items():
            try:
                seen[name].append(timed(command))
            except subprocess.CalledProcessError as failure:
                if name.startswith("forensic"):
                    raise
                print(f"FAILED: {name}, with {failure.returncode}")
                programs = {other: command for other, command in programs.items() if other != name}
    seen = {name: runs for name, runs in seen.items() if runs}
    walls = {name: statistics.median(wall for wall, _, _ in runs) for name, runs in seen.items()}
    ours = [name for name in programs if name.startswith("forensic")]
    heads = " ".join(f"{name.split(', ')[-1].removesuffix('s').removesuffix(' thread') + ' / it':>13}" for name in ours)
    print(f"{'program':<36} {'wall s':>8} {'range':>17} {'processor s':>12} {'MiB':>6} {heads}")
    for name, runs in seen.items():
        least, most = min(wall for wall, _, _ in runs), max(wall for wall, _, _ in runs)
        processor = statistics.median(processor for _, processor, _ in runs)
        memory = max(memory for _, _, memory in runs)
        ratios = " ".join(f"{walls[own] / walls[name]:>13.2f}" for own in ours)
        print(f"{name:<36} {walls[name]:>8.2f} {least:>8.2f}–{most:<8.2f} {processor:>12.2f} {memory:>6.0f} {ratios}")


def volume(kind, rounds, files, largest, flat):
    """Listings of a volume of many files, names only and with the MD5 of every stream."""
    image = WORK / f"{kind}-{'flat-' if flat else ''}{files}-{largest}.img"
    if not image.exists():
        command = [sys.executable, HERE / "make_volume.py", kind, image, str(files), str(largest), *(["--flat"] if flat else [])]
        subprocess.run(command, check=True)
    with open(image, "rb") as file:  # from memory, whoever comes first
        while file.read(1 << 20):
            pass
    where = "one folder" if flat else "folders of 250"
    print(f"\n{files} files of up to {largest} bytes on {kind}, {where}: names, {rounds} rounds interleaved")
    names = {
        "forensic (names.rs), one thread": confined([RELEASE / "names", image, "1"]),
        "forensic (names.rs), two threads": [RELEASE / "names", image, "2"],
        "fls -rp": ["fls", "-rp", image],
    }
    compare(names, rounds)
    print(f"\nthe same: names and MD5 of every stream, {rounds} rounds interleaved")
    digests = {
        "forensic (listing.rs), one thread": confined([RELEASE / "listing", image, "1"]),
        "forensic (listing.rs), two threads": [RELEASE / "listing", image, "2"],
        "pytsk3": [sys.executable, HERE / "list_pytsk3.py", image],
    }
    try:
        importlib.import_module("dissect.target")
        digests["Dissect"] = [sys.executable, HERE / "list_dissect.py", image]
    except ImportError:
        print("SKIPPED: Dissect is absent (pip install dissect)")
    compare(digests, rounds)


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
            "forensic (verify.rs)": [RELEASE / "verify", image],
            "ewfverify": ["ewfverify", "-q", image],
        },
        rounds,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=["ntfs", "fat32", "exfat", "ext4", "e01"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--files", type=int, default=50_000)
    parser.add_argument("--largest", type=int, default=128 << 10, help="bytes of the largest file")
    parser.add_argument("--flat", action="store_true", help="all files in one folder")
    parser.add_argument("--megabytes", type=int, default=1024)
    arguments = parser.parse_args()
    subprocess.run(["cargo", "build", "--release", "-q", "-p", "forensic-examples", "-p", "forensic-benches"], check=True, cwd=ROOT)
    if arguments.what == "e01":
        e01(arguments.rounds, arguments.megabytes)
    else:
        volume(arguments.what, arguments.rounds, arguments.files, arguments.largest, arguments.flat)


if __name__ == "__main__":
    main()
