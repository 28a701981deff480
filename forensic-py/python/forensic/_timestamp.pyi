"""Times, with as much as the filesystem stores of them."""

from datetime import datetime
from typing import final

@final
class Timestamp:
    """One stored time of an entry."""

    @property
    def kind(self) -> str:
        """"created", "modified", "accessed" or "changed"."""

    @property
    def source(self) -> str:
        """The structure that stores it: "standard_information", "file_name", "directory_entry"."""

    @property
    def value(self) -> datetime | None:
        """The time as a datetime, cut to microseconds: aware (UTC) where the filesystem stores UTC, naive where it
        stores local time; None outside the years 1 to 9999.
        """

    @property
    def ns(self) -> int:
        """Nanoseconds since 1970-01-01T00:00:00, in UTC or in local time as `utc` says; nothing is cut off."""

    @property
    def utc(self) -> bool:
        """True where the filesystem stores UTC, False where it stores local time of an unknown zone."""

    @property
    def resolution(self) -> int:
        """The step of the stored value in nanoseconds."""

    def __eq__(self, other: object, /) -> bool: ...
    def __ne__(self, other: object, /) -> bool: ...
