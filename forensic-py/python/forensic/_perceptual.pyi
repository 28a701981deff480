"""Perceptual hashes of pictures."""

from typing import final

from ._source import Picture

@final
class ImageHash:
    """The perceptual hash of a picture: `bytes(hash)`, `hash.hex()`, `hash.distance(other)`."""

    @property
    def algorithm(self) -> str:
        """The algorithm."""

    @property
    def version(self) -> str:
        """Version of the algorithm's implementation; hashes of different versions are not to be compared."""

    @property
    def bits(self) -> int:
        """Number of bits."""

    @property
    def quality(self) -> int | None:
        """0 to 100 where the algorithm grades pictures; None for those of this version."""

    @property
    def decoded(self) -> float:
        """Share of the picture that decoded, 0 to 1. A picture that does not decode in full has no hash in this
        version.
        """

    def hex(self) -> str:
        """The bits in lower-case hex."""

    def distance(self, other: ImageHash) -> int:
        """Number of bits that differ.

        Raises ValueError where the hashes are of different algorithms or lengths.
        """

    def __bytes__(self) -> bytes: ...

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...


def image_hash(
    source: Picture,
    algorithm: str = "pdq",
    *,
    partial: bool = False,
    pipeline: str = "array",
    scale: int | str = 1,
    hash_size: int = 8,
    dct: bool = False,
) -> ImageHash:
    """The perceptual hash of a picture.

    `source` is a path, bytes, a binary file object, a Stream or an Entry that holds a picture file; or a decoded
    picture: a PIL image, or a NumPy array uint8 of shape (height, width, 3). Algorithms: "mean", "gradient",
    "vert_gradient", "double_gradient", "median", "blockhash", with the bits of the crate image_hasher 3; `hash_size`
    squared is the number of bits (twice that for double_gradient), `dct` applies a discrete cosine transform first.
    "pdq", `partial`, and other pipelines and scales are not in this version: UnsupportedError.

    Raises FormatError where there is no picture, CorruptError where it does not decode, LimitError where it is too
    large.
    """
