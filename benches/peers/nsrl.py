#!/usr/bin/env python3
"""Times the import of a database of the National Software Reference Library beside SQLite's own scan of it: nsrl.py [--rows N] [--rounds N].

The database is made on the first run (RDSv3, minimal, of 2026: random digests, names as software has them) and kept in build/bench.
SQLite's scan reads every column of every row, by its own program, sqlite3.
"""

import argparse
import random
import sqlite3
import statistics
import subprocess

import run

SCHEMA = """
CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, md5 VARCHAR NOT NULL, crc32 VARCHAR NOT NULL,
 file_name VARCHAR NOT NULL, file_size INTEGER NOT NULL, package_id INTEGER NOT NULL,
 CONSTRAINT PK_FILE__ID PRIMARY KEY (sha256, sha1, md5, crc32, file_name, file_size, package_id));
CREATE TABLE PKG (package_id INTEGER NOT NULL, name VARCHAR NOT NULL, version VARCHAR NOT NULL, operating_system_id INTEGER NOT NULL,
 manufacturer_id INTEGER NOT NULL, language VARCHAR NOT NULL, application_type VARCHAR NOT NULL);
CREATE TABLE VERSION (version VARCHAR NOT NULL PRIMARY KEY, build_set VARCHAR NOT NULL, build_date TIMESTAMP NOT NULL,
 release_date TIMESTAMP NOT NULL, description VARCHAR NOT NULL);
CREATE VIEW DISTINCT_HASH AS SELECT DISTINCT sha256, sha1, md5, crc32 FROM FILE;
"""
SCAN = "SELECT count(*), sum(length(sha256) + length(sha1) + length(md5) + length(crc32) + length(file_name) + file_size + package_id) FROM FILE NOT INDEXED"


def rows(count):
    chance = random.Random(11)
    stems = ["kernel", "setup", "readme", "icon", "module", "strings", "toolbar", "help", "license", "data"]
    kinds = ["dll", "exe", "txt", "png", "sys", "xml", "htm", "dat"]
    for number in range(count):
        text = chance.randbytes(72).hex().upper()
        name = f"{chance.choice(stems)}{number % 9973}.{chance.choice(kinds)}"
        yield text[:64], text[64:104], text[104:136], text[136:], name, chance.randrange(1 << 24), number // 400


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    run.WORK.mkdir(parents=True, exist_ok=True)
    database, made = run.WORK / f"nsrl-{arguments.rows}.db", run.WORK / "nsrl.set"
    if not database.exists():
        partial = database.with_suffix(".part")
        partial.unlink(missing_ok=True)
        connection = sqlite3.connect(partial)
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -2000000;" + SCHEMA)
        # In the order of the key, so that its index is written from one end to the other.
        connection.executemany("INSERT INTO FILE VALUES (?, ?, ?, ?, ?, ?, ?)", sorted(rows(arguments.rows)))
        connection.commit()
        connection.close()
        partial.rename(database)
    subprocess.run(["cat", database], stdout=subprocess.DEVNULL, check=True)
    programs = {"forensic (known.rs build)": [run.RELEASE / "known", "build", made, database], "sqlite3, scan of FILE": ["sqlite3", database, SCAN]}
    seen = {name: [] for name in programs}
    for _ in range(arguments.rounds):
        for name, command in programs.items():
            seen[name].append(run.timed(command))
    print(f"{arguments.rows} rows, {database.stat().st_size >> 20} MiB; the set has {made.stat().st_size / arguments.rows:.0f} bytes a row; {arguments.rounds} rounds interleaved")
    for name, runs in seen.items():
        wall, processor = (statistics.median(column) for column in list(zip(*runs))[:2])
        print(f"{name:<28} {wall:>7.2f} wall s {processor:>7.2f} processor s {arguments.rows / wall / 1e6:>6.2f} million rows a second {max(run[2] for run in runs):>6.0f} MiB")


if __name__ == "__main__":
    main()
