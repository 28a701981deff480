"""Evidence: a disk image in any container, opened read-only."""

from collections.abc import Sequence
from typing import final
from typing_extensions import Self

from ._extent import Extent
from ._filesystem import FileSystem
from ._issue import Issue
from ._limits import Limits
from ._progress import Progress
from ._source import PathArgument, Source
from ._stream import Stream
from ._verification import Verification
from ._volume import Volume

@final
class Evidence:
    """A medium under examination; made by `forensic.open`. All its methods may be called from many threads."""

    @property
    def format(self) -> str:
        """The container: "raw", "split", "ewf". Bytes of no known container are "raw"."""

    @property
    def size(self) -> int:
        """Bytes of the medium."""

    @property
    def sector_size(self) -> int:
        """Bytes a sector, as the container says, otherwise 512."""

    @property
    def metadata(self) -> dict[str, str]:
        """What the container says about the case and the acquisition."""

    @property
    def stored_hashes(self) -> dict[str, str]:
        """Digests stored at acquisition: {"md5": "…", "sha1": "…"}, hex in lower case."""

    @property
    def unreadable_ranges(self) -> list[Extent]:
        """Ranges that could not be read: at acquisition, and since, where unreadable="zero" gave zeros."""

    @property
    def issues(self) -> list[Issue]:
        """What was passed over in the container and the partition tables so far."""

    def verify(self, progress: Progress | None = None) -> Verification:
        """Reads the whole medium and compares its digests with those stored at acquisition. Bytes that cannot be read
        are reported and do not end it. `progress(done, total)` counts bytes; returning False raises CancelledError.
        """

    def stream(self) -> Stream:
        """A stream over the whole medium."""

    def volumes(self) -> list[Volume]:
        """The volumes of the medium and the gaps between them, in medium order. A bare filesystem is one volume with
        the scheme "none".
        """

    def filesystems(self) -> list[FileSystem]:
        """The filesystem of every volume that has one this library reads; one that cannot be opened is an issue."""

    def close(self) -> None:
        """Lets go of the evidence. What was made from it (volumes, filesystems, entries, streams) works as long as it
        is kept, and keeps the files open.
        """

    @property
    def closed(self) -> bool:
        """True after `close`."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_exception: object) -> None: ...


def open(
    path: Source | Sequence[PathArgument],
    *,
    unreadable: str = "raise",
    limits: Limits | dict[str, int] | None = None,
) -> Evidence:
    """Opens a disk image read-only. The container is found by its content, never by its name.

    `path` is a str or os.PathLike (further segments are found beside it), a list of the paths of all segments, a
    seekable binary file object (which stays open), or bytes. Where the medium cannot be read, `unreadable="raise"`
    makes the read fail, "zero" gives zeros and records the range in `Evidence.unreadable_ranges`. `limits` is a
    `Limits` or a dict of bounds.

    Raises OSError where a file cannot be opened, CorruptError for a damaged container, UnsupportedError for one that
    is recognised but not read.
    """
