"""Opening evidence, its volumes, verification, errors."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor

import media
import pytest

import forensic


def test_a_path_bytes_and_a_file_object_are_the_same_evidence(image, image_path):
    with open(image_path, "rb") as file:
        opened = [forensic.open(source) for source in (image, image_path, str(image_path), [image_path], file, io.BytesIO(image))]
        digests = {forensic.hash(evidence.stream(), ["md5"]).md5 for evidence in opened}
        assert len(digests) == 1
        assert {evidence.size for evidence in opened} == {len(image)}
        del opened
        assert not file.closed and file.tell() >= 0


def test_closed_evidence_says_so_and_what_was_made_of_it_still_reads(image):
    with forensic.open(image) as evidence:
        entry = evidence.filesystems()[0].entry("/HELLO.TXT")
        assert not evidence.closed
    assert evidence.closed
    with pytest.raises(ValueError, match="closed"):
        evidence.volumes()
    assert entry.read() == media.FILES["HELLO.TXT"]


def test_volumes_come_in_medium_order_with_the_gaps(image):
    volumes = forensic.open(image).volumes()
    assert [volume.index for volume in volumes] == list(range(len(volumes)))
    partition = next(volume for volume in volumes if volume.allocated)
    assert (partition.scheme, partition.label, partition.offset) == ("gpt", "pictures", 2048 * 512)
    assert partition.filesystem().kind == "fat16"
    assert partition.stream().extents[0].offset == partition.offset
    gap = next(volume for volume in volumes if not volume.allocated)
    assert gap.type == "unallocated" and gap.filesystem() is None
    assert sum(volume.size for volume in volumes) <= len(image)


def test_a_file_on_evidence_is_opened_as_evidence_again(image):
    outer = forensic.open(b"\0" * 512 + image)
    inner = forensic.open(io.BytesIO(outer.stream().read_at(512, len(image))))
    assert inner.filesystems()[0].entry("/HELLO.TXT").read() == media.FILES["HELLO.TXT"]
    assert forensic.open(inner.stream()).filesystems()[0].kind == "fat16"


def test_verification_without_stored_digests_has_no_verdict(image):
    verification = forensic.open(image).verify()
    assert verification.ok is None and verification.stored == {} and verification.bad_ranges == []
    assert verification.computed["md5"] == forensic.hash(image, "md5").md5


def test_ewf_agrees_with_its_stored_digest(corpus):
    evidence = forensic.open(corpus / "images/sleuthkit/image.E01")
    assert evidence.format == "ewf" and evidence.stored_hashes
    seen = []
    assert evidence.verify(progress=lambda done, total: seen.append((done, total))).ok is True
    assert seen[-1] == (evidence.size, evidence.size)


def test_false_from_progress_cancels_and_an_exception_comes_through(image):
    evidence = forensic.open(image)
    with pytest.raises(forensic.CancelledError):
        evidence.verify(progress=lambda done, total: False)

    def fails(done, total):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        evidence.verify(fails)


def test_errors_are_of_one_family_and_the_systems_stay_its_own(tmp_path):
    for kind in (forensic.FormatError, forensic.CorruptError, forensic.UnsupportedError, forensic.LimitError, forensic.CancelledError):
        assert issubclass(kind, forensic.ForensicError)
    assert forensic.ForensicError().offset is None
    with pytest.raises(FileNotFoundError) as missing:
        forensic.open(tmp_path / "none.img")
    assert missing.value.filename == str(tmp_path / "none.img")
    with pytest.raises(OSError):
        forensic.open(tmp_path)
    with pytest.raises(forensic.CorruptError) as corrupt:
        forensic.open(b"EVF\x09\x0d\x0a\xff\x00" + bytes(600))
    assert corrupt.value.structure == "EWF segment file header" and corrupt.value.offset == 9
    with pytest.raises(ValueError):
        forensic.open(b"", unreadable="maybe")
    with pytest.raises(TypeError):
        forensic.open(io.StringIO("text"))


class Broken(io.BytesIO):
    """A file object that cannot read its second half."""

    def read(self, n=-1):
        half = len(self.getvalue()) // 2
        if self.tell() + max(n, 0) > half:
            raise OSError(5, "the disk is scratched")
        return super().read(n)


def test_an_exception_of_a_file_object_comes_through_or_reads_as_zeros():
    medium = b"\x11" * (1 << 20)
    with pytest.raises(OSError, match="scratched"):
        forensic.open(Broken(medium)).stream().read_at(600_000, 10)
    evidence = forensic.open(Broken(medium), unreadable="zero")
    assert evidence.stream().read_at(600_000, 10) == bytes(10)
    assert evidence.unreadable_ranges


def test_limits_are_an_object_or_a_dict(image):
    limits = forensic.Limits(depth=3, pixels=100)
    assert (limits.depth, limits.pixels) == (3, 100) and limits == forensic.Limits(pixels=100, depth=3)
    forensic.open(image, limits=limits)
    forensic.open(image, limits={"depth": 3})
    with pytest.raises(TypeError, match="no limit named"):
        forensic.Limits(dept=3)


def test_many_threads_read_one_evidence_at_once(image):
    evidence = forensic.open(io.BytesIO(image))
    filesystem = evidence.filesystems()[0]

    def read(number):
        name = sorted(media.FILES)[number % len(media.FILES)]
        return filesystem.entry(f"/{name}").read() == media.FILES[name]

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(400)))


def test_other_threads_run_while_the_library_works():
    running, turns = threading.Event(), []
    running.set()

    def turn():
        while running.is_set():
            turns.append(None)

    thread = threading.Thread(target=turn)
    big = bytes(64 << 20)
    thread.start()
    before = len(turns)
    forensic.hash(big)
    during = len(turns) - before
    running.clear()
    thread.join()
    assert during > 1000, "the other thread stood still"
