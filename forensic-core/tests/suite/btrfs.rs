//! Tests of the Btrfs reader, on volumes that Linux filled (`fixtures/linux/make.py`) and Debian's sample.

use crate::{corpus, linux_fixtures::*};
use forensic_core::{
    bytes::{ExtentKind, ReadAt, Slice, Source},
    filesystem::{Entry, Kind, Recoverability, Status},
};
use proptest::prelude::*;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

/// Compared with what the driver reads back, packed in `truth`.
fn is_read_as_the_driver_reads_it(bytes: Vec<u8>, packed: &[u8]) {
    let filesystem = open(bytes);
    let all = entries(&filesystem);
    assert_eq!((filesystem.kind(), filesystem.label().as_str()), ("btrfs", "fixture"));
    let truth = truth(packed);
    let ours = live(&all);
    for (path, row) in &truth {
        assert_eq!(ours.get(path), Some(row), "{path}");
    }
    assert_eq!(ours.len(), truth.len());
    assert_apart(&filesystem, &all);
}

/// Subvolumes, a snapshot, all compressions, inline and scattered extents, holes, 120 links of one file.
#[test]
fn volume_is_read_as_the_driver_reads_it() {
    is_read_as_the_driver_reads_it(btrfs(), include_bytes!("../fixtures/linux/btrfs.tsv.gz"));
}

#[test]
fn mixed_chunks_with_blake2_and_explicit_holes_are_read() {
    is_read_as_the_driver_reads_it(btrfs_mixed(), include_bytes!("../fixtures/linux/btrfs_mixed.tsv.gz"));
}

#[test]
fn duplicated_metadata_with_xxhash_is_read() {
    is_read_as_the_driver_reads_it(btrfs_dup(), include_bytes!("../fixtures/linux/btrfs_dup.tsv.gz"));
}

#[test]
fn subvolumes_stand_where_they_are_listed() {
    let filesystem = open(btrfs());
    assert_eq!(content(&filesystem.entry("/subvolume/nested/deep").unwrap()), b"of a nested subvolume\n");
    assert_eq!(content(&filesystem.entry("/a/snapshot/inside").unwrap()), b"of a subvolume\n");
    assert!(filesystem.entry("/a/snapshot/later").is_err());
    // A snapshot does not hold the subvolumes of its original.
    assert_eq!(filesystem.entry("/a/snapshot/nested").unwrap().status, Status::Allocated);
    assert!(filesystem.entry("/a/snapshot/nested/deep").is_err());
}

#[test]
fn compressed_extents_tell_where_they_lie() {
    let filesystem = open(btrfs());
    for kind in ["zlib", "lzo", "zstd"] {
        let entry = filesystem.entry(&format!("/{kind}/large")).unwrap();
        assert_eq!(entry.attributes["compression"].to_string(), kind);
        assert!(entry.streams[0].info.compressed);
        let extents = entry.extents("").unwrap();
        assert!(extents.iter().any(|extent| extent.kind == ExtentKind::Compressed), "{extents:?}");
    }
}

#[test]
fn deleted_files_are_intact_by_their_own_checksums() {
    for bytes in [btrfs(), btrfs_dup(), btrfs_mixed()] {
        let all = entries(&open(bytes));
        let gone: BTreeMap<&str, _> =
            all.iter().filter(|entry| !entry.status.is_live()).map(|entry| (entry.path.as_str(), entry)).collect();
        assert_eq!(gone.len(), 2);
        for (path, size) in [("/deleted.bin", 9000), ("/a/deleted inline.txt", 900)] {
            let entry = gone[path];
            assert_eq!((entry.size, entry.recoverability), (size, Some(Recoverability::Intact)), "{path}");
            assert_eq!(content(entry).len() as u64, size);
        }
    }
}

#[test]
fn destroyed_superblock_is_replaced_by_its_mirror() {
    let mut bytes = btrfs_dup();
    let whole = entries(&open(bytes.clone())).len();
    bytes[65536..69632].fill(0);
    let filesystem = open(bytes);
    assert_eq!(entries(&filesystem).len(), whole);
    let issues = filesystem.issues();
    assert!(
        issues.iter().any(|issue| issue.structure == "Btrfs superblock" && issue.offset == Some(65536 + 64)),
        "{issues:?}"
    );
}

/// Byte offsets of what looks like `needle`.
fn places(bytes: &[u8], needle: &[u8]) -> Vec<usize> {
    bytes.windows(needle.len()).enumerate().filter(|(_, window)| *window == needle).map(|(place, _)| place).collect()
}

#[test]
fn second_copy_of_metadata_is_read_where_the_first_is_damaged() {
    let mut bytes = btrfs_dup();
    let found = places(&bytes, b"name of bytes\n");
    let truth = live(&entries(&open(bytes.clone())));
    // The first copy of the leaf that holds the inline content, and former leaves.
    let middle = found.len() / 2;
    for place in &found[..middle] {
        bytes[*place] ^= 0xff;
    }
    let filesystem = open(bytes);
    assert_eq!(live(&entries(&filesystem)), truth);
    let issues = filesystem.issues();
    assert!(
        issues.iter().any(|issue| issue.structure == "B-tree node" && issue.message.contains("checksum")),
        "{issues:?}"
    );
}

#[test]
fn data_that_does_not_fit_its_checksum_is_given_and_told() {
    let mut bytes = btrfs();
    let extent = open(bytes.clone()).entry("/a/b/c/noise.bin").unwrap().extents("").unwrap()[0];
    bytes[extent.offset.unwrap() as usize + 5000] ^= 1;
    let filesystem = open(bytes);
    assert_eq!(content(&filesystem.entry("/a/b/c/noise.bin").unwrap()).len(), 9000);
    let issues = filesystem.issues();
    assert_eq!((issues[0].structure.as_str(), issues[0].offset), ("data sector", extent.offset.map(|o| o + 4096)));
}

/// All files of Debian's sample, live and deleted, are those of its ext4 image.
#[test]
fn debian_sample_equals_the_original_files() {
    let (Some(image), Some(truth)) = (corpus::debian_sample("fs.btrfs.xz"), corpus::truth("debian_ext4")) else {
        return;
    };
    let medium: Source = Arc::new(image);
    let length = medium.len() - (1 << 20);
    let volume: Source = Arc::new(Slice::new(medium, 1 << 20, length).unwrap());
    let filesystem = forensic_core::filesystem::open(volume, &Default::default()).unwrap().unwrap();
    let all = entries(&filesystem);
    let is_of_all = |row: &corpus::Row| row.live && row.path != "lost+found" && !row.path.starts_with('$');
    let theirs: BTreeSet<(String, Option<String>)> =
        truth.into_iter().filter(is_of_all).map(|row| (format!("/{}", row.path), row.md5)).collect();
    let hash = |entry: &Entry| (entry.kind == Kind::File).then(|| md5(&content(entry)));
    let live = all.iter().filter(|entry| entry.status.is_live());
    let ours: BTreeSet<_> = live.map(|entry| (entry.path.clone(), hash(entry))).collect();
    assert_eq!(ours, theirs);
    let gone: Vec<_> = all.iter().filter(|entry| !entry.status.is_live() && entry.kind == Kind::File).collect();
    let mut found: Vec<_> = gone.iter().map(|entry| (hash(entry).unwrap(), entry.path.as_str())).collect();
    found.sort_by_key(|(_, path)| *path);
    let found: Vec<(&str, &str)> = found.iter().map(|(md5, path)| (md5.as_str(), *path)).collect();
    assert_eq!(found, corpus::DEBIAN_DELETED);
    assert!(gone.iter().all(|entry| entry.recoverability == Some(Recoverability::Intact)));
    assert_eq!(filesystem.issues(), []);
}

fn fixture() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let bytes = btrfs_mixed();
        seed("btrfs", &bytes, 2 << 20);
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn mutated_volumes_are_read_without_a_panic(
        changes in prop::collection::vec((64usize << 10..(6 << 20), any::<u8>()), 1..60),
        length in (1usize << 20)..(16 << 20),
    ) {
        let mut bytes = fixture().to_vec();
        for (place, value) in changes {
            bytes[place] = value;
        }
        bytes.truncate(length);
        read_everything(Arc::new(bytes));
    }
}
