"""What could not be read and was passed over."""

from typing import final

@final
class Issue:
    """Something that could not be read and was passed over; what is beside it was read all the same."""

    @property
    def offset(self) -> int | None:
        """Byte offset on the medium, where there is one."""

    @property
    def structure(self) -> str:
        """The structure concerned, in the words of its specification."""

    @property
    def message(self) -> str:
        """What is wrong with it."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...

    def __hash__(self) -> int: ...
