"""Where bytes lie on the medium."""

from typing import final

@final
class Extent:
    """A piece of a stream and the place of its bytes on the medium."""

    @property
    def stream_offset(self) -> int:
        """Byte offset in the stream."""

    @property
    def offset(self) -> int | None:
        """Byte offset on the medium; None where no byte of the medium stands behind it (sparse)."""

    @property
    def length(self) -> int:
        """Number of bytes of the stream."""

    @property
    def kind(self) -> str:
        """"data", "sparse", "resident" or "compressed"."""

    @property
    def inferred(self) -> bool:
        """True where the place was guessed (a deleted FAT chain) and not read from metadata."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...
