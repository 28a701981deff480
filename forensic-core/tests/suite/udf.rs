//! Tests of the UDF reader: volumes that Linux and `genisoimage` wrote, against what was written.

use crate::fixtures::{
    content, differences, entries, extents_hold_the_content, live, open, read, read_everything, truth, used,
};
use forensic_core::{
    bytes::ReadAt,
    filesystem::{Kind, Recoverability, Status},
};
use proptest::prelude::*;
use std::{collections::BTreeSet, sync::Arc};

/// Volumes of Linux: short descriptors and embedded content in blocks of 512 bytes; long descriptors of UDF 1.02; a sparable
/// partition.
const BY_LINUX: [&str; 3] = ["udf_hd", "udf_long", "udf_rw"];

#[test]
fn volumes_of_linux_give_the_files_that_it_read_back() {
    for name in BY_LINUX {
        let bytes = read(&format!("{name}.img"));
        let filesystem = open(bytes.clone());
        assert_eq!((filesystem.kind(), filesystem.label().as_str()), ("udf", "FIXTURE"));
        let mut theirs = truth(name);
        theirs.retain(|_, row| !row.0.starts_with('-'));
        let ours = live(&filesystem);
        assert_eq!(differences(&ours, &theirs), Vec::<String>::new(), "{name}");
        assert_eq!(filesystem.issues(), [], "{name}");
        extents_hold_the_content(&filesystem, &bytes);
        let (small, second) = (filesystem.entry("/small.txt").unwrap(), filesystem.entry("/folder/second").unwrap());
        assert_eq!(small.id, second.id);
        assert!(small.timestamps.iter().all(|stamp| stamp.value.utc), "{name}");
    }
}

#[test]
fn deleted_names_are_listed_and_never_graded_better_than_they_are() {
    for name in BY_LINUX {
        let filesystem = open(read(&format!("{name}.img")));
        let found = entries(&filesystem);
        let names: BTreeSet<&str> =
            found.iter().filter(|entry| !entry.status.is_live()).map(|entry| entry.name.as_str()).collect();
        for gone in ["gone.txt", "gone.bin", "lost"] {
            assert!(names.contains(gone), "{name}: {gone} of {names:?}");
        }
        let truth = truth(name);
        for entry in found.iter().filter(|entry| !entry.status.is_live()) {
            assert_eq!(entry.status, Status::Deleted);
            if entry.recoverability == Some(Recoverability::Intact) && entry.kind == Kind::File {
                // A name that was moved: its file lives on.
                let live = filesystem.entry("/renamed.txt").unwrap();
                assert_eq!((entry.id, content(entry)), (live.id, content(&live)), "{name}: {}", entry.path);
                assert!(!truth.contains_key(&entry.path));
            }
        }
    }
}

#[test]
fn free_blocks_are_those_of_the_bitmap() {
    for name in BY_LINUX {
        let filesystem = open(read(&format!("{name}.img")));
        let free = filesystem.unallocated().unwrap();
        assert!(free.len() > 1 << 20, "{name}: {} bytes", free.len());
        let free = free.extents();
        for entry in entries(&filesystem).iter().filter(|entry| entry.status.is_live()) {
            for extent in entry.open("").map(|source| source.extents()).unwrap_or_default() {
                let Some(start) = extent.offset else { continue };
                let meets = |other: &forensic_core::bytes::Extent| {
                    let from = other.offset.unwrap();
                    from < start + extent.length && start < from + other.length
                };
                assert!(!free.iter().any(meets), "{name}: {}", entry.path);
            }
        }
    }
}

#[test]
fn a_bridge_disc_is_read_as_udf() {
    let filesystem = open(read("bridge.iso"));
    assert_eq!(filesystem.kind(), "udf");
    let ours = live(&filesystem);
    let mut theirs = truth("optical");
    // genisoimage writes neither links, pipes nor devices into the UDF tree.
    theirs.retain(|_, row| row.0 == "file" || row.0 == "directory");
    let missed: Vec<_> =
        theirs.iter().filter(|(path, row)| ours.get(*path) != Some(row)).map(|(path, _)| path).collect();
    assert_eq!(missed, Vec::<&String>::new());
    assert_eq!(filesystem.issues(), []);
}

/// A Blu-ray image: names and file entries lie in a metadata partition.
#[test]
fn a_metadata_partition_is_read_through_its_file() {
    let bytes = read("udf_metadata.img");
    let filesystem = open(bytes.clone());
    assert_eq!(differences(&live(&filesystem), &truth("udf_metadata")), Vec::<String>::new());
    assert_eq!(filesystem.issues(), []);
    extents_hold_the_content(&filesystem, &bytes);
    // Without the metadata file its mirror serves.
    let at = |needle: u8| {
        (0..bytes.len() / 2048)
            .find(|block| bytes[block * 2048..][..2] == [10, 1] && bytes[block * 2048 + 27] == needle)
    };
    let mut damaged = bytes.clone();
    damaged[at(250).unwrap() * 2048..][..2048].fill(0);
    let filesystem = open(damaged);
    assert_eq!(differences(&live(&filesystem), &truth("udf_metadata")), Vec::<String>::new());
    assert!(filesystem.issues().iter().any(|issue| issue.message.contains("mirror")));
}

/// A disc written once, as `mkudffs` closes it: its blocks are placed by a virtual allocation table.
#[test]
fn a_virtual_partition_is_read_through_its_table() {
    let filesystem = open(read("udf_virtual.img"));
    assert_eq!((filesystem.kind(), filesystem.label().as_str()), ("udf", "FIXTURE"));
    assert_eq!(filesystem.issues(), []);
    assert_eq!(filesystem.entry_count(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn mutated_volumes_are_read_without_a_panic(
        name in prop::sample::select(vec!["udf_hd", "udf_rw", "udf_long"]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..300),
        length in any::<prop::sample::Index>(),
    ) {
        let mut bytes = read(&format!("{name}.img"));
        let used = used(&bytes, 0);
        changes.iter().for_each(|(place, value)| bytes[used[place.index(used.len())]] = *value);
        read_everything(Arc::new(bytes.clone()));
        bytes.truncate(length.index(bytes.len()));
        read_everything(Arc::new(bytes));
    }
}
