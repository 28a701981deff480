"""Entries: names in a filesystem, with all that is known of the files behind them."""

from datetime import datetime
from typing import final
from typing_extensions import Self

from ._extent import Extent
from ._issue import Issue
from ._stream import Stream
from ._timestamp import Timestamp

@final
class Entry:
    """A name in a filesystem, with all that is known of the file behind it. Self-contained: it can be read as long as
    it is kept, from any thread.
    """

    @property
    def path(self) -> str:
        """The path as text, from the root. What is no text, and "/" or NUL inside a name, is U+FFFD. A name may be
        ".." on hostile media: never join a path to a path of your own unchecked.
        """

    @property
    def name(self) -> str:
        """The last part of the path; "" where the name is lost."""

    @property
    def name_bytes(self) -> bytes:
        """The name as stored: UTF-16LE for NTFS and FAT long names, the volume's code page for FAT short names."""

    @property
    def id(self) -> int:
        """MFT record or inode number; position of a FAT or exFAT directory entry as its byte offset in the volume / 32."""

    @property
    def parent_id(self) -> int | None:
        """`id` of the directory; None where it is not known."""

    @property
    def kind(self) -> str:
        """"file", "directory", "symlink" or "other"."""

    @property
    def status(self) -> str:
        """"allocated", "deleted", "orphan" (deleted, and so is its directory) or "unlisted" (in use, but in no
        directory).
        """

    @property
    def recoverability(self) -> str | None:
        """How much of the content can be given back: "intact", "partial", "overwritten" or "unknown"; None for a live
        entry.
        """

    @property
    def recoverability_reason(self) -> str:
        """Why `recoverability` says what it says; "" for a live entry."""

    @property
    def target(self) -> str | None:
        """Where a symbolic link leads; None for anything else."""

    @property
    def size(self) -> int:
        """Bytes of the main stream; 0 for a directory without one."""

    @property
    def created(self) -> datetime | None:
        """When it came to be on this volume: aware (UTC) where the filesystem stores UTC, naive where it stores local
        time.
        """

    @property
    def modified(self) -> datetime | None:
        """When its content last changed; as `created`."""

    @property
    def accessed(self) -> datetime | None:
        """When it was last read; as `created`."""

    @property
    def changed(self) -> datetime | None:
        """When its metadata last changed; as `created`."""

    @property
    def timestamps(self) -> list[Timestamp]:
        """Every time the filesystem stores, the preferred source first."""

    def bodyfile(self, *, prefix: str = "", utc_offset: int = 0) -> str:
        """The entry's lines of a bodyfile (version 3), which mactime reads; see `FileSystem.write_bodyfile`."""

    @property
    def attributes(self) -> dict[str, bool | int | str | bytes]:
        """What else the filesystem says: DOS flags, compressed, encrypted, …"""

    @property
    def streams(self) -> list[StreamInfo]:
        """The streams; the main one, named "", first, on every file."""

    @property
    def issues(self) -> list[Issue]:
        """What could not be read of this entry."""

    def open(self, stream: str = "") -> Stream:
        """Opens a stream as a file object; "" is the main one.

        Raises LookupError where there is no such stream, CorruptError or UnsupportedError where its bytes cannot be
        had.
        """

    def read(self, stream: str = "") -> bytes:
        """All bytes of a stream.

        Raises what `open` raises, and LimitError for a stream of more bytes than the medium can hold: open it
        instead.
        """

    def extents(self, stream: str = "") -> list[Extent]:
        """Where a stream lies on the medium."""

    def slack(self) -> Stream:
        """A stream over the bytes between the end of the file and the end of its last cluster; empty where there are
        none.
        """


@final
class StreamInfo:
    """What is known of a stream without reading it."""

    @property
    def name(self) -> str:
        """Its name; "" is the main stream."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def resident(self) -> bool:
        """True where the content lies inside the metadata record."""

    @property
    def compressed(self) -> bool:
        """True where the content is stored compressed."""

    @property
    def sparse(self) -> bool:
        """True where parts are not stored and read as zeros."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
