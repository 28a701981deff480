//! Everything a filesystem can tell is asked for, and every byte it gives is read.

use forensic_core::{
    Limits,
    bytes::{ReadAt, Source},
    evidence::OpenOptions,
    filesystem::{self, Entry, FileSystem, WalkOptions},
};
use std::sync::Arc;

/// Streams up to this size are read whole, others at both ends: a hole may be larger than any medium.
const WHOLE: u64 = 64 << 20;
const BLOCK: u64 = 1 << 20;
/// Bytes read of one filesystem as a multiple of its size: damaged files may all claim the same clusters.
const SHARE: u64 = 8;

/// The filesystem that the source is, or those of its volumes.
pub fn filesystems(source: &Source) -> Vec<Arc<dyn FileSystem>> {
    if let Ok(Some(filesystem)) = filesystem::open(source.clone(), &Limits::default()) {
        return vec![filesystem];
    }
    OpenOptions::new().open_source(source.clone()).map(|evidence| evidence.filesystems()).unwrap_or_default()
}

pub fn list(filesystem: &Arc<dyn FileSystem>) -> Vec<Entry> {
    filesystem.walk(WalkOptions::default()).collect()
}

/// Reads everything; gives the number of entries.
pub fn everything(source: &Source) -> u64 {
    let mut count = 0;
    for filesystem in filesystems(source) {
        let mut left = source.len().saturating_mul(SHARE).max(WHOLE);
        for entry in filesystem.walk(WalkOptions::default()) {
            count += 1;
            assert!(entry.status.is_live() == entry.recoverability.is_none(), "{:?} is not graded", entry.path);
            for stream in &entry.streams {
                if let Ok(content) = stream.open() {
                    assert_eq!(content.len(), stream.info.size, "size of {:?}", entry.path);
                    read(&content, &mut left);
                }
            }
            read(&entry.slack(), &mut left);
        }
        if let Ok(free) = filesystem.unallocated() {
            read(&free, &mut left);
        }
        read(&filesystem.slack(), &mut left);
        let _ = (filesystem.issues(), filesystem.label(), filesystem.serial(), filesystem.cluster_size());
    }
    count
}

fn read(content: &Source, left: &mut u64) {
    let size = content.len();
    let mut end = 0;
    for extent in content.extents() {
        assert!(extent.stream_offset >= end, "extents overlap");
        end = extent.stream_offset + extent.length;
    }
    assert!(end <= size, "extents leave the stream");
    let mut buf = vec![0; BLOCK.min(size) as usize];
    let mut at = 0;
    while at < size && *left > 0 {
        let now = BLOCK.min(size - at);
        let _ = content.read_at(at, &mut buf[..now as usize]);
        *left = left.saturating_sub(now);
        at += now;
        if at == WHOLE / 2 && size > WHOLE {
            at = size - WHOLE / 2;
        }
    }
}
