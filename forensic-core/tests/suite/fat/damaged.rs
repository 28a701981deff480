//! FAT volumes with damaged tables and directories: what is still certain is listed, and what is wrong is named.

use super::{KINDS, content, find, sample};
use crate::fat_image::{DIRECTORY, FILE, FatImage, Kind, ROOT_CLUSTER, deleted, short};
use forensic_core::{
    Error, Limits,
    bytes::{ReadAt, Source},
    filesystem::{self, Entry, Status, WalkOptions},
};
use std::sync::Arc;

#[test]
fn a_chain_loop_gives_each_cluster_once_and_then_fails() {
    for kind in KINDS {
        let mut image = FatImage::new(kind);
        image.chain(&[5, 6, 7]);
        image.link(7, 6);
        image.fill(5, b'a');
        image.slots(image.root(), &[short(b"LOOP    BIN", FILE, 5, 4000)]);
        let entries = image.list();
        let source = entries[0].open("").unwrap();
        assert_eq!(source.len(), 4000);
        assert_eq!(source.read_vec(0, 512).unwrap(), vec![b'a'; 512]);
        assert!(source.read_vec(1000, 536).is_ok());
        assert!(matches!(source.read_vec(1536, 1), Err(Error::Corrupt { .. })));
        assert_eq!(entries[0].issues.len(), 1);
        assert_eq!(source.extents().iter().map(|extent| extent.length).sum::<u64>(), 1536);
    }
}

#[test]
fn chains_that_end_early_or_lead_outside_are_reported_and_never_zeros() {
    let mut image = FatImage::new(Kind::Fat16);
    image.chain(&[5]);
    image.chain(&[6, 7]);
    image.link(7, 0xfff7);
    image.chain(&[8, 9]);
    image.link(9, 0xfff0);
    image.slots(
        image.root(),
        &[
            short(b"SHORT   BIN", FILE, 5, 1000),
            short(b"BAD     BIN", FILE, 6, 2000),
            short(b"OUTSIDE BIN", FILE, 8, 2000),
            short(b"NOWHERE BIN", FILE, 0xff00, 10),
            short(b"NONE    BIN", FILE, 0, 10),
            short(b"EMPTY   BIN", FILE, 5, 0),
        ],
    );
    let entries = image.list();
    for entry in &entries[..5] {
        let source = entry.open("").unwrap();
        assert_eq!(source.len(), entry.size);
        assert!(source.read_vec(entry.size - 1, 1).is_err(), "{}", entry.path);
        assert_eq!(entry.issues.len(), 1, "{}", entry.path);
    }
    assert_eq!((content(&entries[5]), entries[5].issues.len()), (Vec::new(), 1));
}

#[test]
fn cross_linked_chains_are_an_issue_and_both_are_read() {
    let mut image = FatImage::new(Kind::Fat12);
    image.chain(&[5, 7, 8]);
    image.chain(&[6, 7]);
    image.link(7, 8);
    image.slots(image.root(), &[short(b"ONE     BIN", FILE, 5, 1536), short(b"TWO     BIN", FILE, 6, 1536)]);
    let filesystem = image.open();
    assert_eq!(filesystem.entry_count(), 2);
    let shared = "the chain of /TWO.BIN shares cluster 7 with that of /ONE.BIN (cross-linked)";
    assert!(filesystem.issues().iter().any(|issue| issue.message == shared), "{:?}", filesystem.issues());
    assert_eq!(content(&filesystem.entry("/TWO.BIN").unwrap()).len(), 1536);
}

#[test]
fn a_directory_cycle_is_listed_once() {
    let mut image = FatImage::new(Kind::Fat32);
    image.slots(
        image.root(),
        &[short(b"A          ", DIRECTORY, 5, 0), short(b"ROOT       ", DIRECTORY, ROOT_CLUSTER, 0)],
    );
    let inside = image.directory(5, 0);
    image.slots(inside, &[short(b"B          ", DIRECTORY, 5, 0)]);
    let filesystem = image.open();
    assert_eq!(filesystem.entry_count(), 3);
    assert_eq!(filesystem.issues().iter().filter(|issue| issue.message.contains("cycle")).count(), 2);
    // The second reader goes round in circles no more than we do.
    let mut image = FatImage::new(Kind::Fat16);
    image.slots(image.root(), &[short(b"A          ", DIRECTORY, 5, 0)]);
    let inside = image.directory(5, 0);
    image.slots(inside, &[short(b"B          ", DIRECTORY, 5, 0)]);
    let check = image.open().cross_check().unwrap();
    assert!(check.compared < 10 && check.differences.iter().all(|difference| difference.what == "extra"), "{check:?}");
}

#[test]
fn copies_of_the_table_that_differ_are_reported() {
    let mut image = sample(Kind::Fat16);
    image.link_in_copy(1, 5, 0);
    let filesystem = image.open();
    assert_eq!(content(&filesystem.entry("/holiday picture.jpeg").unwrap()).len(), 1100);
    let issue = &filesystem.issues()[0];
    let message = "copy 1 differs in 1 entries, the first of them that of cluster 5: free there, cluster 9 follows in \
                   copy 0, which is used";
    assert_eq!(issue.message, message);
    assert_eq!(issue.offset, Some(512 + 17 * 512 + 10));
    // A first copy that was wiped gives way to the second.
    let mut wiped = sample(Kind::Fat16);
    for cluster in 0..40 {
        wiped.link_in_copy(0, cluster, 0);
    }
    assert_eq!(content(&wiped.open().entry("/holiday picture.jpeg").unwrap()).len(), 1100);
}

#[test]
fn entries_that_all_lead_to_one_long_chain_are_listed_fast() {
    let mut image = FatImage::with_clusters(Kind::Fat16, 20_000);
    image.chain(&(10_000..20_000).collect::<Vec<_>>());
    let directory: Vec<u32> = (100..1100).collect();
    image.chain(&directory);
    image.slots(image.root(), &[short(b"MANY       ", DIRECTORY, 100, 0)]);
    let slots: Vec<_> = (0..16_000u32)
        .map(|n| {
            let mut name = *b"F0000000BIN";
            name[1..8].copy_from_slice(format!("{n:07}").as_bytes());
            short(&name, FILE, 10_000, 5_000_000)
        })
        .collect();
    image.slots(image.at(100), &slots);
    // Without the second reader, which takes its time here.
    let volume: Source = Arc::new(image.bytes);
    let started = std::time::Instant::now();
    assert_eq!(filesystem::open(volume, &Limits::default()).unwrap().unwrap().entry_count(), 16_001);
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn a_chain_that_is_broken_in_one_copy_is_followed_in_the_other() {
    for kind in KINDS {
        let mut image = sample(kind);
        let whole = image.list();
        image.link_in_copy(0, 9, 0);
        image.link_in_copy(0, 20, 0);
        let filesystem = image.open();
        let picture = filesystem.entry("/holiday picture.jpeg").unwrap();
        assert_eq!(content(&picture), content(&whole[0]));
        assert!(picture.issues[0].message.contains("copy 1 of the table has it"), "{:?}", picture.issues);
        assert_eq!(content(&filesystem.entry("/SUB/README.TXT").unwrap()), b"hello");
    }
}

#[test]
fn one_table_three_tables_and_tables_that_are_not_mirrored() {
    for copies in [1, 3] {
        let mut image = FatImage::with_copies(Kind::Fat16, copies);
        image.chain(&[5, 9]);
        image.fill(9, b'z');
        image.slots(image.root(), &[short(b"A       BIN", FILE, 5, 600)]);
        let filesystem = image.open();
        assert_eq!(content(&filesystem.entry("/A.BIN").unwrap())[512..], [b'z'; 88]);
        assert!(filesystem.issues().is_empty(), "{:?}", filesystem.issues());
    }
    let mut image = FatImage::new(Kind::Fat32);
    image.chain(&[5, 9]);
    image.fill(9, b'z');
    image.slots(image.root(), &[short(b"A       BIN", FILE, 5, 600)]);
    // Only the second copy counts, and the first is out of date.
    image.bytes[40] = 0x81;
    image.link_in_copy(0, 5, 0);
    let filesystem = image.open();
    assert_eq!(content(&filesystem.entry("/A.BIN").unwrap())[512..], [b'z'; 88]);
    assert!(filesystem.issues().is_empty(), "{:?}", filesystem.issues());
}

#[test]
fn bytes_behind_the_filesystem_are_its_slack() {
    let mut image = sample(Kind::Fat16);
    let size = image.bytes.len() as u64;
    image.bytes.extend([0xaa; 5000]);
    let filesystem = image.open();
    assert_eq!((filesystem.size(), filesystem.slack().len()), (size, 5000));
    assert!(filesystem.issues().is_empty(), "{:?}", filesystem.issues());
}

#[test]
fn a_chain_without_an_entry_is_listed_with_its_content() {
    for kind in KINDS {
        let mut image = sample(kind);
        image.chain(&[40, 42]);
        image.fill(40, b'p');
        image.fill(42, b'q');
        // This one runs into the picture's, and this one into nothing.
        image.link(50, 9);
        image.link(51, 90);
        let entries = image.list();
        assert_eq!(entries.len(), 7);
        let chain = find(&entries, "/$OrphanFiles/$Chain-40");
        assert_eq!((chain.status, chain.size, chain.recoverability), (Status::Unlisted, 1024, None));
        assert_eq!(content(chain), [vec![b'p'; 512], vec![b'q'; 512]].concat());
        assert!(chain.extents("").unwrap().iter().all(|extent| !extent.inferred) && chain.issues.is_empty());
        let crossing = find(&entries, "/$OrphanFiles/$Chain-50");
        assert!(crossing.size == 512 && crossing.issues[0].message.contains("cross-linked"), "{:?}", crossing.issues);
        let broken = find(&entries, "/$OrphanFiles/$Chain-51");
        assert!(broken.size == 512 && broken.issues[0].message.contains("90 is free"), "{:?}", broken.issues);
    }
}

#[test]
fn without_its_root_directory_a_volume_still_lists_what_is_in_use() {
    for kind in KINDS {
        let mut image = sample(kind);
        let inside = image.directory(60, 20);
        image.slots(inside, &deleted(vec![short(b"GONE    TXT", FILE, 70, 3)]));
        let root = image.root();
        image.bytes[root..root + 512].fill(0);
        let filesystem = image.open();
        let entries: Vec<Entry> = filesystem.walk(WalkOptions::default()).collect();
        let sub = find(&entries, "/$OrphanFiles/$Orphan-20");
        assert_eq!(sub.status, Status::Unlisted);
        let readme = find(&entries, "/$OrphanFiles/$Orphan-20/README.TXT");
        assert_eq!((readme.status, content(readme)), (Status::Allocated, b"hello".to_vec()));
        assert!(readme.extents("").unwrap().iter().all(|extent| !extent.inferred));
        assert_eq!(find(&entries, "/$OrphanFiles/$Orphan-20/$Orphan-60/_ONE.TXT").status, Status::Orphan);
        assert_eq!(find(&entries, "/$OrphanFiles/$Chain-5").size, 1536);
    }
}
