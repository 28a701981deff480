//! The blocks that no file has, searched for those of deleted directories: where there is no journal, nothing else
//! remembers their names.

use super::{Volume, bitmap, directory};
use crate::bytes::{Extents, Source, for_each_block};
use std::sync::Arc;

/// Bytes read at once.
const CHUNK: usize = 1 << 20;

/// Calls `visit` with each free block that begins as a directory does, and the inode number it gives.
pub(super) fn for_each_directory(volume: &Volume, mut visit: impl FnMut(u32, &[u8])) {
    let free: Source = Arc::new(Extents::new(volume.current.clone(), bitmap::unallocated(volume)));
    let size = volume.superblock.block_size as usize;
    // The closure never fails, so neither does the walk over the blocks.
    let _ = for_each_block(&free, CHUNK.max(size), 0, |_, chunk| {
        match chunk {
            Ok(chunk) => chunk.chunks_exact(size).for_each(|block| {
                if let Some((own, parent)) = directory::own_number(block)
                    && (1..=volume.superblock.inodes).contains(&own)
                    && (1..=volume.superblock.inodes).contains(&parent)
                {
                    visit(own, block);
                }
            }),
            Err(error) => volume.issue(&error),
        }
        Ok(())
    });
}
