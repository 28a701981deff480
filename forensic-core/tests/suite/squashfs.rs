//! Tests of the SquashFS reader: images of `mksquashfs` in every compression, against the files they were made of.

use crate::fixtures::{
    content, differences, entries, extents_hold_the_content, live, open, read, read_everything, truth,
};
use forensic_core::{
    Error, Limits,
    bytes::ExtentKind,
    filesystem::{self, Status, Value},
};
use proptest::prelude::*;
use std::sync::Arc;

const VARIANTS: [&str; 10] =
    ["gzip", "xz", "xz_x86", "lzma", "lzo", "lz4", "zstd", "plain", "no_fragments", "all_fragments"];

fn image(variant: &str) -> Vec<u8> {
    read(&format!("{variant}.squashfs"))
}

#[test]
fn every_compression_gives_the_files_that_went_in() {
    let truth = truth("squashfs");
    for variant in VARIANTS {
        let bytes = image(variant);
        let filesystem = open(bytes.clone());
        assert_eq!(filesystem.kind(), "squashfs");
        assert_eq!(differences(&live(&filesystem), &truth), Vec::<String>::new(), "{variant}");
        assert_eq!(filesystem.issues(), [], "{variant}");
        extents_hold_the_content(&filesystem, &bytes);
    }
}

#[test]
fn owners_links_devices_and_attributes_are_told() {
    let filesystem = open(image("zstd"));
    let tail = filesystem.entry("/tail").unwrap();
    assert_eq!((&tail.attributes["uid"], &tail.attributes["gid"]), (&Value::Int(1000), &Value::Int(2000)));
    assert_eq!(tail.attributes["xattr:user.comment"], Value::Text("an attribute".to_owned()));
    assert_eq!(tail.attributes["xattr:trusted.bytes"], Value::Bytes((0..40).collect()));
    let folder = filesystem.entry("/folder").unwrap();
    assert_eq!(folder.attributes["xattr:user.of folder"], Value::Text("x".repeat(300)));
    assert_eq!(filesystem.entry("/device").unwrap().attributes["device"], Value::Text("5:300".to_owned()));
    let (small, second) = (filesystem.entry("/small").unwrap(), filesystem.entry("/second name").unwrap());
    assert_eq!((small.id, &small.attributes["links"]), (second.id, &Value::Int(2)));
    assert_eq!(small.timestamps[0].value.to_rfc3339().as_deref(), Some("2020-09-13T12:26:40Z"));
    let bytes = entries(&filesystem).into_iter().find(|entry| entry.name_bytes == b"not \xff text").unwrap();
    assert_eq!(content(&bytes), b"bytes\n");
    let inner = filesystem.entry("/folder/inner").unwrap();
    assert_eq!(inner.parent_id, Some(folder.id));
    let sparse = filesystem.entry("/sparse").unwrap();
    assert!(sparse.extents("").unwrap().iter().any(|extent| extent.kind == ExtentKind::Sparse));
}

#[test]
fn versions_before_4_are_named_and_refused() {
    let mut bytes = image("gzip");
    bytes[28] = 3;
    bytes[96..].fill(0);
    let Err(Error::Unsupported { what }) = filesystem::open(Arc::new(bytes), &Limits::default()).map(|_| ()) else {
        panic!("version 3.0 is read");
    };
    assert_eq!(what, "squashfs version 3.0");
}

#[test]
fn what_a_damaged_directory_lists_is_found_without_it() {
    let mut bytes = image("plain");
    let whole = entries(&open(bytes.clone())).len();
    let root = u64::from_le_bytes(bytes[32..40].try_into().unwrap());
    let inodes = u64::from_le_bytes(bytes[64..72].try_into().unwrap()) as usize;
    // The root's inode, stored as it is behind its block's header: its type becomes none.
    let inode = inodes + (root >> 16) as usize + 2 + (root & 0xffff) as usize;
    assert!(matches!(bytes[inode], 1 | 8));
    bytes[inode] = 99;
    let filesystem = open(bytes);
    let found = entries(&filesystem);
    assert!(!filesystem.issues().is_empty());
    assert!(found.iter().all(|entry| entry.path.starts_with("/$OrphanFiles/") && entry.status != Status::Deleted));
    assert!(found.len() + 2 >= whole, "{} of {whole}", found.len());
    assert!(found.iter().any(|entry| entry.path.ends_with("/file 007.txt") && content(entry) == b"number 7\n"));
}

#[test]
fn a_lost_superblock_is_told_by_the_tables() {
    let truth = truth("squashfs");
    for variant in ["gzip", "xz", "lzma", "zstd"] {
        let mut bytes = image(variant);
        bytes[..96].fill(0);
        let filesystem = open(bytes);
        assert_eq!(filesystem.kind(), "squashfs");
        let lost: Vec<_> = differences(&live(&filesystem), &truth);
        assert_eq!(lost, Vec::<String>::new(), "{variant}");
        assert!(!filesystem.issues().is_empty());
    }
}

#[test]
fn a_superblock_with_a_field_at_its_extremes_still_leads_to_every_file() {
    let names = |filesystem: &_| entries(filesystem).iter().map(|entry| entry.name.clone()).collect::<Vec<_>>();
    for variant in VARIANTS {
        let whole = names(&open(image(variant)));
        for (place, width) in [(0, 4), (12, 4), (20, 2), (28, 4), (32, 8), (40, 8), (64, 8), (72, 8)] {
            // Where the method is lost, nothing marks the blocks of these.
            if matches!(variant, "lzo" | "lz4") && matches!(place, 0 | 12 | 20 | 28) {
                continue;
            }
            let mut bytes = image(variant);
            bytes[place..place + width].fill(0xff);
            let filesystem = filesystem::open(Arc::new(bytes), &Limits::default()).unwrap().unwrap();
            assert_eq!(names(&filesystem), whole, "{variant}, field at {place}");
        }
    }
}

#[test]
fn names_are_listed_where_no_inode_can_be_read() {
    let mut bytes = image("gzip");
    let table = |bytes: &[u8], at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
    let (inodes, directories) = (table(&bytes, 64), table(&bytes, 72));
    bytes[inodes..directories].fill(0);
    let found = entries(&open(bytes));
    assert!(found.iter().any(|entry| entry.path == "/$OrphanFiles/small"), "{:?}", found.len());
    assert!(found.iter().all(|entry| !entry.issues.is_empty() && entry.streams.is_empty()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn mutated_images_are_read_without_a_panic(
        variant in prop::sample::select(VARIANTS.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        header in prop::collection::vec((0usize..96, any::<u8>()), 0..3),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = image(variant);
        let end = bytes.len();
        // Most of what can break is metadata, which stands at the end.
        changes.iter().for_each(|(place, value)| bytes[end - 1 - place.index(end.min(24_000))] = *value);
        read_everything(Arc::new(bytes.clone()));
        header.iter().for_each(|(place, value)| bytes[*place] = *value);
        read_everything(Arc::new(bytes.clone()));
        bytes.truncate(length.index(end));
        read_everything(Arc::new(bytes));
    }
}
