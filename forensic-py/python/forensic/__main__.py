"""The library for the shell: `python -m forensic ls | cat | carve | hash | timeline | verify | triage`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from typing import Any, Callable, Iterable

import forensic

FAILED = 2
"""Exit code of a command that could not do its work; 1 says it did, and the answer is no."""

LARGEST_SPARSE = forensic.Limits().sparse_bytes


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; gives its exit code."""
    options = parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        # Names come from evidence: they are written as UTF-8 whatever the terminal is set to.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Who reads the output has seen enough. Python would complain again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except (forensic.ForensicError, OSError, LookupError, ValueError) as error:
        complain(error)
        return FAILED


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m forensic", description=(forensic.__doc__ or "").splitlines()[0])
    top.add_argument("--version", action="version", version=forensic.__version__)
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    ls = commands.add_parser("ls", help="list every entry of every filesystem")
    ls.add_argument("image")
    ls.add_argument("--format", choices=["table", "jsonl"], default="table")
    ls.add_argument("--no-deleted", action="store_true", help="only what is in use")
    ls.set_defaults(run=run_ls)

    cat = commands.add_parser("cat", help="write the content of a file to the standard output")
    cat.add_argument("image")
    cat.add_argument("path")
    cat.add_argument("--stream", default="", help="name of an alternate stream")
    cat.add_argument("--volume", type=int, help="index of the volume (default: the first that has the path)")
    cat.set_defaults(run=run_cat)

    carve = commands.add_parser("carve", help="find files by their structure alone, deleted ones too")
    carve.add_argument("image")
    carve.add_argument("--unallocated", action="store_true", help="only where no file in use is")
    carve.add_argument("--types", help="types to report, by commas (default: all)")
    carve.add_argument("--nested", action="store_true", help="what lies inside another as well")
    carve.add_argument("--align", type=int, default=1, help="files begin at multiples of so many bytes (default: 1)")
    carve.add_argument("--cluster-size", type=int, help="bytes of a cluster, where known")
    carve.add_argument("--threads", type=int)
    carve.add_argument("--format", choices=["table", "jsonl"], default="table")
    carve.add_argument("-o", "--output", metavar="FOLDER", help="write each file into this new folder")
    carve.set_defaults(run=run_carve)

    hashes = commands.add_parser("hash", help="digests of files, as md5sum (one algorithm) or hashdeep write them")
    hashes.add_argument("files", nargs="+", metavar="FILE")
    hashes.add_argument("-a", "--algorithms", default="md5,sha256", help="md5, sha1, sha256, blake3, sha512, sha3-256, crc32, ed2k")
    hashes.set_defaults(run=run_hash)

    timeline = commands.add_parser("timeline", help="every time of every entry, as a bodyfile for mactime")
    timeline.add_argument("image")
    timeline.add_argument("--prefix", default="", help="text put before every path")
    timeline.add_argument(
        "--utc-offset", type=float, default=0, metavar="HOURS", help="what local time (FAT) was ahead of UTC"
    )
    timeline.set_defaults(run=run_timeline)

    verify = commands.add_parser("verify", help="compare an image with the digests stored in it")
    verify.add_argument("image")
    verify.set_defaults(run=run_verify)

    triage = commands.add_parser("triage", help="hash, look up and record every file")
    triage.add_argument("image")
    triage.add_argument("-o", "--output", required=True, help="JSON lines, or CSV if it ends in .csv")
    triage.add_argument("--known", nargs="+", default=[], metavar="LIST", help="lists of known digests")
    triage.add_argument("--no-carve", action="store_true", help="only what filesystems list")
    triage.add_argument("--threads", type=int)
    triage.set_defaults(run=run_triage)
    return top


def run_ls(options: argparse.Namespace) -> int:
    with forensic.open(options.image) as evidence:
        filesystems = evidence.filesystems()
        for filesystem in filesystems:
            if options.format == "table":
                print(f"# {filesystem.kind} at byte {filesystem.offset}")
            for entry in filesystem.walk(deleted=not options.no_deleted):
                print(json_line(entry, filesystem) if options.format == "jsonl" else table_line(entry))
            complain_all(filesystem.issues)
        complain_all(evidence.issues)
    if not filesystems:
        complain("no filesystem was recognised")
    return 0 if filesystems else 1


def table_line(entry: forensic.Entry) -> str:
    modified = entry.modified.strftime("%Y-%m-%d %H:%M:%S") if entry.modified else "-"
    grade = entry.recoverability or "-"
    return f"{entry.status:<9} {grade:<11} {entry.kind:<9} {entry.size:>12} {modified:<19} {printable(entry.path)}"


def json_line(entry: forensic.Entry, filesystem: forensic.FileSystem) -> str:
    named = [{"name": s.name, "size": s.size, "md5": md5(entry, s.name)} for s in entry.streams if s.name]
    fields = {
        "path": entry.path,
        "status": entry.status,
        "kind": entry.kind,
        "size": entry.size,
        "md5": md5(entry, "") if entry.kind == "file" else None,
        "recoverability": entry.recoverability,
        "reason": entry.recoverability_reason,
        "id": entry.id,
        "target": entry.target,
        "streams": named,
        "extents": extents(entry),
        "volume_offset": filesystem.offset,
    }
    return json.dumps(fields, ensure_ascii=False)


def md5(entry: forensic.Entry, stream: str) -> str | None:
    """The MD5 of a stream; None where its content cannot be read in full, or is zeros without end."""
    try:
        with entry.open(stream) as content:
            if sum(e.length for e in content.extents if e.kind == "sparse") > LARGEST_SPARSE:
                return None
            return forensic.hash(content, ["md5"]).md5
    except (forensic.ForensicError, OSError, LookupError):
        return None


def extents(entry: forensic.Entry) -> list[list[int | None]]:
    try:
        return [[extent.offset, extent.length] for extent in entry.extents()]
    except (forensic.ForensicError, OSError, LookupError):
        return []


def run_cat(options: argparse.Namespace) -> int:
    with forensic.open(options.image) as evidence:
        entry = find(evidence, options.path, options.volume)
        with entry.open(options.stream) as content:
            shutil.copyfileobj(content, sys.stdout.buffer, 1 << 20)
    return 0


def find(evidence: forensic.Evidence, path: str, volume: int | None) -> forensic.Entry:
    for filesystem in filesystems(evidence, volume):
        try:
            return filesystem.entry(path)
        except LookupError:
            continue
    raise LookupError(f"there is no {path!r}")


def filesystems(evidence: forensic.Evidence, volume: int | None) -> Iterable[forensic.FileSystem]:
    if volume is None:
        return evidence.filesystems()
    volumes = evidence.volumes()
    if not 0 <= volume < len(volumes):
        raise LookupError(f"there is no volume {volume}; there are {len(volumes)}")
    filesystem = volumes[volume].filesystem()
    return [] if filesystem is None else [filesystem]


def run_carve(options: argparse.Namespace) -> int:
    with forensic.open(options.image) as evidence, Bar("carve") as bar:
        found = forensic.carve(
            evidence,
            types=options.types.split(",") if options.types else None,
            within="unallocated" if options.unallocated else "all",
            align=options.align,
            nested=options.nested,
            cluster_size=options.cluster_size,
            threads=options.threads,
            progress=bar,
        )
        if options.output:
            os.mkdir(options.output)
        for carved in found:
            print(carved_json(carved) if options.format == "jsonl" else carved_line(carved))
            if options.output:
                name = f"{carved.offset:012d}.{carved.type}"
                with open(os.path.join(options.output, name), "xb") as copy, carved.open() as content:
                    shutil.copyfileobj(content, copy, 1 << 20)
        complain_all(found.issues)
        complain_all(evidence.issues)
    return 0


def carved_line(carved: forensic.Carved) -> str:
    return f"{carved.offset:>15} {carved.size:>12} {carved.type:<10} {carved.status:<10} {carved.confidence:>3}"


def carved_json(carved: forensic.Carved) -> str:
    fields = {
        "type": carved.type,
        "offset": carved.offset,
        "size": carved.size,
        "status": carved.status,
        "confidence": carved.confidence,
        "damaged_at": carved.damaged_at,
        "extents": [[extent.offset, extent.length] for extent in carved.extents],
        "children": len(carved.children),
    }
    return json.dumps(fields)


def run_hash(options: argparse.Namespace) -> int:
    names = [name.strip() for name in options.algorithms.split(",") if name.strip()]
    # Asked once for all files, so that a wrong name is one complaint.
    columns = forensic.Hasher(names).digests().keys()
    if not columns:
        raise ValueError("no algorithm is given")
    if len(columns) > 1:
        print("%%%% HASHDEEP-1.0")
        print(f"%%%% size,{','.join(columns)},filename")
    code = 0
    for path in options.files:
        try:
            size, digests = os.path.getsize(path), forensic.hash(path, columns)
        except (forensic.ForensicError, OSError) as error:
            complain(error)
            code = FAILED
            continue
        if len(columns) > 1:
            print(",".join([str(size), *(digests[name] for name in columns), printable(path)]))
        else:
            print(sum_line(digests[columns[0]], path))
    return code


def sum_line(digest: str, path: str) -> str:
    """A line as md5sum writes it: a name with a line feed or backslash is escaped, and the line begins with one."""
    escaped = path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return f"{'' if escaped == path else chr(92)}{digest}  {escaped}"


def run_timeline(options: argparse.Namespace) -> int:
    with forensic.open(options.image) as evidence:
        for filesystem in evidence.filesystems():
            for entry in filesystem.walk():
                sys.stdout.write(entry.bodyfile(prefix=options.prefix, utc_offset=round(options.utc_offset * 3600)))
            complain_all(filesystem.issues)
        complain_all(evidence.issues)
    return 0


def run_verify(options: argparse.Namespace) -> int:
    with forensic.open(options.image) as evidence, Bar("verify") as bar:
        found = evidence.verify(bar)
    for name in sorted({*found.computed, *found.stored}):
        print(f"{name} computed {found.computed.get(name, '-')}")
        print(f"{name} stored   {found.stored.get(name, '-')}")
    for extent in found.bad_ranges:
        print(f"bad: {extent.length} bytes at byte {extent.offset}")
    print({True: "ok", False: "NOT OK", None: "nothing is stored to compare with"}[found.ok])
    return 0 if found.ok else 1


def run_triage(options: argparse.Namespace) -> int:
    hash_sets = [forensic.HashSet.build(options.known)] if options.known else []
    for hash_set in hash_sets:
        complain_all(hash_set.issues)
    with forensic.open(options.image) as evidence, Bar("triage") as bar:
        report = forensic.triage(
            evidence,
            output=options.output,
            carve=not options.no_carve,
            hash_sets=hash_sets,
            threads=options.threads,
            progress=bar,
        )
    for name, count in report.summary.items():
        print(f"{name}: {count}")
    complain_all(report.issues)
    return 0


class Bar:
    """Progress on the standard error, where that is a terminal."""

    WIDTH = 40

    def __init__(self, what: str) -> None:
        self.what = what
        self.shown = sys.stderr.isatty()

    def __enter__(self) -> Callable[[int, int], None] | None:
        return self.show if self.shown else None

    def __exit__(self, *_exception: Any) -> None:
        if self.shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def show(self, done: int, total: int) -> None:
        share = done / total if total else 1.0
        filled = "█" * int(share * self.WIDTH)
        print(f"\r{self.what} {filled:░<{self.WIDTH}} {share:4.0%}", end="", file=sys.stderr, flush=True)


def printable(text: str) -> str:
    """The text with control characters and changes of direction escaped: a name must not drive a terminal."""
    return "".join(c if c.isprintable() or c == " " else c.encode("unicode_escape").decode() for c in text)


def complain(problem: object) -> None:
    """One line on the standard error."""
    print(f"forensic: {printable(str(problem))}", file=sys.stderr)


def complain_all(problems: Iterable[object]) -> None:
    for problem in problems:
        complain(problem)


if __name__ == "__main__":
    sys.exit(main())
