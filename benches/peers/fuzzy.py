#!/usr/bin/env python3
"""Times similarity digests beside the programs that define them, interleaved in one run, and compares the answers: fuzzy.py [--rounds N].

The files are those of FORENSIC_CORPUS (default ../shared/data), files/. Peers: ssdeep (Debian), py-tlsh (PyPI).
"""

import argparse
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import run

TLSH = "import sys, tlsh\nfor p in sys.argv[1:]: print(tlsh.hash(open(p, 'rb').read()) + ',' + p)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    corpus = Path(os.environ.get("FORENSIC_CORPUS", run.ROOT.parent / "shared" / "data"))
    files = sorted(path for path in (corpus / "files").iterdir() if path.is_file())
    size = sum(path.stat().st_size for path in files)
    peers = {"ssdeep": ["ssdeep", "-s", *files]}
    if importlib.util.find_spec("tlsh"):
        peers["tlsh"] = [sys.executable, "-c", TLSH, *files]
    else:
        print("SKIPPED: py-tlsh is absent (pip install py-tlsh)")
    for algorithm, peer in peers.items():
        ours = [run.RELEASE / "fuzzy", algorithm, *files]
        answers = [subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines() for command in (ours, peer)]
        digests = [[line.split(",")[0] for line in lines if not line.startswith("ssdeep,")] for lines in answers]
        same = sum(own == other for own, other in zip(*digests))
        print(f"\n{algorithm}: {len(files)} files, {size / 1e6:.0f} MB; {same} of {len(digests[1])} digests equal; {rounds} rounds interleaved")
        run.compare({"forensic (fuzzy.rs)": run.confined(ours), f"{algorithm} (reference)": run.confined(peer)}, rounds)


if __name__ == "__main__":
    main()
