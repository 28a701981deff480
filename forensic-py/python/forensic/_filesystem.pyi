"""Filesystems: listings, lookup by path, unallocated space, and the second reader's opinion."""

import os
from typing import final
from typing_extensions import Self

from ._entry import Entry
from ._issue import Issue
from ._stream import Stream

@final
class FileSystem:
    """A filesystem on a volume, live and deleted. All its methods may be called from many threads."""

    @property
    def kind(self) -> str:
        """"fat12", "fat16", "fat32", "ntfs", "hfsplus", "apfs"."""

    @property
    def label(self) -> str:
        """The volume label; "" where there is none."""

    @property
    def serial(self) -> str:
        """The volume serial number as the system prints it, in lower-case hex; "" where there is none."""

    @property
    def offset(self) -> int:
        """Byte offset of the filesystem on the medium."""

    @property
    def size(self) -> int:
        """Bytes the filesystem says it spans."""

    @property
    def cluster_size(self) -> int:
        """Bytes a cluster."""

    @property
    def caps(self) -> frozenset[str]:
        """What this reader can tell ("deleted", "extents", "slack", "streams", …), so that "none found" and "not
        implemented" differ.
        """

    @property
    def issues(self) -> list[Issue]:
        """What could not be read so far, in order of offset."""

    @property
    def entry_count(self) -> int:
        """Number of entries: the positions `walk` goes through. The first call reads all metadata."""

    def walk(self, *, deleted: bool = True, start: int = 0, end: int | None = None) -> Walk:
        """Iterates over all entries, the root's children first, then theirs, level by level, orphans last; always in
        the same order. With deleted=False only live ones. `start` is the `cursor` of an earlier walk to go on from;
        with `end`, the positions 0 to `entry_count` can be split over threads. A bad entry never ends it: see
        `issues`.
        """

    def entry(self, path: str) -> Entry:
        """The entry with this path ("/DCIM/IMG_1.JPG"); of several, the live one.

        Raises LookupError where there is none.
        """

    def unallocated(self) -> Stream:
        """A stream over all unallocated clusters, in volume order; its `extents` tell where they are."""

    def slack(self) -> Stream:
        """A stream over the volume slack: the bytes of the volume behind the end of the filesystem."""

    def write_bodyfile(self, path: str | os.PathLike[str], *, prefix: str = "", utc_offset: int = 0) -> None:
        """Writes the timeline into a new file, as a bodyfile (version 3) that mactime reads. `prefix` is put before
        every path. `utc_offset` is how many seconds local time was ahead of UTC on the machine that wrote the medium,
        for filesystems that store local time.
        """

    def cross_check(self) -> CrossCheck:
        """Reads the volume with an independent second reader and compares the live listing and contents.

        Raises UnsupportedError where there is no second reader for this filesystem.
        """


@final
class Walk:
    """Iterates over the entries of a filesystem. Threads may share it: each entry is given once."""

    def __iter__(self) -> Self: ...

    def __next__(self) -> Entry: ...

    @property
    def cursor(self) -> int:
        """The position to resume at: `fs.walk(start=cursor)`."""


@final
class CrossCheck:
    """What a second, independent reader makes of the same volume."""

    @property
    def agrees(self) -> bool:
        """True where both readers say the same, but for differences explained by a known limit of the second reader."""

    @property
    def reader(self) -> str:
        """The second reader and its version."""

    @property
    def compared(self) -> int:
        """Live entries compared."""

    @property
    def differences(self) -> list[Difference]:
        """Every disagreement, in order of path."""


@final
class Difference:
    """A disagreement between two readers."""

    @property
    def path(self) -> str:
        """The path concerned."""

    @property
    def what(self) -> str:
        """What differs: "missing", "extra", "size", "content", "error"."""

    @property
    def ours(self) -> str:
        """What this library says."""

    @property
    def theirs(self) -> str:
        """What the second reader says."""

    @property
    def known_limit(self) -> str:
        """Where the second reader is known to be wrong, the reason; "" otherwise."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
