//! Tests of the HFS+ reader: against The Sleuth Kit's listing, and volumes built here.

use crate::corpus;
use forensic_core::{
    Limits,
    bytes::{ReadAt, Source},
    filesystem::{self, Entry, FileSystem, Kind, WalkOptions},
};
use md5::{Digest, Md5};
use std::{collections::BTreeMap, sync::Arc};

fn open(bytes: impl Into<Vec<u8>>) -> Arc<dyn FileSystem> {
    let bytes = bytes.into();
    if bytes.len() <= 2 << 20 {
        corpus::seed("hfsplus", &bytes);
    }
    filesystem::open(Arc::new(bytes), &Limits::default()).unwrap().unwrap()
}

fn entries(filesystem: &Arc<dyn FileSystem>) -> Vec<Entry> {
    filesystem.walk(WalkOptions::default()).collect()
}

fn all(source: &Source) -> Vec<u8> {
    source.read_vec(0, source.len()).unwrap()
}

fn md5(source: &Source) -> String {
    Md5::digest(all(source)).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn listing_of_dfvfs_sample_is_that_of_the_sleuth_kit() {
    let Some(bytes) = corpus::read("images/dfvfs/hfsplus.raw") else { return };
    let Some(rows) = corpus::truth("dfvfs_hfsplus") else { return };
    let filesystem = open(bytes);
    // TSK shows control characters of a name as `^`, and tells no size or hash of links.
    let theirs: BTreeMap<_, _> = rows
        .into_iter()
        .map(|row| (format!("/{}", row.path), (row.live, row.size.map(|size| (size, row.md5.unwrap())))))
        .collect();
    let plain = |c: char| if c.is_control() || c == '\u{fffd}' { '^' } else { c };
    let ours: BTreeMap<_, _> = entries(&filesystem)
        .into_iter()
        .filter(|entry| entry.status.is_live())
        .map(|entry| {
            let path: String = entry.path.chars().map(plain).collect();
            let content = (entry.kind == Kind::File).then(|| (entry.size, md5(&entry.open("").unwrap())));
            (path, (true, content))
        })
        .collect();
    assert_eq!(ours, theirs);
    assert_eq!(filesystem.issues(), []);
    for e in entries(&filesystem) { eprintln!("{} {:?} {:?} {:?} {} {:?} {:?}", e.path, e.status, e.recoverability, e.recoverability_reason, e.size, e.streams.iter().map(|s| (s.info.name.clone(), s.info.size)).collect::<Vec<_>>(), e.attributes); }
    eprintln!("{} {}", filesystem.label(), filesystem.serial());
}
