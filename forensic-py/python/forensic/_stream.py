"""Streams: bytes of evidence as an ordinary Python file object."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._extent import Extent
    from ._forensic import StreamHandle


class Stream(io.RawIOBase):
    """A read-only, seekable binary file over a medium, a volume, a file or its slack.

    Whatever takes a file object takes it: PIL.Image.open, zipfile.ZipFile, io.BufferedReader. The position belongs to
    the object; threads that share one use `read_at`, which has none.
    """

    def __init__(self, handle: StreamHandle) -> None:
        """Made by `open`, `stream`, `slack` and `unallocated`."""
        super().__init__()
        self._handle = handle
        self._position = 0

    def _native(self) -> StreamHandle:
        if self.closed:
            raise ValueError("I/O operation on a closed stream")
        return self._handle

    @property
    def size(self) -> int:
        """Bytes in all."""
        return self._native().size

    @property
    def extents(self) -> list[Extent]:
        """Where the bytes lie on the medium, in stream order."""
        return self._native().extents

    def read_at(self, offset: int, n: int) -> bytes:
        """Up to `n` bytes from `offset` on, fewer only at the end; from any thread, without moving the position."""
        if offset < 0 or n < 0:
            raise ValueError("offset and length are not negative")
        return self._native().read_at(offset, n)

    def readable(self) -> bool:
        """True."""
        self._native()
        return True

    def seekable(self) -> bool:
        """True."""
        self._native()
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Moves to `offset` from the start (0), the position (1) or the end (2); gives the new position."""
        handle = self._native()
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: handle.size}
        if whence not in bases:
            raise ValueError(f"whence is 0, 1 or 2, not {whence}")
        position = bases[whence] + offset
        if position < 0:
            raise ValueError("seek before the start")
        self._position = position
        return position

    def tell(self) -> int:
        """The position."""
        self._native()
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to `size` bytes, all that are left where it is negative or None."""
        handle = self._native()
        left = max(handle.size - self._position, 0)
        count = left if size is None or size < 0 else min(size, left)
        data = handle.read_at(self._position, count) if count else b""
        self._position += len(data)
        return data

    def readall(self) -> bytes:
        """All bytes that are left."""
        return self.read()

    def readinto(self, buffer, /) -> int:  # type: ignore[no-untyped-def]
        """Fills `buffer` as far as there are bytes; gives their number."""
        with memoryview(buffer).cast("B") as view:
            data = self.read(len(view))
            view[: len(data)] = data
        return len(data)

    def write(self, buffer, /) -> int:  # type: ignore[no-untyped-def]
        """Refused: evidence is never altered."""
        raise io.UnsupportedOperation("evidence is never written to")

    def __repr__(self) -> str:
        if self.closed:
            return "<Stream closed>"
        return f"<Stream {self._handle.size} bytes at {self._position}>"
