"""Carving, as Python sees it."""

from __future__ import annotations

import io
import json
import os
import pathlib

import pytest

import forensic

GIF = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")
MEDIUM = bytes(4096) + GIF + bytes(7000) + GIF + b"." * 3000


def test_files_come_in_order_with_their_place_and_bytes() -> None:
    found = forensic.carve(MEDIUM)
    assert len(found) == 2
    first, second = found
    assert (first.type, first.offset, first.size, first.status) == ("gif", 4096, len(GIF), "complete")
    assert first.offset == first.extents[0].offset
    assert first.damaged_at is None and first.confidence >= 70 and first.children == []
    assert second.offset == MEDIUM.rindex(GIF)
    assert first.read() == GIF
    with first.open() as content:
        assert content.read() == GIF
        assert content.extents == first.extents
    assert forensic.hash(first, ["md5"]) == forensic.hash(GIF, ["md5"])
    assert repr(first) == f"<Carved gif complete at 4096 {len(GIF)} bytes>"


@pytest.mark.parametrize("make", [bytes, io.BytesIO, forensic.open])
def test_any_source_is_carved(make) -> None:
    assert [carved.offset for carved in forensic.carve(make(MEDIUM), threads=1)] == [4096, MEDIUM.rindex(GIF)]


def test_a_path_is_opened_as_evidence(tmp_path: pathlib.Path) -> None:
    image = tmp_path / "medium.dd"
    image.write_bytes(MEDIUM)
    assert len(forensic.carve(image)) == len(forensic.carve(str(image), within="unallocated")) == 2


def test_types_and_alignment_choose_what_is_reported() -> None:
    assert "gif" in forensic.carve_types() == sorted(forensic.carve_types())
    assert [carved.offset for carved in forensic.carve(MEDIUM, align=512)] == [4096]
    assert len(forensic.carve(MEDIUM, types=["gif"])) == 2
    with pytest.raises(ValueError, match="no type"):
        forensic.carve(MEDIUM, types=["holiday"])
    for wrong in ({"within": "nowhere"}, {"align": 0}, {"threads": 0}):
        with pytest.raises(ValueError):
            forensic.carve(MEDIUM, **wrong)
    with pytest.raises(TypeError):
        forensic.carve(MEDIUM, within="unallocated")


def test_carving_can_be_cancelled_and_bounded() -> None:
    with pytest.raises(forensic.CancelledError):
        forensic.carve(MEDIUM, progress=lambda done, total: False)
    seen: list[tuple[int, int]] = []
    forensic.carve(MEDIUM, limits={"mend_bytes": 0}, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(MEDIUM), len(MEDIUM))


def test_the_shell_lists_and_writes_what_was_carved(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    from forensic.__main__ import main

    image = tmp_path / "medium.dd"
    image.write_bytes(MEDIUM)
    assert main(["carve", str(image), "--format", "jsonl", "-o", str(tmp_path / "out")]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["extents"] for line in lines] == [[[4096, len(GIF)]], [[MEDIUM.rindex(GIF), len(GIF)]]]
    assert sorted(os.listdir(tmp_path / "out")) == [f"{line['offset']:012d}.gif" for line in lines]
    assert all((tmp_path / "out" / name).read_bytes() == GIF for name in os.listdir(tmp_path / "out"))
