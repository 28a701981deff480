"""Videos by the hashes of their frames."""

from collections.abc import Iterable
from typing import final
from typing_extensions import Self

from ._perceptual import ImageHash
from ._source import Picture, Source

@final
class VideoHash:
    """A video as vPDQ has it, by the PDQ of its frames; `str(video)` is the text of Meta's programs."""

    @staticmethod
    def parse(text: str) -> VideoHash:
        """From the text of Meta's programs: a line frame,quality,hash,seconds a frame. Raises CorruptError for another."""

    @property
    def frames(self) -> list[tuple[int, int, str, float]]:
        """The frames: tuples of number, quality, PDQ in hex, seconds."""

    def match(self, other: Self, *, max_distance: int = 31, min_quality: int = 50) -> tuple[float, float]:
        """How much of this video and another is alike: the percentage of this one's frames for which the other has one
        that differs in `max_distance` bits or fewer, and the other way round. Frames of a quality below `min_quality`
        are left out.
        """

    def contact_sheet(self, threshold: int = 31) -> list[tuple[int, int, str, float]]:
        """A contact sheet: the first frame, and each that differs in more than `threshold` bits from the one taken before
        it.
        """

    def __len__(self) -> int: ...

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...


def video_hash(frames: Iterable[tuple[float, Picture | ImageHash]] | Source) -> VideoHash:
    """The hash of a video: of an iterable of (seconds, frame), a frame being an ImageHash or a decoded picture (a PIL image
    or a NumPy array uint8 of shape (height, width, 3)); or of a source that holds an animation or a video that `frames`
    decodes. Meta's programs take a frame a second.
    """
