"""What a `source` argument may be: a path, bytes, a file object, a stream, an entry, a carved file, evidence."""

import os
from typing import IO, Any, Union

from typing_extensions import Buffer

from ._carve import Carved
from ._entry import Entry
from ._evidence import Evidence
from ._hash import Digests
from ._stream import Stream

PathArgument = Union[str, os.PathLike[str]]
"""A path."""

Source = Union[PathArgument, Buffer, IO[bytes], Stream, Entry, Carved, Evidence]
"""Bytes: those of a file, in memory, or on a medium."""

Picture = Union[Source, Any]
"""A picture file, a PIL image, or a NumPy array uint8 of shape (height, width, 3)."""

DigestArgument = Union[str, Buffer, Digests]
"""A digest as hex text or bytes, or the digests of a file."""
