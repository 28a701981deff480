"""Digests of streams, all asked-for algorithms in one pass."""

from collections.abc import Iterable, Iterator
from typing import final
from typing_extensions import Buffer, Self

from ._source import Source

@final
class Hasher:
    """Computes digests of bytes given piece by piece."""

    def __new__(cls, algorithms: Iterable[str] | str = ("md5", "sha1", "sha256", "blake3")) -> Self: ...

    def update(self, data: Buffer) -> None:
        """Takes the next bytes."""

    def digests(self) -> Digests:
        """The digests of all bytes given so far."""


@final
class Digests:
    """The digests of one stream; those that were asked for. `dict(digests)` has them by name."""

    @property
    def md5(self) -> str | None:
        """MD5 in lower-case hex, or None."""

    @property
    def sha1(self) -> str | None:
        """SHA-1 in lower-case hex, or None."""

    @property
    def sha256(self) -> str | None:
        """SHA-256 in lower-case hex, or None."""

    @property
    def blake3(self) -> str | None:
        """BLAKE3 in lower-case hex, or None."""

    @property
    def sha512(self) -> str | None:
        """SHA-512 in lower-case hex, or None."""

    @property
    def sha3_256(self) -> str | None:
        """SHA3-256 in lower-case hex, or None."""

    @property
    def crc32(self) -> str | None:
        """CRC-32 as ZIP and gzip have it, in lower-case hex, or None."""

    @property
    def ed2k(self) -> str | None:
        """ED2K in lower-case hex, or None. Where the size is a multiple of a chunk of 9,728,000 bytes, an empty chunk
        stands behind the last one, as eMule has it.
        """

    def keys(self) -> list[str]:
        """The names of the digests that were asked for."""

    def __getitem__(self, name: str, /) -> str: ...

    def __contains__(self, name: str, /) -> bool: ...

    def __iter__(self) -> Iterator[str]: ...

    def __len__(self) -> int: ...

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...


def hash(source: Source, algorithms: Iterable[str] | str = ("md5", "sha1", "sha256", "blake3")) -> Digests:
    """Digests of a whole source in one pass.

    `source` is a path, bytes, a seekable binary file object, a Stream, or an Entry (its main stream). Algorithms:
    "md5", "sha1", "sha256", "blake3", "sha512", "sha3-256", "crc32", "ed2k"; an unknown name is a ValueError.
    """


def hash_many(
    sources: Iterable[Source],
    algorithms: Iterable[str] | str = ("md5", "sha1", "sha256", "blake3"),
    *,
    threads: int | None = None,
) -> list[Digests]:
    """Digests of many sources, in their order, on `threads` threads (None: as many as the machine runs at once): the
    fast way for many files. Sources as for `hash`; one that cannot be read raises.
    """
