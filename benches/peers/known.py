#!/usr/bin/env python3
"""Times sets of known digests beside The Sleuth Kit's hfind, SQLite and NumPy: known.py [--digests N] [--lookups N] [--rounds N].

Random MD5s, bare; half of the lookups are hits. The programs of one comparison run in turn, several rounds; the table gives
medians of wall and processor seconds, and how many times longer a peer takes than ours. What is timed: ours and NumPy open the
set or the sorted array and answer from queries in memory, one thread; hfind is the whole program, as it has no other way
(-f, a file of hashes), output to a file; SQLite (Python's) has a table WITHOUT ROWID keyed by the blob, asked by a statement a
digest, and by a join with a table of the queries. NumPy has sorted queries in two types: S16, which compares all bytes
(and is wrong for digests that end in zeros), and uint64 of the first eight bytes, which is no exact answer.
Peers: Debian's sleuthkit, pip install numpy; one that is not there has a row that says so.
"""

import argparse
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from pathlib import Path

from run import RELEASE, WORK


def program(command, output=subprocess.DEVNULL):
    """Wall and processor seconds of a program, the most memory it held in MiB, and what it printed."""
    start = time.perf_counter()
    child = subprocess.Popen([str(part) for part in command], stdout=output, stderr=subprocess.DEVNULL)
    text = child.stdout.read().decode() if output == subprocess.PIPE else ""
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise subprocess.CalledProcessError(child.returncode, command)
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, text


def timed(work):
    wall, processor = time.perf_counter(), time.process_time()
    answer = work()
    return time.perf_counter() - wall, time.process_time() - processor, answer


class Table:
    """Rounds of programs that do the same, ours first."""

    def __init__(self, title):
        self.title, self.rows = title, {}

    def add(self, name, wall, processor):
        self.rows.setdefault(name, []).append((wall, processor))

    def show(self):
        print(f"\n{self.title}\n{'program':<44} {'wall s':>9} {'range':>19} {'processor s':>12} {'its wall / ours':>16} {'processor':>10}")
        ours = None
        for name, runs in self.rows.items():
            wall, processor = (statistics.median(column) for column in zip(*runs))
            ours = ours or (wall, processor)
            least, most = min(run[0] for run in runs), max(run[0] for run in runs)
            print(f"{name:<44} {wall:>9.4f} {least:>9.4f}–{most:<9.4f} {processor:>12.4f} {wall / ours[0]:>16.1f} {processor / ours[1]:>10.1f}")


def make(folder, digests, lookups):
    """The list, and the queries: as raw bytes, sorted, as text."""
    folder.mkdir(parents=True, exist_ok=True)
    source = random.Random(7)
    kept = []
    share = lookups // 2 / digests
    with open(folder / "list.md5", "w") as file:
        left = digests
        while left:
            count = min(left, 1 << 16)
            text = source.randbytes(16 * count).hex()
            rows = [text[at : at + 32] for at in range(0, len(text), 32)]
            kept += [row for row in rows if source.random() < share]
            file.write("\n".join(rows) + "\n")
            left -= count
    kept = kept[: lookups // 2]
    queries = kept + [source.randbytes(16).hex() for _ in range(lookups - len(kept))]
    source.shuffle(queries)
    for name, rows in (("queries", queries), ("sorted", sorted(queries))):
        (folder / f"{name}.raw").write_bytes(bytes.fromhex("".join(rows)))
    (folder / "queries.txt").write_text("\n".join(queries) + "\n")
    return len(kept)


def figures(text):
    """What the bench program says: what -> (wall, processor)."""
    lines = [line.split() for line in text.splitlines()]
    return {line[0]: (float(line[1]), float(line[2])) for line in lines if line[0] in ("open", "first", "again", "single", "records")}


def ours(folder, queries, check):
    _, _, _, text = program([RELEASE / "known", "lookup", folder / "known.set", folder / f"{queries}.raw", 16], subprocess.PIPE)
    assert f"{check} known" in text, text
    anonymous = [int(line.split()[1]) for line in text.splitlines() if line.startswith("RssAnon:")]
    return figures(text), anonymous[0] / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--digests", type=int, default=10_000_000)
    parser.add_argument("--lookups", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, default=WORK / "known")
    parser.add_argument("--no-hfind", action="store_true", help="leave hfind out: it takes the longest")
    arguments = parser.parse_args()
    folder, rounds = arguments.folder, arguments.rounds
    hits = make(folder, arguments.digests, arguments.lookups)
    print(f"{arguments.digests} digests, {arguments.lookups} lookups, {hits} of them hits, {rounds} rounds interleaved")
    hfind = shutil.which("hfind") if not arguments.no_hfind else None

    building = Table("building")
    for _ in range(max(1, rounds // 2)):
        wall, processor, memory, text = program([RELEASE / "known", "build", folder / "known.set", folder / "list.md5"], subprocess.PIPE)
        building.add(f"forensic ({memory:.0f} MiB at most)" if not building.rows else next(iter(building.rows)), wall, processor)
        if hfind:
            for index in folder.glob("list.md5-*"):
                index.unlink()
            wall, processor, _, _ = program([hfind, "-i", "md5sum", folder / "list.md5"])
            building.add("hfind -i md5sum", wall, processor)
    building.show()
    size = (folder / "known.set").stat().st_size
    print(f"{size / arguments.digests:.2f} bytes a digest")

    database = folder / "known.sqlite"
    if not database.exists():
        connection = sqlite3.connect(database)
        connection.execute("CREATE TABLE known (md5 BLOB PRIMARY KEY) WITHOUT ROWID")
        with open(folder / "list.md5") as rows:
            connection.executemany("INSERT OR IGNORE INTO known VALUES (?)", ((bytes.fromhex(row),) for row in sorted(rows)))
        connection.execute("CREATE TABLE queries (md5 BLOB)")
        raw = (folder / "queries.raw").read_bytes()
        connection.executemany("INSERT INTO queries VALUES (?)", ((raw[at : at + 16],) for at in range(0, len(raw), 16)))
        connection.commit()
        connection.close()
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA mmap_size = 10000000000")
    raw = (folder / "queries.raw").read_bytes()
    rows = [(raw[at : at + 16],) for at in range(0, len(raw), 16)]
    statement = "SELECT 1 FROM known WHERE md5 = ?"
    join = "SELECT count(*) FROM queries CROSS JOIN known ON known.md5 = queries.md5"
    by_statement = lambda: sum(connection.execute(statement, row).fetchone() is not None for row in rows)
    by_join = lambda: connection.execute(join).fetchone()[0]
    if by_statement() != hits:  # warm, and sure that all answer the same
        sys.exit("SQLite found another number")

    try:
        import numpy
    except ImportError:
        numpy = None
        print("SKIPPED: NumPy is absent (pip install numpy)")
    if numpy:
        with open(folder / "list.md5", "rb") as file:
            known = numpy.frombuffer(bytes.fromhex(file.read().decode().replace("\n", "")), "S16")
        queries = numpy.fromfile(folder / "sorted.raw", "S16")
        head = lambda array: array.view(">u8")[::2].astype("u8")
        arrays = {"S16": (numpy.sort(known), queries), "uint64, first 8 bytes": (numpy.sort(head(known)), head(queries))}
        search = lambda known, queries: int((known[numpy.minimum(numpy.searchsorted(known, queries), len(known) - 1)] == queries).sum())

    lookups, ordered, most, opening = Table("lookups, in no order"), Table("lookups, sorted"), 0.0, []
    for _ in range(rounds):
        for name, table in (("queries", lookups), ("sorted", ordered)):
            found, anonymous = ours(folder, name, hits)
            most = max(most, anonymous)
            opening.append(found["open"][0])
            # The first time the blocks are held against their checksums and the map is filled: the price of opening.
            table.add("forensic, contains_into, first time", *found["first"])
            table.add("forensic, contains_into, again", *found["again"])
            table.add("forensic, contains, one by one", *found["single"])
        for name, work in (("SQLite, a statement each", by_statement), ("SQLite, join", by_join)):
            wall, processor, answer = timed(work)
            assert answer == hits
            lookups.add(name, wall, processor)
        if hfind:
            with open(folder / "hfind.txt", "wb") as output:
                wall, processor, _, _ = program([hfind, "-f", folder / "queries.txt", folder / "list.md5"], output)
            lookups.add("hfind -f", wall, processor)
        for name, (known, queries) in arrays.items() if numpy else ():
            wall, processor, answer = timed(lambda: search(known, queries))
            assert answer == hits
            ordered.add(f"NumPy searchsorted, {name}", wall, processor)
    lookups.show()
    ordered.show()
    print(f"\nopening {statistics.median(opening) * 1000:.2f} ms, anonymous memory {most:.1f} MiB at most, the queries included")


if __name__ == "__main__":
    main()
