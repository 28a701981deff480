"""What an index of perceptual hashes answers."""

from __future__ import annotations

from collections.abc import Iterable

from ._forensic import Match


class Answer(list[Match]):
    """The hashes near one asked for, nearest first: a list of Match.

    `asked` is False where the quality of the hash asked for is too low: then nothing was looked for, and an empty list means
    nothing. `gated` is the number of hashes near enough whose own quality is too low to be a match.
    """

    def __init__(self, matches: Iterable[Match] = (), asked: bool = True, gated: int = 0) -> None:
        """Made by `query` and `query_many`."""
        super().__init__(matches)
        self.asked = asked
        self.gated = gated

    def __repr__(self) -> str:
        """All of it."""
        return f"<Answer {super().__repr__()}, asked={self.asked}, gated={self.gated}>"
