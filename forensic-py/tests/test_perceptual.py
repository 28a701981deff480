"""Perceptual hashes."""

import io

import media
import numpy
import pytest

import forensic

ALGORITHMS = ["mean", "gradient", "vert_gradient", "double_gradient", "median", "blockhash"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_picture_hashes_alike_from_wherever_it_comes(filesystem, algorithm):
    picture, encoded, entry = media.picture(), media.FILES["PICTURE.PNG"], filesystem.entry("/PICTURE.PNG")
    sources = [encoded, io.BytesIO(encoded), entry, entry.open(), picture, numpy.asarray(picture)]
    hashes = {forensic.image_hash(source, algorithm) for source in sources}
    assert len(hashes) == 1
    (one,) = hashes
    assert one.algorithm == algorithm and one.bits == len(bytes(one)) * 8 and one.hex() == bytes(one).hex()
    assert one.quality is None and one.decoded == 1.0 and one.distance(one) == 0


def test_hashes_of_different_kinds_are_not_compared():
    picture = media.picture()
    with pytest.raises(ValueError):
        forensic.image_hash(picture, "mean").distance(forensic.image_hash(picture, "gradient"))
    assert forensic.image_hash(picture, "gradient", hash_size=16).bits == 256
    assert forensic.image_hash(picture, "mean", dct=True) != forensic.image_hash(picture, "mean")


def test_what_comes_later_says_so_and_what_is_no_picture_too():
    picture = media.picture()
    for options in ({}, {"algorithm": "phash"}, {"algorithm": "mean", "partial": True}, {"algorithm": "mean", "scale": 2}):
        with pytest.raises(forensic.UnsupportedError):
            forensic.image_hash(picture, **options)
    with pytest.raises(ValueError):
        forensic.image_hash(picture, "tea leaves")
    with pytest.raises(ValueError):
        forensic.image_hash(numpy.zeros((4, 4), "uint8"), "mean")
    with pytest.raises(forensic.FormatError):
        forensic.image_hash(b"no picture", "mean")
    with pytest.raises(forensic.CorruptError):
        forensic.image_hash(media.FILES["PICTURE.PNG"][:100], "mean")
