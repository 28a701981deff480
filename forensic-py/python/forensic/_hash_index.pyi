"""The index of perceptual hashes, and groups of them."""

from collections.abc import Iterable
from typing import Any, Union, final

from typing_extensions import Buffer

from ._answer import Answer
from ._perceptual import ImageHash
from ._source import PathArgument

@final
class HashIndex:
    """Perceptual hashes of one algorithm and length, each under a key, looked up by distance. Threads may share it."""

    @staticmethod
    def build(
        items: Iterable[tuple[int | str, Union[ImageHash, Buffer]]],
        path: PathArgument | None = None,
        *,
        algorithm: str = "pdq",
    ) -> HashIndex:
        """Builds an index: in memory, or in a file at `path`. `items` is an iterable of (key, hash): a key is an int of 64
        bits or a str, a hash an ImageHash or its bytes, which are then of `algorithm`. All are of one algorithm and length,
        64 to 1,024 bits.

        Raises ValueError for a hash that does not go with those before it.
        """

    @staticmethod
    def merge(
        indexes: list[HashIndex], path: PathArgument | None = None, *, remove: Iterable[int | str] | None = None
    ) -> HashIndex:
        """Makes one index of several, without what is under the keys of `remove`: so hashes are added and deleted. In
        memory, or in a file at `path`, which may be that of one of them.
        """

    @staticmethod
    def open(path: PathArgument) -> HashIndex:
        """Opens an index that `build` wrote. The file is mapped, shared by all who have it open; it must not be changed
        meanwhile.

        Raises FormatError for what is no index, CorruptError for one that is cut or changed. The header and a few hashes
        are checked here, each block when it is first touched.
        """

    def verify(self) -> bool:
        """Reads all of the index and holds it against its checksums and itself: True, or CorruptError."""

    def __len__(self) -> int:
        """Number of hashes."""

    @property
    def algorithm(self) -> str | None:
        """The algorithm of the hashes; None where there is none."""

    @property
    def bits(self) -> int:
        """Bits of a hash."""

    def query(
        self, hash: Union[ImageHash, Buffer], max_distance: int = 31, *, min_quality: int | None = None
    ) -> Answer:
        """All hashes that differ from `hash` (an ImageHash or its bytes) in at most `max_distance` bits, nearest first, then
        by key. Hashes of a quality under `min_quality` (None: 50) neither ask nor answer: see `Answer.asked` and
        `Answer.gated`.

        Raises ValueError where the hash is of another algorithm or length, CorruptError for an index that was changed.
        """

    def query_many(
        self, hashes: Any, max_distance: int = 31, *, min_quality: int | None = None, threads: int | None = None
    ) -> list[Answer]:
        """What `query` says of each hash, on `threads` threads (None: all there are). `hashes` is an iterable of what
        `query` takes, a NumPy array uint8 of shape (n, bytes of a hash), or an Arrow array of binary.
        """


@final
class Match:
    """A hash near the one asked for."""

    @property
    def key(self) -> int | str:
        """What it stands for."""

    @property
    def distance(self) -> int:
        """Bits that differ."""

    @property
    def quality(self) -> int | None:
        """Its quality, 0 to 100; None where its algorithm does not grade pictures."""

    @property
    def algorithm(self) -> str:
        """The algorithm of both hashes."""

    @property
    def version(self) -> str:
        """The version of that."""

    @property
    def threshold(self) -> int:
        """The distance that was asked for."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...


@final
class Group:
    """Pictures that look like one of them."""

    @property
    def representative(self) -> Any:
        """The key of the hash that all others are near."""

    @property
    def members(self) -> list[Any]:
        """The keys of all of them: the representative first, then the nearest first."""

    @property
    def distances(self) -> list[int]:
        """In how many bits each member differs from the representative."""

    def __len__(self) -> int:
        """Number of members."""


def group(
    items: Iterable[tuple[Any, Union[ImageHash, Buffer]]],
    max_distance: int = 31,
    *,
    min_quality: int | None = None,
    algorithm: str = "pdq",
    threads: int | None = None,
) -> list[Group]:
    """Groups pictures that look alike. `items` is an iterable of (key, hash) as `HashIndex.build` takes, with keys of any type.

    Every hash that has another within `max_distance` bits is in exactly one group, and every member of a group is within
    that of its representative, which is the hash with the most near it. A hash whose neighbours are all in other groups is
    a group of its own; one that has none, or is of a quality under `min_quality` (None: 50), is in no group. Large groups
    come first.

    Raises ValueError for hashes that do not go together.
    """
