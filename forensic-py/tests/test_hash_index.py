"""The index of perceptual hashes, and groups."""

import numpy
import pytest

import forensic


def hashes(count):
    return numpy.random.default_rng(1).integers(0, 256, size=(count, 32), dtype=numpy.uint8)


def near(rows, row, radius):
    """What a look at every hash finds."""
    distances = numpy.unpackbits(rows ^ row, axis=1).sum(axis=1)
    found = sorted((int(distance), key) for key, distance in enumerate(distances) if distance <= radius)
    return [(key, distance) for distance, key in found]


def test_an_index_finds_what_a_look_at_every_hash_finds(tmp_path):
    rows = hashes(3000)
    rows[1500:1600] = rows[:100]
    rows[1500:1600, 7] ^= 0b1011
    path = tmp_path / "pictures.index"
    built = forensic.HashIndex.build(((key, row.tobytes()) for key, row in enumerate(rows)), path)
    for index in (built, forensic.HashIndex.open(path)):
        assert (len(index), index.algorithm, index.bits, index.verify()) == (3000, "pdq", 256, True)
        for row in rows[:5]:
            answer = index.query(row.tobytes())
            assert [(match.key, match.distance) for match in answer] == near(rows, row, 31)
            assert len(answer) == 2 and answer.asked and answer.gated == 0
        match = index.query(rows[0].tobytes(), max_distance=3)[1]
        assert (match.distance, match.algorithm, match.threshold, match.quality) == (3, "pdq", 3, None)
    expected = [index.query(row.tobytes()) for row in rows[:50]]
    assert index.query_many(rows[:50]) == index.query_many([row.tobytes() for row in rows[:50]], threads=1) == expected
    with pytest.raises(ValueError):
        index.query(b"too short")
    with pytest.raises(ValueError):
        index.query_many(rows[:, :16].copy())


def test_arrow_arrays_ask_as_lists_do():
    pyarrow = pytest.importorskip("pyarrow")
    rows = [row.tobytes() for row in hashes(20)]
    index = forensic.HashIndex.build(enumerate(rows))
    assert index.query_many(pyarrow.array(rows, pyarrow.binary(32))) == index.query_many(rows)


def test_indexes_are_merged_and_keys_removed(tmp_path):
    rows = [row.tobytes() for row in hashes(10)]
    first = forensic.HashIndex.build([("a.jpg", rows[0]), ("b.jpg", rows[1])])
    second = forensic.HashIndex.build([(2, rows[2])])
    path = tmp_path / "merged.index"
    merged = forensic.HashIndex.merge([first, second], path, remove=["a.jpg"])
    assert [match.key for row in rows for match in merged.query(row)] == ["b.jpg", 2]
    damaged = bytearray(path.read_bytes())
    damaged[4100] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(forensic.CorruptError):
        forensic.HashIndex.open(path).verify()
    path.write_bytes(b"no index")
    with pytest.raises(forensic.FormatError):
        forensic.HashIndex.open(path)


def test_what_does_not_go_together_is_named():
    with pytest.raises(ValueError, match="item 1"):
        forensic.HashIndex.build([(1, bytes(32)), (2, bytes(16))])
    with pytest.raises(ValueError, match="item 1"):
        forensic.group([(1, bytes(32)), (2, bytes(16))])


def test_groups_have_a_representative_its_members_and_their_distances():
    rows = hashes(4)
    rows[1] = rows[0]
    rows[1, 0] ^= 1
    rows[3] = rows[0]
    rows[3, 9] ^= 0b1100
    keys = [("case", number) for number in range(4)]
    (group,) = forensic.group(zip(keys, (row.tobytes() for row in rows)), max_distance=3)
    assert (group.representative, group.members, group.distances) == (keys[0], [keys[0], keys[1], keys[3]], [0, 1, 2])
    assert forensic.group([]) == [] and len(group) == 3
