"""Digests of the pieces of a stream."""

from collections.abc import Iterable
from typing import final
from typing_extensions import Self

from ._hash import Digests
from ._source import Source

@final
class Pieces:
    """The pieces of a source in order, each with its digests."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> Piece: ...


@final
class Piece:
    """One piece of a source."""

    @property
    def offset(self) -> int:
        """Byte offset in the source."""

    @property
    def length(self) -> int:
        """Bytes: the size of pieces, or fewer at the end."""

    @property
    def is_null(self) -> bool:
        """True where every byte is zero: the null block, which says nothing of any file."""

    @property
    def digests(self) -> Digests:
        """Its digests."""


def hash_pieces(
    source: Source, size: int, algorithms: Iterable[str] | str = ("md5", "sha1", "sha256", "blake3")
) -> Pieces:
    """The digests of each piece of `size` bytes of a source, its sectors or clusters; the last piece may be shorter. Sources
    as for `hash`.

    Where a piece cannot be read, the iterator raises, and goes on behind it.
    """
