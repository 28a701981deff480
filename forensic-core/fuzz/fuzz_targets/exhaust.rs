//! Asks for everything a filesystem can tell, within bounds of its own.

use forensic_core::{
    bytes::Source,
    filesystem::{FileSystem, WalkOptions},
};
use std::sync::Arc;

/// Bytes read of one stream: enough to reach each kind of run.
const READ: u64 = 256 << 10;

pub fn filesystem(filesystem: &Arc<dyn FileSystem>) {
    for entry in filesystem.walk(WalkOptions::default()).take(2000) {
        assert!(entry.status.is_live() == entry.recoverability.is_none(), "{:?} is not graded", entry.path);
        for stream in &entry.streams {
            if let Ok(source) = stream.open() {
                content(&source, stream.info.size);
            }
        }
        let slack = entry.slack();
        content(&slack, slack.len());
    }
    if let Ok(free) = filesystem.unallocated() {
        content(&free, free.len());
    }
    filesystem.issues();
}

fn content(source: &Source, size: u64) {
    assert_eq!(source.len(), size);
    let extents = source.extents();
    let mut at = 0;
    for extent in &extents {
        // Bytes that are lost have no extent; no byte has two.
        assert!(extent.stream_offset >= at, "extents overlap");
        at = extent.stream_offset + extent.length;
    }
    assert!(at <= size, "extents leave the stream");
    let _ = source.read_vec(0, size.min(READ));
    let _ = source.read_vec(size.saturating_sub(READ.min(size)), READ.min(size));
}
