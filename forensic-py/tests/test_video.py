"""Videos by the hashes of their frames."""

import io

import numpy
import pytest
from PIL import Image

import forensic


def pictures(count):
    chance = numpy.random.default_rng(3)
    for _ in range(count):
        rows = chance.integers(0, 256, (9, 12, 3), dtype=numpy.uint8)
        yield numpy.kron(rows, numpy.ones((16, 16, 1), "uint8")).astype("uint8")


def test_two_videos_are_as_alike_as_their_frames():
    frames = list(pictures(4))
    whole = forensic.video_hash((number / 2, frame) for number, frame in enumerate(frames))
    assert len(whole) == 4 and whole.frames[2][0] == 2 and whole.frames[2][3] == 1.0
    assert whole.frames[1][2] == forensic.image_hash(frames[1]).hex()
    half = forensic.video_hash([(0, frames[2]), (1, forensic.image_hash(frames[0]))])
    assert half.match(whole) == (100.0, 50.0) and whole.match(half) == (50.0, 100.0)
    assert whole.match(half, min_quality=101) == (0.0, 0.0)
    twice = forensic.video_hash([(0, frames[0]), (1, frames[0]), (2, frames[1])])
    assert [row[0] for row in twice.contact_sheet()] == [0, 2]


def test_the_text_is_that_of_vpdq():
    video = forensic.video_hash(enumerate(pictures(2)))
    first = str(video).splitlines()[0].split(",")
    assert first[0] == "0" and len(first[2]) == 64 and first[3] == "0.000"
    assert forensic.VideoHash.parse(str(video)) == video
    with pytest.raises(forensic.CorruptError) as raised:
        forensic.VideoHash.parse(str(video) + "3,100,abc,0.5")
    assert raised.value.offset == len(str(video))


def test_an_animation_is_a_video():
    frames = [Image.fromarray(frame) for frame in pictures(3)]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True, duration=500)
    video = forensic.video_hash(out.getvalue())
    assert [row[3] for row in video.frames] == [0.0, 0.5, 1.0]
    assert [row[2] for row in video.frames] == [forensic.image_hash(frame).hex() for frame in frames]
    with pytest.raises(TypeError):
        forensic.video_hash([(0, "not a picture")])
