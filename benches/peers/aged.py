#!/usr/bin/env python3
"""Carves the unallocated space of aged volumes, beside PhotoRec on free space: aged.py CARVE [--kinds ext4,ntfs] [--seeds 1,2].

CARVE is the example program `carve`. A volume of --size-mb is filled with small files, half of which are deleted, so that the
free space is scattered; then the files of FORENSIC_CORPUS/files are written between further small ones, most of them are deleted,
and small files overwrite some of those. Where each file lay is told by The Sleuth Kit before it is deleted. A deleted file
counts where every byte of it still stands at its place: "whole" in one run, "fragmented" in several. Needs root, loop devices,
e2fsprogs, ntfs-3g, sleuthkit; PhotoRec for --peers.
"""
import argparse
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = HERE.parent.parent / "build" / "aged"
BLOCK = 4096
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F", "-b", str(BLOCK)], "ntfs": ["mkntfs", "-qFf", "-c", str(BLOCK)]}
MOUNT = {"ext4": ["mount", "-o", "loop"], "ntfs": ["ntfs-3g"]}


def run(*command, **options) -> str:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True, **options).stdout


class Volume:
    """A volume that is mounted while `with` lasts."""

    def __init__(self, kind: str, image: Path, size: int):
        self.kind, self.image, self.size = kind, image, size
        image.parent.mkdir(parents=True, exist_ok=True)
        image.unlink(missing_ok=True)
        with open(image, "wb") as file:
            file.truncate(size)
        run(*MAKE[kind], image)

    def __enter__(self) -> Path:
        self.top = Path(tempfile.mkdtemp())
        run(*MOUNT[self.kind], self.image, self.top)
        return self.top

    def __exit__(self, *_):
        os.sync()
        run("umount", self.top)
        self.top.rmdir()

    def places(self) -> dict[str, list[list[int]]]:
        """Of each file in files/, the runs of clusters it lies in: offset and length, of whole clusters."""
        found = {}
        for line in run("fls", "-rp", self.image).splitlines():
            # r/r 64-128-2:	files/0001.jpg
            match = re.match(r"r/r ([\d-]+):\tfiles/(.+)", line)
            if match:
                told = run("istat", self.image, match[1])
                # The clusters stand at the end, behind their heading; holes as 0.
                blocks = told.rsplit("Direct Blocks:" if self.kind == "ext4" else "$DATA", 1)[1].split("Indirect")[0]
                lines = blocks.splitlines()[1:]
                numbers = [int(number) for line in lines if re.fullmatch(r"[\d ]+", line) for number in line.split()]
                runs: list[list[int]] = []
                for number in numbers:
                    if runs and runs[-1][0] + runs[-1][1] == number * BLOCK:
                        runs[-1][1] += BLOCK
                    else:
                        runs.append([number * BLOCK, BLOCK])
                found[match[2]] = runs
        return found


def small(chance: random.Random, folder: Path, number: int):
    (folder / f"{number:06}").write_bytes(chance.randbytes(int(2 ** chance.uniform(9, 15.5))))


def free_share(top: Path) -> float:
    space = os.statvfs(top)
    return space.f_bavail / space.f_blocks


def age(kind: str, image: Path, corpus: list[dict], source: Path, seed: int, size: int, free: float) -> list[dict]:
    """Makes the volume; gives the deleted files that are still there."""
    chance = random.Random(seed)
    volume = Volume(kind, image, size)
    number = 0
    names = {f"{place:04}.{file['type']}": file for place, file in enumerate(chance.sample(corpus, len(corpus)))}
    with volume as top:
        (top / "small").mkdir()
        (top / "files").mkdir()
        # Two rounds of filling up and deleting half of what is there scatter the free space.
        for _ in range(2):
            while free_share(top) > free:
                small(chance, top / "small", number)
                number += 1
            there = sorted((top / "small").iterdir())
            for path in chance.sample(there, len(there) // 2):
                path.unlink()
            os.sync()
        for name, file in names.items():
            for _ in range(chance.randrange(6)):
                small(chance, top / "small", number)
                number += 1
            if free_share(top) > 0.03:
                shutil.copyfile(source / f"{file['id']}.{file['type']}", top / "files" / name)
    places = volume.places()
    with volume as top:
        gone = chance.sample(sorted(places), len(places) * 7 // 10)
        for name in gone:
            (top / "files" / name).unlink()
        os.sync()
        for _ in range(size >> 21):
            small(chance, top / "small", number)
            number += 1
    files = []
    with open(image, "rb") as medium:
        for name in gone:
            file, left, stored, extents = names[name], names[name]["size"], b"", []
            for offset, length in places[name]:
                medium.seek(offset)
                extents.append([offset, min(length, left)])
                stored += medium.read(min(length, left))
                left -= min(length, left)
            if left == 0 and hashlib.sha256(stored).hexdigest() == file["sha256"]:
                status = "whole" if len(extents) == 1 else "fragmented"
                extents = [extent for extent in extents if extent[1]]
                files.append({**file, "status": status, "extents": extents})
    return files


def score(scorer: Path, truth: Path, image: Path, what: list, types: bool) -> str:
    result = truth.with_suffix(".score")
    run(sys.executable, scorer, truth, image, *what, "--json", result)
    found = json.loads(result.read_text())
    lost = {kind: by for kind, by in found["by_type"].items() if by["exact"] < by["n"]}
    line = f"{found['exact_recall']:8.3f}{found['precision']:10.3f}{found['carved']:8}"
    return line + ("   " + ", ".join(f"{kind} {by['exact']}/{by['n']}" for kind, by in lost.items()) if types else "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("carve", type=Path)
    parser.add_argument("--kinds", default="ext4,ntfs")
    parser.add_argument("--seeds", default="1,2")
    parser.add_argument("--size-mb", type=int, default=256)
    parser.add_argument("--free", type=float, default=0.2, help="the share left free before half of it is deleted: less, more runs a file")
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--peers", action="store_true")
    arguments = parser.parse_args()
    data = Path(os.environ.get("FORENSIC_CORPUS", "../shared/data"))
    scorer = arguments.scorer or data.parent / "tools/carving/score.py"
    source = data / "files"
    corpus = json.loads((source / "corpus.json").read_text())
    print(f"{'volume':8}{'seed':>5}{'whole':>7}{'in runs':>8}  {'tool':12}{'exact':>8}{'precision':>10}{'carved':>8}   not all exact of")
    for kind in arguments.kinds.split(","):
        for seed in arguments.seeds.split(","):
            image = WORK / f"{kind}-{seed}-{arguments.size_mb}-{arguments.free}.img"
            truth = image.with_suffix(".json")
            if not truth.exists():
                files = age(kind, image, corpus, source, int(seed), arguments.size_mb << 20, arguments.free)
                truth.write_text(json.dumps({"files": files}))
            files = json.loads(truth.read_text())["files"]
            whole = sum(file["status"] == "whole" for file in files)
            head = f"{kind:8}{seed:>5}{whole:>7}{len(files) - whole:>8}  "
            carved = [json.loads(line) for line in run(arguments.carve, image, "2", "unallocated").splitlines()]
            for name, wanted in [("forensic", {"complete", "fragmented"}), ("  and hurt", None)]:
                kept = [file for file in carved if wanted is None or file["status"] in wanted]
                report = image.with_suffix(".report")
                report.write_text(json.dumps({"files": [{"type": f["type"], "extents": f["extents"]} for f in kept]}))
                print(f"{head}{name:12}{score(scorer, truth, image, ['--report', report], wanted is not None)}", flush=True)
            if arguments.peers and shutil.which("photorec"):
                with tempfile.TemporaryDirectory() as folder:
                    settings = "partition_none,options,paranoid," + ("mode_ext2," if kind == "ext4" else "") + "freespace,search"
                    run("photorec", "/log", "/d", Path(folder, "out"), "/cmd", image, settings, cwd=folder)
                    print(f"{head}{'PhotoRec':12}{score(scorer, truth, image, ['--dir', folder], True)}", flush=True)


if __name__ == "__main__":
    main()
