"""Similarity digests."""

from typing import Literal

from ._source import Source

def fuzzy_hash(source: Source, algorithm: Literal["ssdeep", "tlsh"]) -> str:
    """The similarity digest of a source: "ssdeep" (as ssdeep 2.14 prints it) or "tlsh" (as TLSH 4 and later print it, "TNULL"
    for fewer than 50 bytes and for bytes that vary too little). Sources as for `hash`.
    """


def fuzzy_compare(a: str, b: str) -> int:
    """What two similarity digests of the same algorithm, told by their form, say of two files. ssdeep: 0 (nothing alike)
    to 100 (the same digest). TLSH: a distance, 0 for the same digest.

    Raises ValueError for what is no digest, for digests of two algorithms, and for "TNULL".
    """
