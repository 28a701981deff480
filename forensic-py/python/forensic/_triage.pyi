"""Triage: every file of every volume, live and deleted, hashed, looked up and recorded."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, final
from typing_extensions import Self

from ._extent import Extent
from ._hash_index import HashIndex
from ._issue import Issue
from ._known import HashSet
from ._progress import Progress
from ._source import PathArgument, Source

@final
class Report:
    """What a triage found."""

    @property
    def summary(self) -> dict[str, int]:
        """What was counted, by name: "volumes", "filesystems", "records", "live", "deleted", "carved",
        "bytes_hashed", "pictures", "known", "notable", "known_good", "similar", "repeated",
        "issues".
        """

    @property
    def account(self) -> list[tuple[str, int]]:
        """What each byte of the medium is, exactly once: pairs of a class and its bytes, which sum to the size of the
        medium. Classes: "unread", "live", "slack", "deleted" (intact), "partition", "carved", "metadata", "fill",
        "unexplained".
        """

    def account_extents(self, class_name: str, /) -> list[Extent]:
        """Where the bytes of a class of the account lie, in medium order. An unknown class is a ValueError."""

    @property
    def issues(self) -> list[Issue]:
        """What could not be read of the evidence, its volumes and filesystems."""

    @property
    def records(self) -> Records:
        """A new iterator over the records: one a stream, in a fixed order."""

    @property
    def ranked(self) -> Records:
        """A new iterator over the records in the order in which to look at them: what is notable first, then what a set
        lists, then what is similar to a picture of an index, then what nothing is known of, and last what is known to be
        good.
        """

    def write(self, path: PathArgument, format: str) -> None:
        """Writes all records into a file; `format` is "jsonl" or "csv"."""


@final
class Records:
    """Iterates over the records of a report."""

    def __iter__(self) -> Self: ...

    def __next__(self) -> Record: ...

    def __length_hint__(self) -> int: ...


@final
class Record:
    """What is known of one stream of one entry. Its attributes are the keys of its JSON form, with the same values.
    """

    @property
    def id(self) -> int:
        """Position in the output, from 0."""

    @property
    def source(self) -> str:
        """Where it was found: "filesystem"."""

    @property
    def volume(self) -> int | None:
        """Index of the volume."""

    @property
    def volume_offset(self) -> int | None:
        """Byte offset of the volume on the medium."""

    @property
    def filesystem(self) -> str | None:
        """Kind of the filesystem: "ntfs", "fat32"."""

    @property
    def path(self) -> str | None:
        """Path in the filesystem."""

    @property
    def name(self) -> str | None:
        """Last part of the path."""

    @property
    def stream(self) -> str | None:
        """Name of the stream, "" being the main one; None for a directory itself."""

    @property
    def entry_id(self) -> int | None:
        """`id` of the entry in its filesystem."""

    @property
    def parent_id(self) -> int | None:
        """`id` of its directory."""

    @property
    def kind(self) -> str | None:
        """"file", "directory", "symlink", "other"."""

    @property
    def status(self) -> str | None:
        """"allocated", "deleted", "orphan", "unlisted"; of a carved file "complete", "fragmented", "truncated", "damaged"."""

    @property
    def target(self) -> str | None:
        """Where a symbolic link leads."""

    @property
    def recoverability(self) -> str | None:
        """"intact", "partial", "overwritten", "unknown"; None for live entries."""

    @property
    def recoverability_reason(self) -> str | None:
        """Why."""

    @property
    def size(self) -> int | None:
        """Bytes of the stream."""

    @property
    def created(self) -> str | None:
        """RFC 3339 text; without an offset where the filesystem stores local time."""

    @property
    def modified(self) -> str | None:
        """As `created`."""

    @property
    def accessed(self) -> str | None:
        """As `created`."""

    @property
    def changed(self) -> str | None:
        """As `created`."""

    @property
    def attributes(self) -> dict[str, Any]:
        """What else the filesystem says."""

    @property
    def extents(self) -> list[list[Any]]:
        """Where the stream lies: lists of stream_offset, offset or None, length, kind, inferred."""

    @property
    def md5(self) -> str | None:
        """Lower-case hex; None where the content could not be read in full."""

    @property
    def sha1(self) -> str | None:
        """As `md5`."""

    @property
    def sha256(self) -> str | None:
        """As `md5`."""

    @property
    def blake3(self) -> str | None:
        """As `md5`."""

    @property
    def type(self) -> str | None:
        """Type of the content by its signature: "jpeg", "png", "mp4"."""

    @property
    def picture(self) -> dict[str, Any] | None:
        """Of a picture that decodes: dict of width, height, decoded."""

    @property
    def perceptual(self) -> list[dict[str, Any]]:
        """Perceptual hashes of a picture: dicts of algorithm, version, pipeline, hex, quality."""

    @property
    def known(self) -> list[dict[str, Any]]:
        """What the hash sets say: dicts of set_name, scheme, category, name, possible."""

    @property
    def similar(self) -> list[dict[str, Any]]:
        """Similar pictures of given indexes: dicts of index, key, algorithm, version, distance, threshold, quality."""

    @property
    def parent(self) -> int | None:
        """`id` of the record that holds this one."""

    @property
    def same_as(self) -> int | None:
        """`id` of the first record with the same SHA-256."""

    @property
    def issues(self) -> list[str]:
        """What could not be read: texts."""

    @property
    def standing(self) -> Literal["notable", "listed", "known_good"] | None:
        """What the most urgent of its hits means: "notable" (a set puts it in a category of illegal material), "listed" (a
        set lists it and says no more), "known_good" (NSRL and the like); None where no set knows it.
        """

    def to_json(self) -> str:
        """The record as one JSON object, keys in a fixed order, null where a value is absent."""

    def to_dict(self) -> dict[str, Any]:
        """The record as a new dict."""


def triage(
    path: Source | Sequence[PathArgument],
    *,
    output: PathArgument | None = None,
    carve: bool = True,
    hash_sets: Sequence[HashSet] = (),
    picture_indexes: Sequence[HashIndex | PathArgument] | Mapping[str, HashIndex | PathArgument] = (),
    skip_known_good: bool = True,
    algorithms: Iterable[str] | str = ("md5", "sha1", "sha256", "blake3"),
    perceptual: Sequence[str] = ...,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Report:
    """Runs a triage: every stream of every entry of every volume, live and deleted, hashed, looked up in `hash_sets`,
    pictures hashed perceptually and looked up in `picture_indexes`; with `carve`, also every file found by its
    structure where no file in use is. Damage never ends it: see `Report.issues` and `Record.issues`.

    `picture_indexes` are HashIndex objects or paths of such; a mapping gives them the names that `Record.similar` has.
    Each hash is looked up, in all turns and mirrors and without a border, in those of its algorithm and length, for
    what differs in less than an eighth of its bits.

    Pictures that no set calls anything but good (NSRL) are not decoded, unless `skip_known_good` is False.

    `path` is Evidence or what `open` takes. `output` is a file to write records into while it runs: JSON lines, or
    CSV if its name ends in ".csv". `perceptual` names the algorithms of perceptual hashes. The records are the same,
    byte for byte, on any number of `threads`. `progress(done, total)` counts entries; returning False raises
    CancelledError.
    """
