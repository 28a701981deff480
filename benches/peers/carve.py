#!/usr/bin/env python3
"""Scores carving beside PhotoRec and foremost on images whose truth is known.

    carve.py CARVE KIT [--only NAME,…] [--scorer score.py] [--types] [--peers] [--threads N]

CARVE is the example program `carve`; KIT a folder of NAME.img and NAME.json as the carving kit makes them; the scorer is
the kit's own (default: $FORENSIC_CORPUS/../tools/carving/score.py). Recall and precision are those of the files we call
complete or fragmented; what we call truncated or damaged is reported apart, and counts with them for salvage and byte
precision. Peers tell no such difference: all that they write counts. They are run as separate processes where they are
installed: `photorec` 7.1 (paranoid, no brute force) and `foremost` 1.5.7; none of them is linked.
"""
import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COLUMNS = ["exact_recall", "precision", "salvage", "byte_precision", "type_accuracy"]
# Columns that count what is whole, where a tool tells it from what is not.
OF_WHOLE_FILES = {"exact_recall", "precision", "type_accuracy"}
# What `photorec /cmd` needs: no partition table, the whole space, the formats it looks for unless told otherwise.
PHOTOREC = "partition_none,options,paranoid,wholespace,search"


def timed(command: list[str], **options) -> tuple[float, float]:
    """Runs a command; seconds of wall time and of processor time."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(command, check=True, **options)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.monotonic() - start, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(path: Path, files: list[dict]) -> list[str]:
    path.write_text(json.dumps({"files": [{"type": f["type"], "extents": f["extents"]} for f in files]}))
    return ["--report", str(path)]


def carve(program: str, image: Path, work: Path, threads: int) -> tuple[list[list[str]], float, float]:
    lines = work / "carved.jsonl"
    with open(lines, "wb") as out:
        wall, cpu = timed([program, str(image), str(threads)], stdout=out, stderr=subprocess.DEVNULL)
    files = [json.loads(line) for line in open(lines)]
    whole = [f for f in files if f["status"] in ("complete", "fragmented")]
    return [report(work / "all.json", files), report(work / "whole.json", whole)], wall, cpu


def photorec(image: Path, work: Path) -> tuple[list[list[str]], float, float]:
    command = ["photorec", "/log", "/d", str(work / "out"), "/cmd", str(image), PHOTOREC]
    wall, cpu = timed(command, cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [["--dir", str(work)]], wall, cpu


def foremost(image: Path, work: Path) -> tuple[list[list[str]], float, float]:
    command = ["foremost", "-i", str(image), "-o", str(work / "out")]
    wall, cpu = timed(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [["--dir", str(work / "out")]], wall, cpu


def score(scorer: Path, truth: Path, image: Path, what: list[str]) -> dict:
    with tempfile.NamedTemporaryFile() as result:
        command = [sys.executable, str(scorer), str(truth), str(image), *what, "--json", result.name]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return json.load(result)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("carve")
    parser.add_argument("kit", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--types", action="store_true", help="a line for each type as well")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    corpus = Path(os.environ.get("FORENSIC_CORPUS", "../shared/data"))
    scorer = arguments.scorer or corpus.parent / "tools/carving/score.py"
    if not scorer.exists():
        sys.exit(f"the scorer is not at {scorer}: nothing was measured")
    tools = {"forensic": lambda image, work: carve(arguments.carve, image, work, arguments.threads)}
    if arguments.peers:
        tools |= {name: run for name, run in {"photorec": photorec, "foremost": foremost}.items() if shutil.which(name)}
    print(f"{'image':18}{'tool':10}" + "".join(f"{column:>15}" for column in COLUMNS) + f"{'carved':>8}{'wall s':>9}{'cpu s':>9}")
    for truth in sorted(arguments.kit.glob("*.json")):
        if arguments.only and truth.stem not in arguments.only.split(","):
            continue
        image = truth.with_suffix(".img")
        for name, run in tools.items():
            with tempfile.TemporaryDirectory() as folder:
                what, wall, cpu = run(image, Path(folder))
                everything, *whole = (score(scorer, truth, image, part) for part in what)
            whole = whole[0] if whole else everything
            scores = everything | {column: whole[column] for column in OF_WHOLE_FILES if column in whole}
            cells = "".join(f"{scores[column]:15.4f}" if column in scores else f"{'-':>15}" for column in COLUMNS)
            print(f"{truth.stem:18}{name:10}{cells}{scores['carved']:8}{wall:9.2f}{cpu:9.2f}", flush=True)
            if arguments.types:
                for kind, by in everything["by_type"].items():
                    share = by.get("exact_recall", by.get("salvage"))
                    print(f"    {kind:8} {by['n']:4} files, found {by['found']:4}, exact {by['exact']:4}, share {share}")


main()
