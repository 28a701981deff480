"""Verification: the digests of the medium beside those stored at acquisition."""

from typing import final

from ._extent import Extent

@final
class Verification:
    """What `Evidence.verify` found."""

    @property
    def ok(self) -> bool | None:
        """True where every stored digest equals the computed one and all bytes could be read; False where one differs
        or bytes cannot be read; None where nothing is stored to compare with.
        """

    @property
    def computed(self) -> dict[str, str]:
        """The digests of the medium as it is now, by algorithm, in lower-case hex; empty where part of it cannot be
        read.
        """

    @property
    def stored(self) -> dict[str, str]:
        """The digests stored at acquisition."""

    @property
    def bad_ranges(self) -> list[Extent]:
        """Ranges of the medium that cannot be read or whose checksum does not fit, in order."""
