//! Tests of the APFS reader: against the listing of another reader, and the same container damaged.

use crate::corpus;
use forensic_core::{
    Limits,
    bytes::{ReadAt, Source},
    filesystem::{self, Entry, FileSystem, WalkOptions},
};
use md5::{Digest, Md5};
use std::sync::Arc;

fn open(bytes: impl Into<Vec<u8>>) -> Arc<dyn FileSystem> {
    let bytes = bytes.into();
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
fn listing_of_dfvfs_sample_is_that_of_libfsapfs() {
    let Some(bytes) = corpus::read("images/dfvfs/apfs.raw") else { return };
    let filesystem = open(bytes);
    for e in entries(&filesystem) { eprintln!("{} {} {:?} {:?} {:?} {} {:?} {:?} {} {:?}", e.path, e.id, e.status, e.recoverability, e.recoverability_reason, e.size, e.streams.iter().map(|s| (s.info.name.clone(), s.info.size)).collect::<Vec<_>>(), e.attributes,  e.stream("").map_or(String::new(), |s| s.open().map_or(String::new(), |s| md5(&s))), e.issues); }
    eprintln!("{} {} {:?}", filesystem.label(), filesystem.serial(), filesystem.unallocated().map(|s| s.extents()));
    assert_eq!(filesystem.issues(), []);
}
