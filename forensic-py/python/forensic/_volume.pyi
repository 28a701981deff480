"""Volumes: the partitions of a medium, and the gaps between them."""

from typing import final

from ._filesystem import FileSystem
from ._stream import Stream

@final
class Volume:
    """A partition, or a gap between partitions."""

    @property
    def index(self) -> int:
        """Position in medium order, from 0, gaps counted."""

    @property
    def scheme(self) -> str:
        """The partition table it stands in: "mbr", "gpt", "apm", or "none"."""

    @property
    def type(self) -> str:
        """What the partition table says it holds, or, where that says nothing, what was recognised in it;
        "unallocated" for a gap.
        """

    @property
    def label(self) -> str:
        """Its name in the partition table; "" where it has none."""

    @property
    def offset(self) -> int:
        """Byte offset on the medium."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def allocated(self) -> bool:
        """False for a gap."""

    def stream(self) -> Stream:
        """A stream over the volume."""

    def filesystem(self) -> FileSystem | None:
        """The filesystem on the volume; None where none is recognised.

        Raises UnsupportedError for one that is recognised but not read, CorruptError for one too damaged to open.
        """
