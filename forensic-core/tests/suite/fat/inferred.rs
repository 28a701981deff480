//! FAT volumes whose boot sector and its backup are lost.

use super::{KINDS, find, sample};
use crate::{
    corpus,
    fat_image::{DIRECTORY, FatImage, Kind, named, open, short},
};
use forensic_core::{
    Limits,
    bytes::Source,
    filesystem::{self, Entry, FileSystem, WalkOptions},
};
use proptest::prelude::*;
use std::sync::Arc;

/// The sample with two more directories.
fn image(kind: Kind) -> FatImage {
    let mut image = sample(kind);
    let at = image.root() + 11 * 32;
    image.slots(at, &[short(b"MORE       ", DIRECTORY, 60, 0)]);
    let inside = image.directory(60, 0);
    image.slots(inside, &named("the inner one", b"THEINN~1   ", short(b"THEINN~1   ", DIRECTORY, 70, 0)));
    image.directory(70, 60);
    image
}

/// Wipes what lies before the tables.
fn without_boot_sector(image: &FatImage) -> Vec<u8> {
    let mut bytes = image.bytes.clone();
    let reserved = if image.kind == Kind::Fat32 { 32 } else { 1 };
    bytes[..reserved * image.sector].fill(0);
    bytes
}

/// A volume whose boot sector is lost.
pub fn lost(kind: Kind) -> Vec<u8> {
    without_boot_sector(&image(kind))
}

fn list(filesystem: &Arc<dyn FileSystem>) -> Vec<(String, u64, Vec<Option<u64>>)> {
    let row = |entry: Entry| {
        let offsets = entry.extents("").unwrap_or_default().iter().map(|extent| extent.offset).collect();
        (entry.path, entry.size, offsets)
    };
    filesystem.walk(WalkOptions::default()).map(row).collect()
}

#[test]
fn tables_and_directories_tell_what_the_boot_sector_told() {
    for kind in KINDS {
        let image = image(kind);
        let whole = image.open();
        let bytes = without_boot_sector(&image);
        corpus::seed("fat", &bytes);
        let filesystem = open(Arc::new(bytes)).unwrap();
        assert_eq!(filesystem.kind(), whole.kind());
        assert_eq!(filesystem.cluster_size(), 512);
        assert_eq!(list(&filesystem), list(&whole));
        let issue = &filesystem.issues()[0];
        assert!(issue.message.contains("no backup: the layout was inferred"), "{issue:?}");
    }
}

#[test]
fn three_tables_and_a_start_far_into_the_medium() {
    let mut image = FatImage::with_copies(Kind::Fat16, 3);
    let at = image.root();
    image.slots(at, &[short(b"ONE        ", DIRECTORY, 5, 0), short(b"TWO        ", DIRECTORY, 9, 0)]);
    image.directory(5, 0);
    image.directory(9, 0);
    let mut medium = vec![0; 1 << 20];
    medium.extend(without_boot_sector(&image));
    let filesystem = open(Arc::new(medium)).unwrap();
    let entries: Vec<Entry> = filesystem.walk(WalkOptions::default()).collect();
    assert_eq!(find(&entries, "/TWO").extents("").unwrap()[0].offset, Some((1 << 20) + image.at(9) as u64));
}

#[test]
fn what_is_not_certain_is_not_claimed() {
    let claimed = |bytes: Vec<u8>| filesystem::open(Arc::new(bytes), &Limits::default()).unwrap().is_some();
    for kind in KINDS {
        // One directory tells neither where clusters begin nor how long they are.
        assert!(!claimed(without_boot_sector(&sample(kind))));
        let image = image(kind);
        let whole = without_boot_sector(&image);
        let table = if kind == Kind::Fat32 { 32 * 512 } else { 512 };
        // A table without its copy, and directories that name other clusters than the tables' place allows.
        let mut alone = whole.clone();
        alone[table..table + 512].fill(0);
        assert!(!claimed(alone));
        let mut elsewhere = whole.clone();
        for cluster in [20, 60, 70] {
            let at = image.at(cluster) + 26;
            elsewhere[at..at + 2].copy_from_slice(&(cluster as u16 * 3).to_le_bytes());
        }
        assert!(!claimed(elsewhere));
    }
    assert!(!claimed(b"\xf8\xff\xff\xff".repeat(1 << 18)));
    assert!(!claimed(b"\xf8\xff\xff\x0f\xff\xff\xff\x0f".repeat(1 << 18)));
}

#[test]
fn a_lost_root_directory_leaves_the_others() {
    let image = image(Kind::Fat32);
    let mut bytes = without_boot_sector(&image);
    let root = image.root();
    bytes[root..root + 512].fill(b'x');
    let filesystem = open(Arc::new(bytes)).unwrap();
    let entries: Vec<Entry> = filesystem.walk(WalkOptions::default()).collect();
    find(&entries, "/$OrphanFiles/$Orphan-20/README.TXT");
    find(&entries, "/$OrphanFiles/$Orphan-60/the inner one");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_volumes_without_a_boot_sector_neither_panic_nor_hang(
        kind in 0..3usize,
        damage in prop::collection::vec((0..60_000usize, any::<u8>()), 1..20),
    ) {
        let mut bytes = without_boot_sector(&image(KINDS[kind]));
        for (at, byte) in damage {
            let length = bytes.len();
            bytes[at % length] = byte;
        }
        let volume: Source = Arc::new(bytes);
        if let Ok(Some(filesystem)) = filesystem::open(volume, &Limits::default()) {
            for entry in filesystem.walk(WalkOptions::default()).take(10_000) {
                prop_assert!(entry.status.is_live() != entry.recoverability.is_some());
            }
        }
    }
}
