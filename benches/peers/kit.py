#!/usr/bin/env python3
"""Scores this library beside The Sleuth Kit and Dissect on the images of the filesystem kit: kit.py [FOLDER …].

A folder holds images (NAME.img, NAME.E01, or packed as NAME.img.xz) and their truth (NAME.json or NAME.json.xz); the default
are the small images of the corpus. The kit's own scorer and listers do the scoring and list for the peers; they are looked
for in the folder FORENSIC_KIT (default: ../tools/images beside the corpus). Peers: pip install pytsk3 dissect.target; a peer
that is not installed, or cannot open an image, has a row that says so.
"""

import argparse
import json
import lzma
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CORPUS = Path(os.environ.get("FORENSIC_CORPUS", ROOT.parent / "shared" / "data"))
KIT = Path(os.environ.get("FORENSIC_KIT", CORPUS.parent / "tools" / "images"))
RELEASE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release"

COLUMNS = [
    ("live", "live_ok", "live"),
    ("wrong", "live_wrong", None),
    ("invented", "live_invented", None),
    ("links", "symlinks_ok", "symlinks"),
    ("streams", "streams_ok", "streams"),
    ("extents", "extents_ok", "extents"),
    ("names", "names_on_medium_found", "names_on_medium"),
    ("intact content", "intact_name_on_medium_ok", "intact_name_on_medium"),
    ("of all intact", "intact_any", "intact"),
    ("with record", "intact_with_record_ok", "intact_with_record"),
    ("graded intact", "intact_graded_intact", "intact_any"),
    ("false intact", "false_claims", "intact_claims"),
    ("ungraded wrong", "ungraded_wrong", None),
]


def figures(truth, command):
    """The scores of a listing program, one dict a volume; None where it cannot list."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as listing:
        done = subprocess.run([str(part) for part in command], stdout=listing, stderr=subprocess.DEVNULL)
        if done.returncode != 0 and Path(listing.name).stat().st_size == 0:
            return None
        score = [sys.executable, KIT / "score.py", truth, listing.name, "--json"]
        return json.loads(subprocess.run([str(part) for part in score], check=True, capture_output=True).stdout)


def row(found):
    cells = []
    for _, value, of in COLUMNS:
        if value not in found or of is not None and not found.get(of) and of != "intact_claims":
            cells.append("–")
        else:
            cells.append(str(found[value]) if of is None else f"{found[value]}/{found[of]}")
    return cells


def unpacked(path, folder):
    """The file itself, unpacked into `folder` where it is packed."""
    if path.suffix != ".xz":
        return path
    target = folder / path.stem
    if not target.exists():
        with lzma.open(path) as packed, open(target, "wb") as plain:
            while block := packed.read(1 << 20):
                plain.write(block)
    return target


def images(folder):
    for truth in sorted([*folder.glob("*.json"), *folder.glob("*.json.xz")]):
        name = truth.name.split(".json")[0]
        for suffix in (".img", ".E01", ".img.xz"):
            if (folder / f"{name}{suffix}").exists():
                yield name, folder / f"{name}{suffix}", truth


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="*", type=Path, default=[CORPUS / "images" / "made"])
    parser.add_argument("--only", help="names of images, with commas")
    parser.add_argument("--no-peers", action="store_true")
    arguments = parser.parse_args()
    if not (KIT / "score.py").is_file():
        sys.exit(f"SKIPPED: {KIT / 'score.py'} is absent (FORENSIC_KIT)")
    only = arguments.only.split(",") if arguments.only else None
    peers = {"forensic": lambda image: [RELEASE / "list", image]}
    if not arguments.no_peers:
        peers["The Sleuth Kit"] = lambda image: [sys.executable, KIT / "list_tsk.py", image]
        peers["Dissect"] = lambda image: [sys.executable, KIT / "list_dissect.py", image]
    print("| image | program | " + " | ".join(name for name, _, _ in COLUMNS) + " |")
    print("|" + "---|" * (len(COLUMNS) + 2))
    with tempfile.TemporaryDirectory() as scratch:
        for folder in arguments.folders:
            for name, image, truth in images(folder):
                if only and name not in only:
                    continue
                image, truth = unpacked(image, Path(scratch)), unpacked(truth, Path(scratch))
                for program, command in peers.items():
                    found = figures(truth, command(image))
                    for volume in found or [None]:
                        what = f"{folder.name}/{name}" + (f" {volume['kind']}" if volume and volume["kind"] != name else "")
                        cells = row(volume) if volume else ["cannot list"] + [""] * (len(COLUMNS) - 1)
                        print(f"| {what} | {program} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
