"""What picture files say of their pictures, beside Pillow's answers; frames of animations."""

import io
import os
import pathlib

import numpy
import pytest
from PIL import Image

import forensic

CORPUS = pathlib.Path(os.environ.get("FORENSIC_CORPUS", pathlib.Path(__file__).parents[2] / ".." / "shared" / "data"))


def saved(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def drawing(width=64, height=48):
    rows, columns = numpy.mgrid[0:height, 0:width]
    return Image.fromarray(numpy.stack([columns * 3, rows * 4, (rows // 5 + columns // 6) % 2 * 200], -1).astype("uint8"))


def test_exif_written_by_pillow_is_read():
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Leitz", 6
    exif.get_ifd(0x8769).update({0x9003: "2024:05:17 10:30:15", 0x829A: 0.008})
    exif.get_ifd(0x8825).update({1: "S", 2: (33.0, 51.0, 35.64), 3: "E", 4: (151.0, 12.0, 36.0), 5: b"\0", 6: 58.0})
    # Into a TIFF Pillow writes none of these directories.
    for kind in ("JPEG", "PNG", "WEBP"):
        info = forensic.picture_info(saved(drawing(), kind, exif=exif))
        assert (info.format, info.width, info.height) == (kind.lower(), 64, 48)
        assert info.maker == info.exif["Make"] == "Leitz"
        assert (info.exif["Orientation"], info.exif["DateTimeOriginal"]) == ("6", "2024:05:17 10:30:15"), kind
        assert info.exif["ExposureTime"] == "0.008"
        assert info.gps.latitude == pytest.approx(-33.8599) and info.gps.longitude == pytest.approx(151.21)
        assert info.gps.altitude == 58.0 and info.gps.timestamp is None
        assert info.thumbnail is None and info.thumbnails == [] and info.issues == []
        assert info.xmp is None and info.xmp_properties == {} and info.iptc == {}


def test_what_is_no_picture_says_so():
    with pytest.raises(forensic.FormatError):
        forensic.picture_info(b"no picture at all")
    with pytest.raises(forensic.CorruptError):
        forensic.picture_info(b"II*\0\xff\xff\xff\x7f")


def test_sizes_of_the_corpus_are_those_of_pillow():
    paths = sorted(path for folder in ("files", "photos") for path in (CORPUS / folder).glob("*.*"))
    if not paths:
        pytest.skip("no FORENSIC_CORPUS")
    seen = 0
    for path in paths:
        try:
            with Image.open(path) as image:
                size, kind = image.size, image.format
        except (OSError, SyntaxError, Image.DecompressionBombError):
            continue
        if kind in ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "AVIF", "MPO"):
            info = forensic.picture_info(path)
            assert (info.width, info.height) == size, path
            seen += 1
    assert seen > 50


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_frames_are_those_that_were_saved(kind):
    pictures = [drawing().rotate(90 * turn).quantize(64).convert("RGB") for turn in range(3)]
    options = {"lossless": True} if kind == "WEBP" else {}
    encoded = saved(pictures[0], kind, save_all=True, append_images=pictures[1:], duration=100, **options)
    frames = list(forensic.frames(encoded))
    assert [frame.number for frame in frames] == [0, 1, 2]
    assert [frame.seconds for frame in frames] == pytest.approx([0.0, 0.1, 0.2])
    for frame, picture in zip(frames, pictures):
        pixels = numpy.asarray(frame)
        assert pixels.shape == (48, 64, 3) and frame.rgb == pixels.tobytes()
        # Where a frame of WebP is blended with the one before, the decoder rounds by one.
        off = 1 if kind == "WEBP" else 0
        assert numpy.abs(pixels.astype(int) - numpy.asarray(picture)).max() <= off


def test_a_picture_that_does_not_move_is_one_frame():
    (frame,) = forensic.frames(saved(drawing(), "PNG"))
    assert (frame.number, frame.seconds, frame.width, frame.height) == (0, 0.0, 64, 48)
    with pytest.raises(forensic.FormatError):
        forensic.frames(b"nothing")
