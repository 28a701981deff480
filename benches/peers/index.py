#!/usr/bin/env python3
"""Times the index of perceptual hashes beside faiss' IndexBinaryFlat: index.py [--hashes N] [--queries N] [--rounds N].

Random hashes of 256 bits, a tenth of them near one of a thousand; half of the queries are near some. Both search within 31 bits,
one thread each, and find the same number of hashes. What is timed: ours opens the file and answers from queries in memory
(`first`: the first time, when blocks are held against their checksums; `single`: one by one; `batched`: all at once; `verified`:
one by one after a check of the whole file); faiss answers a query a call, all in one call, and the ten nearest (k-NN), which is
another question. The programs run in turn, several rounds; the table gives medians of wall and processor seconds and how many
times longer faiss takes than ours. Then groups: all of --group hashes, beside faiss' range search of all against all, which is
only a part of that work; and of --large ones, random and skewed, alone.
Peer: pip install faiss-cpu numpy.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from known import Table, program, timed
from run import RELEASE, WORK

RADIUS = 31


def turned(source, hashes, most, numpy):
    """The hashes, each with up to so many bits turned."""
    bits = numpy.unpackbits(hashes, axis=1)
    count = source.integers(0, most, size=len(hashes))
    for row, turns in zip(bits, count):
        row[source.integers(0, 256, size=turns)] ^= 1
    return numpy.packbits(bits, axis=1)


def uniform(count, numpy):
    source = numpy.random.default_rng(7)
    hashes = source.integers(0, 256, size=(count, 32), dtype=numpy.uint8)
    near = source.integers(0, count, size=count // 10)
    hashes[near] = turned(source, hashes[source.integers(0, min(1000, count), size=len(near))], 40, numpy)
    return hashes


def skewed(count, numpy):
    """A third of a hundred equal hashes, a third near one of a hundred, the rest random, some of them alike in half of their bits."""
    source = numpy.random.default_rng(8)
    hashes = uniform(count, numpy)
    third = count // 3
    hashes[:third] = hashes[-100:][source.integers(0, 100, size=third)]
    hashes[third : 2 * third] = turned(source, hashes[-100:][source.integers(0, 100, size=third)], 16, numpy)
    hashes[2 * third : 2 * third + count // 20, 16:] = 0
    return hashes[source.permutation(count)]


def steps(text):
    """What the bench program says: step -> (wall, processor, figures)."""
    lines = (line.split(maxsplit=3) for line in text.splitlines())
    return {line[0]: (float(line[1]), float(line[2]), line[3] if len(line) > 3 else "") for line in lines if len(line) > 2 and line[2][:1].isdigit()}


def ours(*arguments):
    """What the bench program prints, and the most memory it held in MiB (what the system says of a child has ours in it)."""
    text = program([RELEASE / "index", *arguments], subprocess.PIPE)[3]
    most = [int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("VmHWM:")]
    return text, most[0]


def lookups(folder, count, queries, rounds, numpy, faiss):
    hashes = uniform(count, numpy)
    hashes.tofile(folder / "hashes.raw")
    source = numpy.random.default_rng(9)
    asked = source.integers(0, 256, size=(queries, 32), dtype=numpy.uint8)
    asked[::2] = turned(source, hashes[source.integers(0, count, size=len(asked[::2]))], 31, numpy)
    asked.tofile(folder / "queries.raw")
    text, most = ours("build", folder / "hashes.index", folder / "hashes.raw")
    print(f"\n{count} hashes, {queries} queries, {rounds} rounds interleaved; building takes {most:.0f} MiB at most, the hashes as read included")
    print("\n".join(line for line in text.splitlines() if line.startswith(("build", "bytes"))))
    flat = faiss.IndexBinaryFlat(256)
    flat.add(hashes)
    del hashes

    def each():
        # faiss finds what is nearer than the radius.
        return sum(int(flat.range_search(asked[at : at + 1], RADIUS + 1)[0][-1]) for at in range(queries))

    single, batched, opening = Table("one by one"), Table("all at once"), []
    for _ in range(rounds):
        found = steps(ours("lookup", folder / "hashes.index", folder / "queries.raw", RADIUS)[0])
        opening.append(found["open"][0])
        matches = int(found["single"][2].split()[0])
        for name in ("single", "verified", "first"):
            single.add(f"forensic, {name}", *found[name][:2])
        batched.add("forensic, batched", *found["batched"][:2])
        batched.add("forensic, batched, all threads", *found["threads"][:2])
        wall, processor, answer = timed(each)
        assert answer == matches, (answer, matches)
        single.add("faiss range_search", wall, processor)
        wall, processor, answer = timed(lambda: int(flat.range_search(asked, RADIUS + 1)[0][-1]))
        assert answer == matches, (answer, matches)
        batched.add("faiss range_search", wall, processor)
        wall, processor, _ = timed(lambda: flat.search(asked, 10))
        batched.add("faiss search, 10 nearest", wall, processor)
    single.show()
    batched.show()
    print(f"opening {sorted(opening)[len(opening) // 2] * 1000:.2f} ms")


def groups(folder, count, large, rounds, numpy, faiss):
    hashes = uniform(count, numpy)
    hashes.tofile(folder / "group.raw")
    flat = faiss.IndexBinaryFlat(256)
    flat.add(hashes)
    table = Table(f"groups of {count}, one thread")
    for _ in range(max(1, rounds // 2)):
        table.add("forensic", *steps(ours("group", folder / "group.raw", RADIUS, 1)[0])["group"][:2])
        table.add("faiss range_search, all against all", *timed(lambda: flat.range_search(hashes, RADIUS + 1)[0][-1])[:2])
    table.show()
    for name, make in (("uniform", uniform), ("skewed", skewed)):
        make(large, numpy).tofile(folder / "group.raw")
        text, most = ours("group", folder / "group.raw", RADIUS, 2)
        print(f"groups of {large}, {name}, two threads: {text.splitlines()[0]}, {most:.0f} MiB at most")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hashes", type=int, nargs="*", default=[1_000_000, 10_000_000])
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--group", type=int, default=100_000)
    parser.add_argument("--large", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, default=WORK / "index")
    arguments = parser.parse_args()
    try:
        import faiss
        import numpy
    except ImportError:
        sys.exit("SKIPPED: faiss is absent (pip install faiss-cpu numpy)")
    faiss.omp_set_num_threads(1)
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    print(f"faiss {faiss.__version__}, {faiss.get_compile_options().strip()}")
    for count in arguments.hashes:
        lookups(folder, count, arguments.queries, arguments.rounds, numpy, faiss)
    groups(folder, arguments.group, arguments.large, arguments.rounds, numpy, faiss)


if __name__ == "__main__":
    main()
