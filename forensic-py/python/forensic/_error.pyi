"""The exceptions, and how an error of the library becomes one."""

class ForensicError(Exception):
    """What evidence can do to a call. `structure` and `offset` say where, when known."""

    structure: str | None
    offset: int | None

class FormatError(ForensicError):
    """The bytes are not of any format looked for."""

class CorruptError(ForensicError):
    """A structure does not say what its format demands."""

class UnsupportedError(ForensicError):
    """Recognised, but not read by this version."""

class LimitError(ForensicError):
    """A bound of `Limits` was reached."""

class CancelledError(ForensicError):
    """A progress callback returned False."""
