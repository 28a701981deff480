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
        """0 to 100 where the algorithm grades pictures (PDQ), else None. Below 50 PDQ has little to tell a picture by."""

    @property
    def decoded(self) -> float:
        """Share of the picture that decoded, 0 to 1."""

    @property
    def pipeline(self) -> str:
        """How the pixels came to the algorithm: "array", "threatexchange-file"."""

    @property
    def scale(self) -> int:
        """Side of the blocks of pixels that were hashed by their means: 1, 2, 4 or 8."""

    @property
    def within_border(self) -> ImageHash | None:
        """PDQ: the hash of what is within the border of one colour around the picture; None where there is no border. A
        framed picture is found by no hash of the whole: look this one up, too.
        """

    def dihedral(self) -> list[ImageHash]:
        """PDQ: the hashes of the picture as it is; turned by 90, 180 and 270 degrees; upside down; left to right;
        mirrored along each diagonal.

        Raises ValueError for other algorithms.
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
    picture: a PIL image, or a NumPy array uint8 of shape (height, width, 3), or (height, width) where it is grey.
    Algorithms: "pdq", equal to Meta's; "mean", "gradient", "vert_gradient", "double_gradient", "median", "blockhash",
    with the bits of the crate image_hasher 3, where `dct` applies a discrete cosine transform first; "phash", "dhash",
    "ahash", "whash", with the bits of PyPI ImageHash. `hash_size` squared is the number of bits (twice that for
    double_gradient; PDQ has 256). `partial` hashes what decodes of a cut or damaged picture (see `.decoded`). For PDQ
    alone: `pipeline` "threatexchange-file" first makes a large picture one of 512 x 512, as Meta's own programs do with
    files; `scale` 2, 4, 8 decodes the means of so many pixels of a JPEG, "auto" as few as leave 256 to the shorter side.

    Raises FormatError where there is no picture, CorruptError where it does not decode, LimitError where it is too
    large.
    """
