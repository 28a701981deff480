"""Digests and lists of known digests."""

import hashlib
import io
import zlib

import media
import numpy
import pytest

import forensic


def test_every_kind_of_source_has_the_same_digests(filesystem, tmp_path):
    content = media.FILES["LARGE.BIN"]
    (tmp_path / "file").write_bytes(content)
    entry = filesystem.entry("/LARGE.BIN")
    sources = [content, bytearray(content), memoryview(content), io.BytesIO(content), tmp_path / "file", str(tmp_path / "file"), entry, entry.open()]
    expected = {name: hashlib.new(name, content).hexdigest() for name in ("md5", "sha1", "sha256")}
    for digests in [*map(forensic.hash, sources), *forensic.hash_many(sources, threads=3)]:
        assert {name: digests[name] for name in expected} == expected
        assert digests == forensic.hash(content) and len(digests.blake3) == 64


def test_only_what_was_asked_for_is_computed():
    digests = forensic.hash(b"abc", ["sha1", "md5"])
    assert digests.sha256 is None and dict(digests) == {"md5": digests.md5, "sha1": digests.sha1}
    with pytest.raises(KeyError):
        digests["sha256"]
    with pytest.raises(ValueError):
        forensic.hash(b"", ["md4"])


def test_algorithms_that_records_do_not_have_are_there_when_asked_for():
    digests = forensic.hash(b"abc", ["sha512", "sha3-256", "crc32", "ed2k"])
    assert digests.sha512 == hashlib.sha512(b"abc").hexdigest()
    assert digests.sha3_256 == digests["sha3_256"] == digests["sha3-256"] == hashlib.sha3_256(b"abc").hexdigest()
    assert digests.crc32 == format(zlib.crc32(b"abc"), "08x")
    assert digests.ed2k == "a448017aaf21d8525fc10ae87aa6729d"
    assert digests.keys() == ["sha512", "sha3-256", "crc32", "ed2k"] and "sha3_256" in digests and "md5" not in digests


def test_a_hasher_takes_pieces():
    hasher = forensic.Hasher(["sha256"])
    hasher.update(b"a")
    hasher.update(bytearray(b"bc"))
    assert hasher.digests().sha256 == hashlib.sha256(b"abc").hexdigest()


def test_a_list_is_looked_up_by_any_form_of_digest(tmp_path):
    known, unknown = hashlib.md5(b"known"), hashlib.md5(b"unknown")
    path = tmp_path / "case-7.md5"
    path.write_text(f"{known.hexdigest()}  picture.jpg\nnot a row\n")
    hash_set = forensic.HashSet.build([path])
    assert len(hash_set) == 1
    (source,), (issue,) = hash_set.sources, hash_set.issues
    assert (source.path, source.format, source.set_name, source.records) == (path, "sums", "case-7.md5", 1)
    assert issue.position == 2 and str(path) in str(issue)
    for digest in (known.hexdigest(), known.hexdigest().upper(), known.digest(), forensic.hash(b"known")):
        (hit,) = hash_set.lookup(digest)
        assert (hit.set_name, hit.name, hit.possible, hit.category) == ("case-7.md5", "picture.jpg", False, None)
    digests = [known.digest(), unknown.hexdigest(), forensic.hash(b"known")]
    assert hash_set.contains_many(digests) == [True, False, True]
    assert [len(hits) for hits in hash_set.lookup_many(digests)] == [1, 0, 1]
    rows = numpy.frombuffer(known.digest() + unknown.digest(), "uint8").reshape(2, 16)
    found = hash_set.contains_many(rows)
    assert found.dtype == bool and found.tolist() == [True, False]
    assert [len(hits) for hits in hash_set.lookup_many(rows)] == [1, 0]
    for wrong in ("xyz", b"short"):
        with pytest.raises(ValueError):
            hash_set.lookup(wrong)


def test_what_is_no_list_is_refused(tmp_path):
    (tmp_path / "x").write_bytes(b"\x89PNG nothing of the kind\n")
    with pytest.raises(forensic.FormatError):
        forensic.HashSet.build(tmp_path / "x")
    with pytest.raises(forensic.UnsupportedError):
        forensic.HashSet.build([], format="vics")
    with pytest.raises(ValueError):
        forensic.HashSet.build([], format="tea leaves")
    with pytest.raises(FileNotFoundError):
        forensic.HashSet.build([tmp_path / "none"])
