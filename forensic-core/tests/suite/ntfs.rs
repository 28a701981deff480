//! Tests of the NTFS reader: against The Sleuth Kit's listings, the image kit's truth, and volumes no driver would write.

mod deleted;
pub(crate) mod image;
mod journals;
mod of_others;

use crate::{
    corpus,
    cross_checks::checked,
    fixtures::{all, entries, md5},
};
use forensic_core::{
    Limits,
    bytes::{ExtentKind, ReadAt, Slice, Source},
    filesystem::{self, Entry, FileSystem, Kind, Recoverability, Status, WalkOptions},
};
use image::*;
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

pub fn open(bytes: impl Into<Vec<u8>>) -> Arc<dyn FileSystem> {
    let bytes = bytes.into();
    if bytes.len() <= 2 << 20 {
        corpus::seed("ntfs", &bytes);
    }
    checked(filesystem::open(Arc::new(bytes), &Limits::default()).unwrap().unwrap())
}

#[test]
fn label_serial_and_sizes_are_those_of_the_volume() {
    let filesystem = open(Image::new().finish());
    assert_eq!((filesystem.label().as_str(), filesystem.serial().as_str()), ("evidence", "1122334455667788"));
    assert_eq!((filesystem.cluster_size(), filesystem.size()), (512, 1 << 20));
    assert_eq!(filesystem.unallocated().unwrap().len(), ((CLUSTERS - 144) * CLUSTER) as u64);
}

#[test]
fn record_in_two_runs_of_the_mft_is_read() {
    let mut image = Image::new();
    image.mft = vec![(16, 61), (300, 67)];
    let content = [b'x'; 600];
    image.file(30, "straddles", &[resident(DATA, "", 1, &content)]);
    let filesystem = open(image.finish());
    let entry = filesystem.entry("/straddles").unwrap();
    assert_eq!(all(&entry.open("").unwrap()), content);
    let extents = entry.extents("").unwrap();
    assert_eq!(extents.len(), 2);
    assert_eq!((extents[1].offset, extents[1].kind), (Some(300 * 512), ExtentKind::Resident));
}

#[test]
fn mft_whose_own_runs_are_in_another_record_is_read() {
    let mut image = Image::new();
    image.mft = vec![(16, 61), (300, 67)];
    image.mft_continues_in = Some(15);
    image.file(50, "far", &[resident(DATA, "", 1, b"content")]);
    let filesystem = open(image.finish());
    assert_eq!(all(&filesystem.entry("/far").unwrap().open("").unwrap()), b"content");
}

#[test]
fn copies_serve_where_boot_sector_and_first_record_are_damaged() {
    let mut image = Image::new();
    image.file(30, "kept", &[resident(DATA, "", 1, b"content")]);
    let mut bytes = image.finish();
    bytes[..512].fill(0);
    bytes[16 * 512..17 * 512].fill(0xee);
    let filesystem = open(bytes);
    assert_eq!(all(&filesystem.entry("/kept").unwrap().open("").unwrap()), b"content");
    assert!(filesystem.issues().iter().any(|issue| issue.structure == "NTFS boot sector"));
}

#[test]
fn stream_of_a_directory_is_listed() {
    let mut image = Image::new();
    let attributes = [resident(DATA, "note", 1, b"on a directory"), index_root(&[])];
    image.record(30, 1, IN_USE | DIRECTORY, "d", &attributes);
    image.listed.push((reference(30, 1), file_name(ROOT, "d")));
    let entry = open(image.finish()).entry("/d").unwrap();
    assert_eq!((entry.kind, entry.streams.len()), (Kind::Directory, 1));
    assert_eq!(all(&entry.open("note").unwrap()), b"on a directory");
}

#[test]
fn record_in_use_that_no_index_lists_is_unlisted() {
    let mut image = Image::new();
    image.record(30, 1, IN_USE, "hidden", &[resident(DATA, "", 1, b"content")]);
    let entry = open(image.finish()).entry("/hidden").unwrap();
    assert_eq!((entry.status, entry.recoverability), (Status::Unlisted, None));
}

#[test]
fn deleted_file_is_graded_by_who_has_its_clusters() {
    let mut image = Image::new();
    image.write(500, &[1; 1024], false).write(600, &[2; 1024], true);
    image.record(30, 2, 0, "whole", &[non_resident(DATA, "", 1, &Clusters::new(&[(Some(500), 2)], 1000))]);
    image.record(31, 2, 0, "taken", &[non_resident(DATA, "", 1, &Clusters::new(&[(Some(600), 2)], 1000))]);
    image.record(32, 2, 0, "twice", &[non_resident(DATA, "", 1, &Clusters::new(&[(Some(700), 2)], 1000))]);
    image.record(33, 2, 0, "too", &[non_resident(DATA, "", 1, &Clusters::new(&[(Some(701), 2)], 1000))]);
    let filesystem = open(image.finish());
    let grade = |path: &str| filesystem.entry(path).unwrap().recoverability.unwrap();
    assert_eq!(grade("/whole"), Recoverability::Intact);
    assert_eq!(grade("/taken"), Recoverability::Overwritten);
    // Two claim one cluster, and nothing says whose it was last: neither is intact.
    assert_eq!((grade("/twice"), grade("/too")), (Recoverability::Unknown, Recoverability::Unknown));
    assert_eq!(all(&filesystem.entry("/whole").unwrap().slack()), [1; 24]);
}

#[test]
fn bytes_never_written_read_as_zeros_from_nowhere() {
    let mut image = Image::new();
    image.write(500, &[0xaa; 1024], true);
    let clusters = Clusters { initialized: 100, ..Clusters::new(&[(Some(500), 2)], 1000) };
    image.file(30, "short", &[non_resident(DATA, "", 1, &clusters)]);
    let entry = open(image.finish()).entry("/short").unwrap();
    let content = all(&entry.open("").unwrap());
    assert!(content[..100].iter().all(|byte| *byte == 0xaa) && content[100..].iter().all(|byte| *byte == 0));
    let extents = entry.extents("").unwrap();
    assert_eq!((extents[1].offset, extents[1].kind, extents[1].length), (None, ExtentKind::Sparse, 900));
    // What stands there all the same is slack: it is of whoever had the clusters before.
    assert_eq!(all(&entry.slack()), [0xaa; 924]);
}

/// Packs bytes of one value into an LZNT1 chunk: a literal and copies of it.
fn lznt1_of(byte: u8) -> Vec<u8> {
    // After one literal, displacement is 1 and the length field has 12 bits: 3 + 4092 bytes.
    vec![0x03, 0xb0, 0x02, byte, 0xfc, 0x0f]
}

#[test]
fn compressed_units_inflate_and_say_where_they_lie() {
    let mut image = Image::new();
    // Units of 16 clusters of 512 bytes: packed, zeros, as it is.
    let packed_unit = [lznt1_of(b'a'), lznt1_of(b'b')].concat();
    image.write(500, &packed_unit, true).write(600, &[b'c'; 8192], true);
    let runs = [(Some(500), 1), (None, 15), (None, 16), (Some(600), 16)];
    let clusters = Clusters { flags: 1, unit: 4, ..Clusters::new(&runs, 24_000) };
    image.file(30, "packed", &[non_resident(DATA, "", 1, &clusters)]);
    let entry = open(image.finish()).entry("/packed").unwrap();
    let content = all(&entry.open("").unwrap());
    let wanted: Vec<u8> =
        [(b'a', 4096), (b'b', 4096), (0, 8192), (b'c', 7616)].iter().flat_map(|&(b, n)| vec![b; n]).collect();
    assert!(content == wanted);
    let kinds: Vec<_> = entry.extents("").unwrap().iter().map(|e| (e.offset, e.length, e.kind)).collect();
    let expected = [
        (Some(500 * 512), 8192, ExtentKind::Compressed),
        (None, 8192, ExtentKind::Sparse),
        (Some(600 * 512), 7616, ExtentKind::Data),
    ];
    assert_eq!(kinds, expected);
    assert!(entry.streams[0].info.compressed);
}

#[test]
fn what_cannot_be_decoded_is_refused() {
    let mut image = Image::new();
    let encrypted = Clusters { flags: 0x4000, ..Clusters::new(&[(Some(500), 2)], 1000) };
    image.file(30, "secret", &[non_resident(DATA, "", 1, &encrypted)]);
    let wof = [&0x8000_0017u32.to_le_bytes()[..], &[16, 0, 0, 0], &[0; 16]].concat();
    image.file(
        31,
        "system.dll",
        &[non_resident(DATA, "", 1, &Clusters::new(&[(None, 2)], 1000)), resident(0xc0, "", 3, &wof)],
    );
    let filesystem = open(image.finish());
    for (path, what) in [("/secret", "EFS"), ("/system.dll", "overlay filter")] {
        let error = filesystem.entry(path).unwrap().open("").err().unwrap();
        assert!(
            matches!(error, forensic_core::Error::Unsupported { .. }) && error.to_string().contains(what),
            "{error}"
        );
    }
}

#[test]
fn attribute_list_that_leads_to_itself_ends() {
    let mut image = Image::new();
    let list = [
        listed(LIST, 0, reference(30, 1), 9),
        listed(DATA, 0, reference(30, 1), 1),
        listed(DATA, 5, reference(31, 1), 1),
    ];
    image.file(30, "own", &[resident(LIST, "", 9, &list.concat()), resident(DATA, "", 1, b"content")]);
    let entry = open(image.finish()).entry("/own").unwrap();
    assert_eq!(all(&entry.open("").unwrap()), b"content");
    assert!(!entry.issues.is_empty());
}

#[test]
fn content_in_a_lost_record_is_an_error_and_not_an_empty_file() {
    let mut image = Image::new();
    let list = [listed(FILE_NAME, 0, reference(30, 1), 2), listed(DATA, 0, reference(40, 1), 1)];
    image.file(30, "lost", &[resident(LIST, "", 9, &list.concat())]);
    assert!(open(image.finish()).entry("/lost").unwrap().open("").is_err());
}

#[test]
fn torn_record_is_listed_and_its_content_refused() {
    let mut image = Image::new();
    image.file(30, "torn", &[resident(DATA, "", 1, b"content")]);
    image.records.get_mut(&30).unwrap()[510] = 0x99;
    image.file(31, "gone", &[resident(DATA, "", 1, b"content")]);
    image.records.get_mut(&31).unwrap()[..4].copy_from_slice(b"BAAD");
    let filesystem = open(image.finish());
    for path in ["/torn", "/gone"] {
        let entry = filesystem.entry(path).unwrap();
        assert_eq!(entry.status, Status::Allocated);
        assert!(entry.open("").is_err() && !entry.issues.is_empty(), "{path}");
    }
}

#[test]
fn directories_in_a_cycle_are_listed_as_orphans() {
    let mut image = Image::new();
    for (number, parent) in [(30, 31), (31, 30)] {
        let name = resident(FILE_NAME, "", 2, &name_of(reference(parent, 1), &utf16("loop"), 0x1000_0000));
        image.records.insert(number, record(1, IN_USE | DIRECTORY, 0, &[name, index_root(&[])]));
    }
    let filesystem = open(image.finish());
    let paths: Vec<_> = entries(&filesystem).into_iter().filter(|e| e.id >= 30).map(|e| e.path).collect();
    assert_eq!(paths, ["/$OrphanFiles/loop", "/$OrphanFiles/loop/loop"]);
    assert!(filesystem.issues().iter().any(|issue| issue.message.contains("loop")));
}

#[test]
fn index_block_is_read_once_whatever_it_points_to() {
    let mut image = Image::new();
    image.file(30, "in a block", &[resident(DATA, "", 1, b"content")]);
    let listed = std::mem::take(&mut image.listed);
    let mut block = index_block(&listed);
    // The entry claims a child block, which is this one.
    block[64 + 12] |= 1;
    image.write(500, &block, true);
    let name = resident(FILE_NAME, "", 2, &file_name(ROOT, "."));
    let allocation = non_resident(0xa0, "$I30", 8, &Clusters::new(&[(Some(500), 2)], 1024));
    image.records.insert(5, record(5, IN_USE | DIRECTORY, 0, &[name, index_root(&[]), allocation]));
    let filesystem = open(image.finish());
    assert_eq!(filesystem.entry("/in a block").unwrap().status, Status::Allocated);
    filesystem.cross_check().unwrap();
}

#[test]
fn run_behind_the_end_of_the_volume_is_an_error_where_it_is_read() {
    let mut image = Image::new();
    image.write(500, &[7; 512], true);
    let runs = [(Some(500), 1), (Some(2000), 1 << 40)];
    image.file(30, "beyond", &[non_resident(DATA, "", 1, &Clusters::new(&runs, 1 << 45))]);
    let entry = open(image.finish()).entry("/beyond").unwrap();
    let content = entry.open("").unwrap();
    assert_eq!(content.read_vec(0, 512).unwrap(), [7; 512]);
    assert_eq!(content.read_vec(512, 1).unwrap_err().structure(), Some("data run"));
}

#[test]
fn hostile_names_are_kept_and_harmless() {
    let mut image = Image::new();
    let names: [(&[u8], &str); 5] = [
        (&utf16(".."), "/.."),
        (&utf16("a/b"), "/a\u{fffd}b"),
        (&utf16("nul\0"), "/nul\u{fffd}"),
        (&[0x00, 0xd8, b'x', 0], "/\u{fffd}x"),
        (&utf16("\u{202e}gpj.exe"), "/\u{202e}gpj.exe"),
    ];
    for (number, (name, _)) in (30..).zip(names) {
        let key = name_of(ROOT, name, 0);
        image.records.insert(number, record(1, IN_USE, 0, &[resident(FILE_NAME, "", 2, &key)]));
        image.listed.push((reference(number, 1), key));
    }
    let filesystem = open(image.finish());
    for (name, path) in names {
        let entry = filesystem.entry(path).unwrap();
        assert_eq!((entry.status, entry.name_bytes.as_slice()), (Status::Allocated, name));
    }
}

/// A volume with something of everything, for faults and mutations.
pub fn varied() -> Vec<u8> {
    let mut image = Image::new();
    image.mft = vec![(16, 61), (300, 67)];
    image.mft_continues_in = Some(15);
    image.write(500, &lznt1_of(b'a'), true).write(600, &[2; 1024], false);
    let packed = [(Some(500), 1), (None, 15)];
    let packed = Clusters { flags: 1, unit: 4, ..Clusters::new(&packed, 4096) };
    image.file(30, "packed", &[non_resident(DATA, "", 1, &packed), resident(DATA, "ads", 3, b"stream")]);
    image.record(31, 2, 0, "deleted", &[non_resident(DATA, "", 1, &Clusters::new(&[(Some(600), 2)], 1000))]);
    let list = [listed(FILE_NAME, 0, reference(32, 1), 2), listed(DATA, 0, reference(33, 1), 1)];
    image.file(32, "listed", &[resident(LIST, "", 9, &list.concat())]);
    image.records.insert(33, record(1, IN_USE, reference(32, 1), &[resident(DATA, "", 1, b"far")]));
    let gone = [(reference(30, 7), file_name(ROOT, "gone")), (reference(30, 1), file_name(ROOT, "former"))];
    image.write(700, &index_block_with(&gone[..1], &gone[1..]), false);
    image.write(702, &numbered(record(9, IN_USE, 0, &[resident(FILE_NAME, "", 2, &gone[0].1)]), 34), false);
    journals::add_journal(
        &mut image,
        &[(2, reference(31, 9), ROOT, "journaled", 0), (3, reference(50, 9), ROOT, "x", 16)],
    );
    journals::add_log(&mut image, &index_entries(&gone));
    image.finish()
}

fn read_everything(source: Source) {
    let Ok(Some(filesystem)) = filesystem::open(source, &Limits::default()) else { return };
    for entry in filesystem.walk(WalkOptions::default()) {
        for stream in &entry.streams {
            if let Ok(content) = stream.open() {
                let _ = content.read_vec(0, content.len().min(1 << 16));
                let _ = content.locate(0, content.len().min(1 << 16));
            }
        }
    }
    let _ = (filesystem.unallocated().map(|source| source.len()), filesystem.issues(), filesystem.label());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn mutated_volumes_are_read_without_a_panic(
        changes in prop::collection::vec((0usize..(150 * 512), any::<u8>()), 1..40),
        length in 0usize..(CLUSTERS * CLUSTER),
    ) {
        let mut bytes = varied();
        for (place, value) in changes {
            bytes[place] = value;
        }
        read_everything(Arc::new(bytes.clone()));
        bytes.truncate(length);
        read_everything(Arc::new(bytes));
    }

    #[test]
    fn arbitrary_records_are_read_without_a_panic(noise in prop::collection::vec(any::<u8>(), 1024)) {
        let mut image = Image::new();
        let mut record = record(1, IN_USE, 0, &[]);
        record[56..].copy_from_slice(&noise[56..]);
        record[24..28].copy_from_slice(&1024u32.to_le_bytes());
        record[510..512].copy_from_slice(&[7, 0]);
        record[1022..].copy_from_slice(&[7, 0]);
        image.records.insert(30, record);
        read_everything(Arc::new(image.finish()));
    }
}
