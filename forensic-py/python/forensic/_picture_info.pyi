"""What a picture file says of its picture, and the frames of animations and videos."""

from collections.abc import Iterator
from typing import Any, final

from ._issue import Issue
from ._limits import Limits
from ._source import Source

@final
class Gps:
    """Where and when a picture was taken. What is missing or impossible is None."""

    @property
    def latitude(self) -> float | None:
        """Degrees, north positive."""

    @property
    def longitude(self) -> float | None:
        """Degrees, east positive."""

    @property
    def altitude(self) -> float | None:
        """Metres above the sea (below: negative)."""

    @property
    def timestamp(self) -> str | None:
        """UTC, as in "2024-05-17T08:30:15Z"."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...


@final
class PictureInfo:
    """What a picture file says of its picture."""

    @property
    def format(self) -> str:
        """The format: "jpeg", "png", "cr2", ..."""

    @property
    def width(self) -> int:
        """Width in pixels, as stored (before any rotation); of a camera raw, that of its largest preview. 0 where the
        header that tells is lost.
        """

    @property
    def height(self) -> int:
        """Height in pixels."""

    @property
    def maker(self) -> str | None:
        """The maker of the camera."""

    @property
    def exif(self) -> dict[str, str]:
        """EXIF: names as in the standard ("Make", "DateTimeOriginal"; of other tags, their number), and values in
        writing.
        """

    @property
    def gps(self) -> Gps | None:
        """Where and when the picture was taken."""

    @property
    def xmp(self) -> str | None:
        """The XMP packet."""

    @property
    def xmp_properties(self) -> dict[str, str]:
        """The simple properties of the XMP packet, by names with the prefix it uses ("dc:creator")."""

    @property
    def iptc(self) -> dict[str, list[str]]:
        """IPTC-IIM: names of datasets ("Keywords"), and their values in order."""

    @property
    def thumbnail(self) -> bytes | None:
        """The smallest picture inside the file, a file of its own."""

    @property
    def thumbnails(self) -> list[tuple[int, bytes]]:
        """All pictures inside the file: the offset of each in the source, and its bytes, in order of offset."""

    @property
    def issues(self) -> list[Issue]:
        """What is damaged."""


@final
class Frame:
    """A frame of an animation or a video. `numpy.asarray(frame)` is an array uint8 of shape (height, width, 3)."""

    @property
    def number(self) -> int:
        """Its number, the first being 0."""

    @property
    def seconds(self) -> float:
        """When it is shown, in seconds from the first on."""

    @property
    def width(self) -> int:
        """Width in pixels."""

    @property
    def height(self) -> int:
        """Height in pixels."""

    @property
    def rgb(self) -> bytes:
        """Red, green and blue of each pixel, row by row from the top."""

    @property
    def __array_interface__(self) -> dict[str, Any]: ...


@final
class Frames:
    """An iterator over frames."""

    def __iter__(self) -> Iterator[Frame]: ...
    def __next__(self) -> Frame: ...


def picture_info(source: Source, *, limits: Limits | dict[str, int] | None = None) -> PictureInfo:
    """What the picture file in `source` says of its picture: format, size, EXIF, XMP, IPTC, where it was taken, and the
    thumbnails inside. No pixel is decoded.

    Of JPEG, TIFF and camera raws, PNG, WebP, HEIC and AVIF, JPEG XL and PSD; of GIF, size and XMP; of BMP, ICO and PNM,
    the size.

    Raises FormatError where there is no picture, CorruptError where neither its size nor any metadata can be read.
    """

def frames(source: Source, *, limits: Limits | dict[str, int] | None = None) -> Frames:
    """The frames of an animation or a video: GIF, APNG, animated WebP, sequences of AVIF, Motion JPEG in AVI, QuickTime
    and MP4. A picture that does not move is one frame.

    An iterator that decodes one frame at a time. A frame that does not decode raises CorruptError from `next`, and the
    next call gives what follows, where the format allows (GIF, AVI, QuickTime).

    Raises FormatError where it is nothing of these, UnsupportedError where the video is coded otherwise.
    """
