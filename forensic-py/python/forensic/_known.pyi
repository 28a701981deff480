"""Known files: lists of digests, looked up."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, final

from ._source import DigestArgument, PathArgument

@final
class HashSet:
    """Sets of known digests, looked up by digest. Threads may share it."""

    @staticmethod
    def build(
        inputs: PathArgument | Iterable[PathArgument], path: PathArgument | None = None, *, format: str | None = None
    ) -> HashSet:
        """Builds a set from lists of digests: in memory, or in a file at `path`, in less than a gigabyte of memory however
        many digests there are. `inputs` are the lists' paths, or a single path; a set is a list, too. `format` is found by
        content where it is None: "nsrl-sqlite", "nsrl-sql" (a delta), "nsrl-csv", "vics", "vics-case", "caid", "icse-csv", "hashdeep",
        "sums" (md5sum, sha1sum, …), "plain", "tsk-kdb", "tsk-idx", "encase-hash", "hashkeeper", "iped", "hashlookup-bloom", "set".

        Raises FormatError for a file that is no list; a row that cannot be read is in `issues`.
        """

    @staticmethod
    def open(path: PathArgument) -> HashSet:
        """Opens a set that `build` wrote. The file is mapped, shared by all who have it open; it must not be changed
        meanwhile.

        Raises FormatError for what is no set, CorruptError for one that is cut or changed. The header is checked here, each
        block when it is first touched.
        """

    def verify(self) -> bool:
        """Reads all of the set and holds it against its checksums: True, or CorruptError."""

    def write(self, path: PathArgument, format: str) -> WriteReport:
        """Writes the set as a list that other programs read, into a file that is made new: "vics", "vics-case", "caid",
        "icse-csv", "hashdeep", "sums" or "plain". What the format has no place for is told by the answer.
        """

    def __len__(self) -> int:
        """Number of distinct digests."""

    @property
    def sources(self) -> list[SetSource]:
        """The lists it was built from."""

    @property
    def issues(self) -> list[SetIssue]:
        """The rows that could not be read."""

    def lookup(self, digest: DigestArgument) -> list[Known]:
        """What the set says of a digest (hex text or bytes) or of any of `Digests`; [] when it is unknown."""

    def lookup_many(self, digests: Iterable[DigestArgument]) -> list[list[Known]]:
        """What the set says of each digest. `digests` is an iterable of what `lookup` takes, an Arrow array
        of digests in bytes or in hex, or a NumPy array uint8 of shape (n, 16 | 20 | 32).
        """

    def contains_many(self, digests: Iterable[DigestArgument]) -> Any:
        """True for each digest the set knows; digests as for `lookup_many`. For a NumPy array the answer is one, too.
        """


@final
class WriteReport:
    """What became of the records that were written."""

    @property
    def records(self) -> int:
        """Records written."""

    @property
    def skipped(self) -> int:
        """Records that the format cannot hold at all: in VICS those without an MD5."""

    @property
    def lost(self) -> dict[str, int]:
        """How many records lost a part of theirs, by its name, because the format has no place for it: "sha256", "category", …"""


@final
class Known:
    """What a set says of a digest. A pointer, not a verdict."""

    @property
    def set_name(self) -> str:
        """The set."""

    @property
    def scheme(self) -> str | None:
        """Whose categories `category` counts in; None where the set has none."""

    @property
    def category(self) -> str | None:
        """The category as read."""

    @property
    def name(self) -> str | None:
        """The file name the set gives."""

    @property
    def properties(self) -> dict[str, Any]:
        """What else the set says, under its own names; a size in bytes as "size"."""

    @property
    def standing(self) -> Literal["notable", "listed", "known_good"]:
        """What the hit means: "notable" (a category of illegal material), "listed" (no more is said), "known_good" (NSRL and the
        like).
        """

    @property
    def possible(self) -> bool:
        """True where the set can be wrong by construction (a Bloom filter)."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...


@final
class SetSource:
    """A list that a set was built from."""

    @property
    def path(self) -> Path:
        """The file."""

    @property
    def format(self) -> str:
        """"plain", "sums", "hashdeep", …"""

    @property
    def set_name(self) -> str:
        """What hits call it: the file's name."""

    @property
    def records(self) -> int:
        """Rows read from it."""


@final
class SetIssue:
    """A row of a list that could not be read."""

    @property
    def source(self) -> Path:
        """The file."""

    @property
    def position(self) -> int:
        """The line, the first being 1."""

    @property
    def message(self) -> str:
        """What is wrong with it."""
