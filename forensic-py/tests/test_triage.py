"""Triage and the command line."""

import hashlib
import json
import subprocess
import sys

import media
import pytest

import forensic


def test_the_records_are_the_same_bytes_on_any_number_of_threads(image_path, tmp_path):
    written = []
    for threads in (1, 4):
        for suffix in ("jsonl", "csv"):
            output = tmp_path / f"{threads}.{suffix}"
            report = forensic.triage(image_path, output=output, threads=threads)
            again = tmp_path / f"{threads}.again"
            report.write(again, suffix)
            assert again.read_bytes() == output.read_bytes()
            written.append(output.read_bytes())
    assert written[:2] == written[2:]


def test_a_record_has_its_keys_as_attributes(image, tmp_path):
    known = tmp_path / "list.md5"
    known.write_text(hashlib.md5(media.FILES["HELLO.TXT"]).hexdigest() + "  hello\n")
    report = forensic.triage(forensic.open(image), hash_sets=[forensic.HashSet.build(known)])
    records = list(report.records)
    assert [record.id for record in records] == list(range(len(records))) and len(list(report.records)) == len(records)
    for record in records:
        fields = record.to_dict()
        assert json.loads(record.to_json()) == fields
        assert all(getattr(record, key) == value for key, value in fields.items())
    by_name = {record.name: record for record in records}
    assert by_name["HELLO.TXT"].known[0]["name"] == "hello" and by_name["PICTURE.PNG"].type == "png"
    assert by_name["COPY.PNG"].same_as == by_name["PICTURE.PNG"].id
    assert by_name["PICTURE.PNG"].perceptual[0]["hex"] == forensic.image_hash(media.picture()).hex()
    assert report.summary["known"] == 1 and report.summary["records"] == len(records) and report.issues == []


def test_triage_is_watched_and_cancelled(image):
    seen = []
    forensic.triage(image, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1]
    with pytest.raises(forensic.CancelledError):
        forensic.triage(image, progress=lambda done, total: False)


def test_evidence_is_never_written_to(image, image_path, tmp_path):
    link = tmp_path / "link.jsonl"
    link.symlink_to(image_path)
    for output in (image_path, link):
        with pytest.raises(ValueError, match="is the evidence"):
            forensic.triage(image_path, output=output)
        with pytest.raises(ValueError, match="is the evidence"):
            forensic.triage(image_path).write(output, "jsonl")
    assert image_path.read_bytes() == image
    with pytest.raises(forensic.UnsupportedError):
        forensic.triage(image_path).write(tmp_path / "x", "parquet")


def shell(*arguments):
    return subprocess.run([sys.executable, "-m", "forensic", *map(str, arguments)], capture_output=True)


def test_ls_prints_one_object_an_entry(image_path):
    done = shell("ls", image_path, "--format", "jsonl")
    assert done.returncode == 0 and done.stderr == b""
    entries = [json.loads(line) for line in done.stdout.decode().splitlines()]
    hello = next(entry for entry in entries if entry["path"] == "/HELLO.TXT")
    content = media.FILES["HELLO.TXT"]
    assert (hello["md5"], hello["size"], hello["status"]) == (hashlib.md5(content).hexdigest(), len(content), "allocated")
    assert hello["streams"] == [] and hello["extents"][0][1] == len(content) and hello["volume_offset"] == 2048 * 512
    table = shell("ls", image_path, "--no-deleted").stdout.decode()
    assert "/HELLO.TXT" in table and "deleted" not in table


def test_cat_writes_the_bytes_and_nothing_else(image_path):
    assert shell("cat", image_path, "/LARGE.BIN").stdout == media.FILES["LARGE.BIN"]
    missing = shell("cat", image_path, "/NONE")
    assert missing.returncode == 2 and missing.stdout == b"" and missing.stderr.count(b"\n") == 1
    assert shell("cat", image_path, "/LARGE.BIN", "--volume", 99).returncode == 2


def test_hash_is_read_back_as_a_list(tmp_path):
    (tmp_path / "a").write_bytes(b"known")
    for algorithms, form in (("md5", "sums"), ("md5,sha256", "hashdeep")):
        done = shell("hash", tmp_path / "a", tmp_path / "none", "-a", algorithms)
        assert done.returncode == 2 and b"none" in done.stderr
        (tmp_path / "list").write_bytes(done.stdout)
        hash_set = forensic.HashSet.build(tmp_path / "list")
        assert hash_set.sources[0].format == form
        assert hash_set.lookup(forensic.hash(b"known"))[0].name == str(tmp_path / "a")


def test_verify_and_triage_from_the_shell(image_path, tmp_path):
    verified = shell("verify", image_path)
    assert verified.returncode == 1 and b"nothing is stored" in verified.stdout
    done = shell("triage", image_path, "-o", tmp_path / "out.jsonl", "--threads", 2)
    assert done.returncode == 0 and done.stderr == b"" and b"records:" in done.stdout
    forensic.triage(image_path, output=tmp_path / "expected.jsonl")
    assert (tmp_path / "out.jsonl").read_bytes() == (tmp_path / "expected.jsonl").read_bytes()
    assert shell("ls", tmp_path / "none.img").returncode == 2


def test_ctrl_c_ends_long_work():
    code = """
import forensic, os, signal, threading, time
class Endless:
    # Two TiB of zeros: hashing them takes an hour.
    position = 0
    def seek(self, offset, whence=0):
        self.position = offset + (2 << 40 if whence == 2 else 0)
        return self.position
    def tell(self):
        return self.position
    def read(self, n):
        return bytes(n)
# A parent that ignores the signal, as a shell's background does, hands that on.
signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
forensic.hash(Endless(), ["md5"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert b"KeyboardInterrupt" in done.stderr and done.returncode != 0


def test_the_account_sums_to_the_medium() -> None:
    with forensic.open(bytes(1 << 20)) as evidence:
        report = forensic.triage(evidence, carve=False)
    assert dict(report.account)["fill"] == sum(count for _, count in report.account) == 1 << 20
    assert [(extent.offset, extent.length) for extent in report.account_extents("fill")] == [(0, 1 << 20)]
    with pytest.raises(ValueError, match="no class"):
        report.account_extents("lost")
