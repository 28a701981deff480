//! Evidence: containers told by content, segments found, digests that agree with those stored and with libewf's.

use crate::corpus;
use forensic_core::{
    Error, NoProgress,
    bytes::ReadAt,
    evidence::{Evidence, OpenOptions},
};
use md5::{Digest, Md5};
use std::{path::Path, process::Command};

fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn content(evidence: &Evidence) -> Vec<u8> {
    evidence.stream().read_vec(0, evidence.size()).unwrap()
}

/// The output of a tool of another project; says plainly when it is not installed.
fn run(tool: &str, arguments: &[&std::ffi::OsStr]) -> Option<String> {
    let Ok(output) = Command::new(tool).args(arguments).output() else {
        eprintln!("SKIPPED: {tool} is not installed");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The MD5 that `ewfverify` computes.
fn ewfverify(path: &Path) -> Option<String> {
    let output = run("ewfverify", &["-q".as_ref(), path.as_os_str()])?;
    let line = output.lines().find(|line| line.starts_with("MD5 hash calculated over data"))?;
    line.split_whitespace().last().map(str::to_owned)
}

const E01: &[&str] =
    &["sleuthkit/image.E01", "sleuthkit/imageformat_mmls_1.E01", "dfvfs/ext2.E01", "dfvfs/ext2.split.E01"];

#[test]
fn every_e01_of_the_corpus_verifies_and_agrees_with_ewfverify() {
    for name in E01 {
        let Some(path) = corpus::file(&format!("images/{name}")) else { continue };
        let evidence = Evidence::open(&path).unwrap();
        assert_eq!(evidence.format(), "ewf");
        assert_eq!(evidence.issues(), [], "{name}");
        let verification = evidence.verify(&NoProgress).unwrap();
        assert_eq!(verification.ok, Some(true), "{name}: {verification:?}");
        assert_eq!(verification.computed["md5"], verification.stored["md5"], "{name}");
        assert_eq!(md5(&content(&evidence)), verification.computed["md5"], "{name}");
        if let Some(theirs) = ewfverify(&path) {
            assert_eq!(verification.computed["md5"], theirs, "{name}");
        }
    }
}

#[test]
fn sizes_and_metadata_are_those_ewfinfo_prints() {
    let Some(path) = corpus::file("images/sleuthkit/image.E01") else { return };
    let evidence = Evidence::open(path).unwrap();
    let metadata = evidence.metadata();
    assert_eq!((evidence.size(), evidence.sector_size()), (102_400, 512));
    assert_eq!(metadata["acquired"], "2019-06-10T15:11:25Z");
    assert_eq!(metadata["platform"], "Linux");
    assert_eq!(metadata["set_identifier"], "87f204ee-384f-244c-b976-2bd622c6b20e");
    assert_eq!(metadata["media_type"], "fixed");
    assert_eq!(metadata["is_physical"], "true");
    let Some(path) = corpus::file("images/sleuthkit/imageformat_mmls_1.E01") else { return };
    let evidence = Evidence::open(path).unwrap();
    let metadata = evidence.metadata();
    assert_eq!(evidence.size(), 62_915_072);
    assert_eq!(metadata["examiner"], "Rishwanth");
    assert_eq!(metadata["description"], "Test E01 for sleuthkit");
    assert_eq!(metadata["case_number"], "1");
    assert_eq!(metadata["acquired"], "2018-05-16T15:05:08");
    assert_eq!(metadata["acquisition_version"], "ADI2.9.0.13");
    assert_eq!(evidence.stored_hashes()["sha1"], "067bc6ab29685ee19b0cf82c9d15ac510d1e7d95");
}

#[test]
fn an_e01_holds_the_bytes_of_the_raw_image_it_was_made_from() {
    let (Some(e01), Some(dd)) = (corpus::file("images/sleuthkit/image.E01"), corpus::read("images/sleuthkit/image.dd"))
    else {
        return;
    };
    assert!(content(&Evidence::open(e01).unwrap()) == dd);
}

#[test]
fn a_split_image_is_found_from_any_member() {
    for (members, format) in [
        (["dfvfs/ext2.splitraw.000", "dfvfs/ext2.splitraw.001"], "split"),
        (["dfvfs/ext2.split.E01", "dfvfs/ext2.split.E02"], "ewf"),
    ] {
        for member in members {
            let Some(path) = corpus::file(&format!("images/{member}")) else { continue };
            let evidence = Evidence::open(path).unwrap();
            assert_eq!((evidence.format(), evidence.size()), (format, 4_194_304), "{member}");
            assert_eq!(md5(&content(&evidence)), "196066add11fb71c4c49cf1bb50d6d24", "{member}");
        }
        let paths = members.map(|member| corpus::file(&format!("images/{member}")));
        let [Some(first), Some(second)] = paths else { continue };
        let evidence = OpenOptions::new().open_segments([&first, &second]).unwrap();
        assert_eq!(md5(&content(&evidence)), "196066add11fb71c4c49cf1bb50d6d24");
    }
}

#[test]
fn containers_that_are_not_read_are_named_and_not_passed_off_as_raw() {
    for (name, what) in [
        ("dfvfs/ext2.qcow2", "QCOW"),
        ("dfvfs/windows_volume.qcow2", "QCOW"),
        ("sleuthkit/image.qcow", "QCOW"),
        ("dfvfs/ext2.vmdk", "VMDK"),
        ("sleuthkit/image.vmdk", "VMDK"),
        ("dfvfs/ext2.vhd", "VHD"),
        ("dfvfs/image.vhd", "VHD"),
        ("dfvfs/image-differential.vhd", "VHD"),
        ("dfvfs/fat-differential.vhd", "VHD"),
        ("dfvfs/hfsplus_zlib.dmg", "DMG"),
    ] {
        let Some(path) = corpus::file(&format!("images/{name}")) else { continue };
        match Evidence::open(path) {
            Err(Error::Unsupported { what: found }) => assert!(found.contains(what), "{name}: {found}"),
            Err(error) => panic!("{name}: {error}"),
            Ok(evidence) => panic!("{name} opened as {}", evidence.format()),
        }
    }
}

/// The formats that `ewfacquire` writes, from the first of 1998 to EnCase 6.
const WRITTEN: &[&str] = &[
    "ewf", "smart", "ftk", "encase1", "encase2", "encase3", "encase4", "encase5", "encase6", "linen5", "linen6", "ewfx",
];

#[test]
fn every_ewf_format_that_ewfacquire_writes_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("medium");
    let medium: Vec<u8> = (0..70u32 * 32_768 + 1536).map(|at| (at / 5 * (at >> 15)) as u8 ^ (at >> 3) as u8).collect();
    std::fs::write(&raw, &medium).unwrap();
    for format in WRITTEN {
        for level in ["none", "fast", "best"] {
            let target = folder.path().join(format!("{format}-{level}"));
            let arguments = ["-u", "-q", "-S", "1048576", "-C", "case 1", "-N", "é", "-f", format, "-c", level, "-t"]
                .map(AsRef::as_ref);
            if run("ewfacquire", &[&arguments, &[target.as_os_str(), raw.as_os_str()][..]].concat()).is_none() {
                return;
            }
            let extensions = ["E01", "e01", "s01"].map(|extension| target.with_extension(extension));
            let first = extensions.iter().find(|path| path.exists()).unwrap();
            let evidence = Evidence::open(first).unwrap();
            assert_eq!(evidence.issues(), [], "{format} {level}");
            assert_eq!(evidence.metadata()["case_number"], "case 1", "{format} {level}");
            let stored = evidence.verify(&NoProgress).unwrap();
            assert!(matches!(stored.ok, Some(true)), "{format} {level}: {stored:?}");
            assert!(content(&evidence) == medium, "{format} {level}");
        }
    }
}

/// Writes files of the given names and contents in a new folder.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

#[test]
fn split_sets_are_gathered_by_the_names_tools_give() {
    for names in [
        ["d.001", "d.002", "d.003"],
        ["d.000", "d.001", "d.002"],
        ["d.aa", "d.ab", "d.ac"],
        ["d.AA", "d.AB", "d.AC"],
        ["d.aaa", "d.aab", "d.aac"],
        ["d.00", "d.01", "d.02"],
        ["d.0001", "d.0002", "d.0003"],
    ] {
        let folder = folder(&[(names[0], b"one"), (names[1], b""), (names[2], b"three"), ("e.003", b"not ours")]);
        for name in names {
            let evidence = Evidence::open(folder.path().join(name)).unwrap();
            assert_eq!((evidence.format(), content(&evidence)), ("split", b"onethree".to_vec()), "{name}");
        }
    }
}

#[test]
fn a_file_that_is_no_member_of_a_set_is_raw() {
    let folder = folder(&[("lone.001", b"1"), ("disk.dd", b"2"), ("dump.2023", b"3"), ("x.img", b"4"), ("empty", b"")]);
    for name in ["lone.001", "disk.dd", "dump.2023", "x.img", "empty"] {
        let evidence = Evidence::open(folder.path().join(name)).unwrap();
        assert_eq!(evidence.format(), "raw", "{name}");
        assert_eq!(evidence.issues(), []);
    }
    assert_eq!(Evidence::open(folder.path().join("empty")).unwrap().size(), 0);
}

#[test]
fn a_missing_member_of_a_split_set_is_named() {
    let folder =
        folder(&[("d.001", b"1"), ("d.002", b"2"), ("d.004", b"4"), ("e.aa", b"1"), ("e.ac", b"3"), ("e.ad", b"4")]);
    for (open, number, name) in [("d.001", 3, "d.003"), ("d.004", 3, "d.003"), ("e.aa", 2, "e.ab"), ("e.ad", 2, "e.ab")]
    {
        match Evidence::open(folder.path().join(open)) {
            Err(Error::MissingSegment { number: missing, path }) => {
                assert_eq!((missing, path), (number, folder.path().join(name)), "{open}");
            }
            other => panic!("{open}: {:?}", other.map(|evidence| evidence.size())),
        }
    }
    let given = ["d.004", "d.001"].map(|name| folder.path().join(name));
    assert_eq!(content(&OpenOptions::new().open_segments(given).unwrap()), b"41");
}

#[test]
fn a_raw_medium_that_ends_or_begins_with_a_famous_word_stays_raw() {
    let mut medium = vec![0u8; 8192];
    medium[8192 - 512..][..8].copy_from_slice(b"conectix");
    assert_eq!(Evidence::from_bytes(medium).unwrap().format(), "raw");
    let archive = b"PK\x03\x04 an ordinary archive PK\x05\x06 without a comment of AFF4".to_vec();
    assert_eq!(Evidence::from_bytes(archive).unwrap().format(), "raw");
    assert_eq!(Evidence::from_bytes(*b"EV").unwrap().format(), "raw");
}
