"""The native half of a stream; `forensic/_stream.py` makes it a file object."""

from typing import final

from ._carve import Carved as Carved
from ._carve import Carving as Carving
from ._carve import carve as carve
from ._carve import carve_types as carve_types
from ._entry import Entry as Entry
from ._entry import StreamInfo as StreamInfo
from ._error import CancelledError as CancelledError
from ._error import CorruptError as CorruptError
from ._error import ForensicError as ForensicError
from ._error import FormatError as FormatError
from ._error import LimitError as LimitError
from ._error import UnsupportedError as UnsupportedError
from ._evidence import Evidence as Evidence
from ._evidence import open as open
from ._extent import Extent as Extent
from ._filesystem import CrossCheck as CrossCheck
from ._filesystem import Difference as Difference
from ._filesystem import FileSystem as FileSystem
from ._filesystem import Walk as Walk
from ._fuzzy import fuzzy_compare as fuzzy_compare
from ._fuzzy import fuzzy_hash as fuzzy_hash
from ._hash import Digests as Digests
from ._hash import Hasher as Hasher
from ._hash import hash as hash
from ._hash import hash_many as hash_many
from ._hash_index import Group as Group
from ._hash_index import HashIndex as HashIndex
from ._hash_index import Match as Match
from ._hash_index import group as group
from ._issue import Issue as Issue
from ._known import HashSet as HashSet
from ._known import Known as Known
from ._known import SetIssue as SetIssue
from ._known import SetSource as SetSource
from ._known import WriteReport as WriteReport
from ._limits import Limits as Limits
from ._perceptual import ImageHash as ImageHash
from ._perceptual import image_hash as image_hash
from ._picture_info import Frame as Frame
from ._picture_info import Frames as Frames
from ._picture_info import Gps as Gps
from ._picture_info import PictureInfo as PictureInfo
from ._picture_info import frames as frames
from ._picture_info import picture_info as picture_info
from ._pieces import Piece as Piece
from ._pieces import Pieces as Pieces
from ._pieces import hash_pieces as hash_pieces
from ._timestamp import Timestamp as Timestamp
from ._triage import Record as Record
from ._triage import Records as Records
from ._triage import Report as Report
from ._triage import triage as triage
from ._verification import Verification as Verification
from ._video import VideoHash as VideoHash
from ._video import video_hash as video_hash
from ._volume import Volume as Volume

__version__: str

@final
class StreamHandle:
    """Positional reads of a source, from any thread."""

    @property
    def size(self) -> int:
        """Bytes in all."""

    @property
    def extents(self) -> list[Extent]:
        """Where the bytes lie on the medium."""

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset` on: fewer only at the end."""
