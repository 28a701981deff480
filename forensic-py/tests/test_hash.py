"""Digests and lists of known digests."""

import hashlib
import io
import json
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


def test_similar_files_have_similar_digests(tmp_path):
    text = b"".join(b"%d " % (n * n) for n in range(300))
    (tmp_path / "text").write_bytes(text)
    ssdeep = forensic.fuzzy_hash(tmp_path / "text", "ssdeep")
    assert ssdeep.startswith("24:BAEoCG68Cb7c9hHo4GnA9o9URt3CMRJSa7faBJCiYe")
    assert forensic.fuzzy_hash(text, "tlsh").startswith("T1603134BDD8AD61EA2729F5C0AFC5")
    assert forensic.fuzzy_hash(b"", "ssdeep") == "3::" and forensic.fuzzy_hash(b"", "tlsh") == "TNULL"
    edited = forensic.fuzzy_hash(text[:500] + b"more" + text[500:], "ssdeep")
    assert forensic.fuzzy_compare(ssdeep, ssdeep) == 100 > forensic.fuzzy_compare(ssdeep, edited) > 50
    for wrong in (lambda: forensic.fuzzy_hash(text, "nilsimsa"), lambda: forensic.fuzzy_compare("TNULL", "TNULL")):
        with pytest.raises(ValueError):
            wrong()


def test_pieces_have_digests_of_their_own():
    content = bytes(1024) + b"abc"
    pieces = list(forensic.hash_pieces(content, 512, "md5"))
    assert [(piece.offset, piece.length, piece.is_null) for piece in pieces] == [(0, 512, True), (512, 512, True), (1024, 3, False)]
    assert [piece.digests.md5 for piece in pieces] == [hashlib.md5(content[at : at + 512]).hexdigest() for at in (0, 512, 1024)]
    with pytest.raises(ValueError):
        forensic.hash_pieces(content, 0)


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
    with pytest.raises(forensic.FormatError):
        forensic.HashSet.build(tmp_path / "x", format="nsrl-sqlite")
    with pytest.raises(ValueError):
        forensic.HashSet.build([], format="tea leaves")
    with pytest.raises(FileNotFoundError):
        forensic.HashSet.build([tmp_path / "none"])


def test_a_set_is_given_back_as_a_list(tmp_path):
    digest = hashlib.md5(b"known").hexdigest()
    media = [{"MediaID": 1, "Category": 1, "MD5": digest.upper(), "Series": "S", "VictimIdentified": True}]
    context = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"
    (tmp_path / "vics.json").write_text(json.dumps({"@odata.context": context, "value": media}))
    hash_set = forensic.HashSet.build([tmp_path / "vics.json"], tmp_path / "known.set")
    (hit,) = hash_set.lookup(digest)
    assert (hit.scheme, hit.category, hit.standing, hit.properties["Series"], hit.properties["VictimIdentified"]) == ("US", "1", "notable", "S", True)
    report = hash_set.write(tmp_path / "again.json", "vics")
    assert (report.records, report.skipped, report.lost) == (1, 0, {})
    (again,) = forensic.HashSet.build(tmp_path / "again.json").lookup(digest)
    assert (again.category, again.properties["Series"]) == ("1", "S")
    assert hash_set.write(tmp_path / "again.txt", "plain").lost["category"] == 1
    with pytest.raises(forensic.UnsupportedError):
        hash_set.write(tmp_path / "again.db", "nsrl-sqlite")
    with pytest.raises(ValueError):
        hash_set.write(tmp_path / "again", "xml")


def test_a_set_is_built_to_a_file_opened_verified_and_added_to(tmp_path):
    digests = [hashlib.md5(bytes([n])).hexdigest() for n in range(3)]
    (tmp_path / "a.md5").write_text(f"{digests[0]}  a.jpg\n")
    (tmp_path / "b.md5").write_text(f"{digests[1]}\n")
    path = tmp_path / "known.set"
    built = forensic.HashSet.build(tmp_path / "a.md5", path)
    opened = forensic.HashSet.open(str(path))
    assert len(built) == len(opened) == 1 and opened.verify() is True
    both = forensic.HashSet.build([path, tmp_path / "b.md5"], path)
    assert [source.set_name for source in both.sources] == ["a.md5", "b.md5"]
    assert forensic.HashSet.open(path).contains_many(digests) == [True, True, False]
    assert forensic.HashSet.build(path, format="set").lookup(digests[0])[0].name == "a.jpg"
    content = bytearray(path.read_bytes())
    content[4100] ^= 1
    path.write_bytes(content)
    with pytest.raises(forensic.CorruptError) as error:
        forensic.HashSet.open(path).verify()
    assert error.value.offset == 4096
    path.write_bytes(content[:-1])
    with pytest.raises(forensic.CorruptError):
        forensic.HashSet.open(path)
    with pytest.raises(forensic.FormatError):
        forensic.HashSet.open(tmp_path / "a.md5")


def test_properties_are_python_objects(tmp_path):
    (tmp_path / "list").write_text(f"%%%% HASHDEEP-1.0\n%%%% size,md5,filename\n7,{hashlib.md5(b'x').hexdigest()},/x\n")
    (hit,) = forensic.HashSet.build(tmp_path / "list").lookup(hashlib.md5(b"x").digest())
    assert hit.properties == {"size": 7}


def test_arrow_arrays_of_every_kind_are_looked_up(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    known = [hashlib.new(name, b"known").digest() for name in ("md5", "sha1", "sha256")]
    (tmp_path / "list").write_text("".join(f"{digest.hex()}  file\n" for digest in known))
    hash_set = forensic.HashSet.build(tmp_path / "list")
    for digest in known:
        other = bytes(len(digest))
        values = [other, digest, other, digest, digest]
        expected = [False, True, False, True, True]
        fixed = pyarrow.array(values, pyarrow.binary(len(digest)))
        arrays = [fixed, pyarrow.array(values, pyarrow.binary()), pyarrow.array(values, pyarrow.large_binary())]
        arrays += [pyarrow.array([value.hex() for value in values], kind) for kind in (pyarrow.string(), pyarrow.large_string())]
        for array in arrays:
            assert hash_set.contains_many(array) == expected
            assert hash_set.contains_many(array.slice(1, 3)) == expected[1:4]
            assert hash_set.contains_many(pyarrow.chunked_array([array, array.slice(2)])) == expected + expected[2:]
            assert [len(hits) for hits in hash_set.lookup_many(array)] == [int(one) for one in expected]
            assert hash_set.contains_many(array.slice(0, 0)) == []
        assert hash_set.contains_many(pyarrow.array([digest, None], fixed.type)) == [True, False]
    mixed = [known[2], known[0].hex(), bytes(20), forensic.hash(b"known"), known[1]]
    assert hash_set.contains_many(mixed) == [True, True, False, True, True]
    with pytest.raises(ValueError):
        hash_set.contains_many(pyarrow.array([b"short"], pyarrow.binary()))
