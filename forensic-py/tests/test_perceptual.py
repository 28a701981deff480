"""Perceptual hashes."""

import io

import media
import numpy
import pytest
from PIL import Image

import forensic

ALGORITHMS = ["mean", "gradient", "vert_gradient", "double_gradient", "median", "blockhash", "phash", "dhash", "ahash", "whash"]


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


def test_a_pdq_finds_its_picture_turned_framed_and_grey():
    rows = numpy.random.default_rng(7).integers(0, 256, (12, 16, 3), dtype=numpy.uint8)
    picture = numpy.kron(rows, numpy.ones((20, 20, 1), "uint8")).astype("uint8")
    whole = forensic.image_hash(picture)
    assert (whole.algorithm, whole.bits, whole.scale, whole.pipeline) == ("pdq", 256, 1, "array")
    assert whole.quality > 50 and whole.within_border is None
    assert whole.dihedral()[0] == whole
    turns = [picture, numpy.rot90(picture), numpy.rot90(picture, 2), numpy.rot90(picture, 3)]
    mirrors = [picture[::-1], picture[:, ::-1], picture.transpose(1, 0, 2), numpy.rot90(picture, 2).transpose(1, 0, 2)]
    # Samples lie off the middle, so that a turned picture of hard edges is some bits away; others are some 128.
    for turned in turns + mirrors:
        turned = forensic.image_hash(numpy.ascontiguousarray(turned))
        assert min(turned.distance(other) for other in whole.dihedral()) <= 64
    framed = forensic.image_hash(numpy.pad(picture, ((60, 60), (40, 40), (0, 0))))
    assert framed.distance(whole) > 31 and framed.within_border.distance(whole) <= 20
    grey = numpy.ascontiguousarray(picture[:, :, 1])
    assert forensic.image_hash(grey) == forensic.image_hash(numpy.stack([grey] * 3, axis=2))
    with pytest.raises(ValueError):
        forensic.image_hash(picture, "phash").dihedral()


def test_a_jpeg_hashes_at_less_than_full_size_and_in_part():
    rows = numpy.random.default_rng(5).integers(0, 256, (30, 40, 3), dtype=numpy.uint8)
    picture = Image.fromarray(rows).resize((1600, 1200), Image.Resampling.BICUBIC)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90)
    whole = forensic.image_hash(picture)
    for scale, used in ((1, 1), (2, 2), (4, 4), ("auto", 4), (8, 8)):
        scaled = forensic.image_hash(out.getvalue(), scale=scale)
        assert scaled.scale == used and scaled.distance(whole) <= 12
    cut = out.getvalue()[: len(out.getvalue()) // 2]
    with pytest.raises(forensic.CorruptError):
        forensic.image_hash(cut)
    part = forensic.image_hash(cut, partial=True)
    assert 0.2 < part.decoded < 0.8


def test_wrong_options_and_what_is_no_picture_are_refused():
    picture = media.picture()
    for options in (
        {"pipeline": "tea"},
        {"scale": 3},
        {"hash_size": 32},
        {"dct": True},
        {"algorithm": "whash", "hash_size": 12},
        {"algorithm": "mean", "pipeline": "threatexchange-file"},
    ):
        with pytest.raises(ValueError):
            forensic.image_hash(picture, **options)
    with pytest.raises(ValueError):
        forensic.image_hash(picture, "tea leaves")
    with pytest.raises(ValueError):
        forensic.image_hash(numpy.zeros((4, 4, 2), "uint8"), "mean")
    with pytest.raises(forensic.FormatError):
        forensic.image_hash(b"no picture", "mean")
    with pytest.raises(forensic.CorruptError):
        forensic.image_hash(media.FILES["PICTURE.PNG"][:100], "mean")
