"""Carving: files found by their structure alone."""

from collections.abc import Iterable
from typing import Literal, Union, final

from typing_extensions import Self

from ._extent import Extent
from ._filesystem import FileSystem
from ._issue import Issue
from ._limits import Limits
from ._progress import Progress
from ._source import Source
from ._stream import Stream

def carve(
    source: Union[Source, FileSystem],
    *,
    types: Iterable[str] | None = None,
    within: Literal["all", "unallocated"] = "all",
    align: int = 1,
    nested: bool = False,
    cluster_size: int | None = None,
    threads: int | None = None,
    limits: Limits | dict[str, int] | None = None,
    progress: Progress | None = None,
) -> Carving:
    """Finds files by their structure, at every byte offset, and gives them in order of offset; what lies inside another is
    in its `children`.

    `source` is Evidence, a FileSystem (its volume), a path of an image in any container, or a Stream, an Entry, bytes or a
    binary file, carved as they are. `within` "unallocated" looks only where no file in use is (of Evidence, a FileSystem
    or a path). `types` are the types reported, of `carve_types()`; a file begins at a multiple of `align` bytes; `nested`
    gives each child once more as a file of its own; `cluster_size` helps to join fragments and is taken from a
    FileSystem, or, for unallocated space of Evidence, from its filesystems where they agree. The files are the same on
    any number of `threads`. `progress(done, total)` counts bytes; returning False raises CancelledError.

    >>> import forensic
    >>> gif = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")
    >>> [(found.type, found.offset, found.size) for found in forensic.carve(bytes(512) + gif + bytes(99))]
    [('gif', 512, 35)]
    """

def carve_types() -> list[str]:
    """The types that can be carved, in alphabetical order."""

@final
class Carving:
    """Iterates over the files found, in order of offset. `len()` tells how many there are in all."""

    @property
    def issues(self) -> list[Issue]:
        """What could not be read of the source."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> Carved: ...
    def __len__(self) -> int: ...

@final
class Carved:
    """A file found by its structure."""

    @property
    def type(self) -> str:
        """The type of its content: "jpeg", "docx", "mp4"."""

    @property
    def offset(self) -> int:
        """Byte offset of its start on the medium."""

    @property
    def size(self) -> int:
        """Bytes."""

    @property
    def extents(self) -> list[Extent]:
        """Where its bytes lie on the medium, in the order of the file."""

    @property
    def status(self) -> str:
        """"complete", "fragmented" (whole, in more than one piece), "truncated" (a prefix is there) or "damaged" (its
        length is there, some bytes are not).
        """

    @property
    def confidence(self) -> int:
        """0 to 100: how sure it is that these bytes are one file of this type."""

    @property
    def damaged_at(self) -> int | None:
        """The first byte known to be wrong or missing, counted from the start of the file; None where there is none."""

    @property
    def children(self) -> list[Carved]:
        """Files inside this one (a thumbnail, a member, a frame), in order of offset."""

    def open(self) -> Stream:
        """Its bytes as a file object."""

    def read(self) -> bytes:
        """All its bytes."""
