"""Bounds on what hostile input can make the library do."""

from typing import final
from typing_extensions import Self

@final
class Limits:
    """Bounds that a caller may tighten or widen: `Limits(depth=64)`. The defaults fit real media; reaching a bound is
    a LimitError or an issue, never a silent cut.
    """

    def __new__(
        cls,
        *,
        depth: int = ...,
        entries: int = ...,
        runs: int = ...,
        partitions: int = ...,
        segments: int = ...,
        structure_bytes: int = ...,
        inflated_bytes: int = ...,
        sparse_bytes: int = ...,
        sweep_bytes: int = ...,
        mend_bytes: int = ...,
        pixels: int = ...,
        picture_bytes: int = ...,
        issues: int = ...,
    ) -> Self:
        """Bounds by name; the others keep their defaults."""

    @property
    def depth(self) -> int:
        """Directories within directories; deeper ones are listed as orphans."""

    @property
    def entries(self) -> int:
        """Entries of one filesystem."""

    @property
    def runs(self) -> int:
        """Extents (data runs, cluster runs) of one stream."""

    @property
    def partitions(self) -> int:
        """Partitions of one medium."""

    @property
    def segments(self) -> int:
        """Segment files of one image."""

    @property
    def structure_bytes(self) -> int:
        """Bytes of one structure read into memory at once."""

    @property
    def inflated_bytes(self) -> int:
        """Bytes of one compressed block once inflated."""

    @property
    def sparse_bytes(self) -> int:
        """Bytes of a stream that are not stored and read as zeros, for it to be hashed by a triage."""

    @property
    def sweep_bytes(self) -> int:
        """Bytes of unallocated space that the first listing searches for deleted names and records; 0 for a listing at once."""

    @property
    def mend_bytes(self) -> int:
        """Bytes that carving may read in looking for the rest of one broken file."""

    @property
    def pixels(self) -> int:
        """Width × height of a picture to decode."""

    @property
    def picture_bytes(self) -> int:
        """Bytes a picture decoder may allocate."""

    @property
    def issues(self) -> int:
        """Issues kept for one evidence or filesystem."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
