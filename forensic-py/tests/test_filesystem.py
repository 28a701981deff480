"""Listings, entries, times, extents, and streams as file objects."""

import datetime
import io
import shutil
import zipfile

import media
import pytest
from PIL import Image

import forensic


def test_live_and_deleted_files_come_in_one_listing(filesystem):
    entries = {entry.name: entry for entry in filesystem.walk()}
    for name, content in media.FILES.items():
        entry = entries[name]
        assert (entry.status, entry.kind, entry.recoverability) == ("allocated", "file", None)
        assert entry.size == len(content) and entry.read() == content
    gone = next(entry for entry in entries.values() if entry.status == "deleted")
    assert gone.name.endswith("ONE.TXT") and gone.recoverability_reason
    assert gone.read() == media.DELETED[1]
    assert all(extent.inferred for extent in gone.extents())
    assert not any(entry.status == "deleted" for entry in filesystem.walk(deleted=False))


def test_a_walk_goes_on_where_an_earlier_one_stopped(filesystem):
    everything = [entry.path for entry in filesystem.walk()]
    walk = filesystem.walk()
    head = [next(walk).path, next(walk).path]
    assert head + [entry.path for entry in filesystem.walk(start=walk.cursor)] == everything


def test_parts_of_a_walk_are_the_whole(filesystem):
    count = filesystem.entry_count
    parts = [*filesystem.walk(end=2), *filesystem.walk(start=2, end=count)]
    assert [entry.path for entry in parts] == [entry.path for entry in filesystem.walk()]


def test_the_timeline_is_a_bodyfile(filesystem, tmp_path):
    filesystem.write_bodyfile(tmp_path / "timeline", prefix="D:", utc_offset=3600)
    lines = (tmp_path / "timeline").read_text().splitlines(keepends=True)
    assert "".join(lines) == "".join(entry.bodyfile(prefix="D:", utc_offset=3600) for entry in filesystem.walk())
    hello = next(line for line in lines if "|D:/HELLO.TXT|" in line).rstrip().split("|")
    written = datetime.datetime(2024, 2, 29, 11, 34, 56, tzinfo=datetime.timezone.utc)
    assert hello[0] == "0" and hello[8] == str(int(written.timestamp()))


def test_volume_slack_is_a_stream(filesystem):
    with filesystem.slack() as slack:
        assert slack.read() == b"" or slack.extents[0].offset >= filesystem.offset + filesystem.size


def test_a_missing_path_is_a_lookup_error(filesystem):
    with pytest.raises(LookupError):
        filesystem.entry("/NOT/HERE")
    with pytest.raises(LookupError):
        filesystem.entry("/HELLO.TXT").open("no such stream")


def test_what_the_filesystem_says_of_itself(filesystem):
    assert (filesystem.kind, filesystem.label, filesystem.cluster_size) == ("fat16", "STORY", 512)
    assert filesystem.offset == 2048 * 512 and filesystem.serial
    assert isinstance(filesystem.caps, frozenset) and "deleted" in filesystem.caps
    assert filesystem.cross_check().agrees


def test_local_time_is_naive_and_keeps_its_source(filesystem):
    entry = filesystem.entry("/HELLO.TXT")
    assert entry.modified == datetime.datetime(2024, 2, 29, 12, 34, 56) and entry.modified.tzinfo is None
    stamp = next(stamp for stamp in entry.timestamps if stamp.kind == "modified")
    assert stamp.value == entry.modified and not stamp.utc and stamp.resolution == 2_000_000_000
    assert stamp.ns % 1_000_000_000 == 0 and str(stamp) == "2024-02-29T12:34:56"


def test_extents_lead_to_the_same_bytes_on_the_medium(image, filesystem):
    for name, content in media.FILES.items():
        extents = filesystem.entry(f"/{name}").extents()
        found = b"".join(image[extent.offset : extent.offset + extent.length] for extent in extents)
        assert found == content


def test_slack_and_unallocated_space_are_streams(filesystem):
    slack = filesystem.entry("/HELLO.TXT").slack()
    assert slack.size == 512 - len(media.FILES["HELLO.TXT"])
    assert media.DELETED[1] in filesystem.unallocated().read()


def test_an_entry_shows_itself(filesystem):
    entry = filesystem.entry("/HELLO.TXT")
    assert repr(entry) == '<Entry "/HELLO.TXT" allocated file 16 bytes>'
    assert [(stream.name, stream.size) for stream in entry.streams] == [("", 16)]
    assert entry.target is None and entry.issues == []


def test_a_stream_is_a_file_object(filesystem):
    content = media.FILES["LARGE.BIN"]
    with filesystem.entry("/LARGE.BIN").open() as stream:
        assert isinstance(stream, io.RawIOBase) and stream.readable() and stream.seekable() and not stream.writable()
        assert stream.size == len(content)
        assert stream.read(3) == content[:3] and stream.tell() == 3
        assert stream.seek(-4, io.SEEK_END) == len(content) - 4 and stream.read() == content[-4:]
        assert stream.read(1) == b"" and stream.seek(2) == 2 and stream.seek(2, io.SEEK_CUR) == 4
        buffer = bytearray(10)
        assert stream.readinto(buffer) == 10 and buffer == content[4:14]
        assert stream.read_at(len(content) - 2, 100) == content[-2:] and stream.tell() == 14
        with pytest.raises(ValueError):
            stream.seek(-1)
        with pytest.raises(io.UnsupportedOperation):
            stream.write(b"never")
        copied = io.BytesIO()
        stream.seek(0)
        shutil.copyfileobj(io.BufferedReader(stream), copied)
        assert copied.getvalue() == content
    with pytest.raises(ValueError, match="closed"):
        stream.read()


def test_pillow_and_zipfile_read_files_where_they_are(filesystem):
    with filesystem.entry("/PICTURE.PNG").open() as stream:
        assert Image.open(stream).convert("RGB").tobytes() == media.picture().tobytes()
    with zipfile.ZipFile(filesystem.entry("/ARCHIVE.ZIP").open()) as packed:
        assert packed.read("inside.txt").startswith(b"packed evidence")


def test_utc_is_aware(corpus):
    path = corpus / "images/made/ntfs.img.xz"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    import lzma

    filesystems = forensic.open(lzma.decompress(path.read_bytes())).filesystems()
    if not filesystems:
        pytest.skip("this build reads no NTFS")
    entry = next(entry for entry in filesystems[0].walk() if entry.modified)
    assert entry.modified.utcoffset() == datetime.timedelta(0)
