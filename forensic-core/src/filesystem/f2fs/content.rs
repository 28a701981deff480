//! The content of a file: inline in its inode, in blocks, or in clusters of blocks compressed together ("Compression").

use super::{
    Volume, nat,
    node::{self, Compression, Find, Inode, List},
    superblock::BLOCK,
};
use crate::{
    bytes::{Extents, Fields, ReadAt, Run, Source},
    error::{Error, Result},
    filesystem::{
        stored::{Form, Resident, Unit, Units},
        unpack,
    },
};
use std::sync::Arc;

/// A block that is not stored, one that is set aside, and the first of a compressed cluster.
const HOLE: u32 = 0;
const NEW: u32 = u32::MAX;
const CLUSTER: u32 = u32::MAX - 1;
/// Bytes before the packed bytes of a cluster.
const HEADER: u64 = 24;

/// A block of a file: the node that points to it, the place of the pointer, and where it lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owned {
    pub(super) nid: u32,
    pub(super) place: u16,
    pub(super) block: u32,
}

/// The content of a file, and its blocks.
pub(super) struct Content {
    pub(super) source: Source,
    pub(super) blocks: Vec<Owned>,
    pub(super) is_compressed: bool,
    pub(super) is_inline: bool,
    pub(super) runs: Vec<Run>,
}

/// Finds nodes by the NAT.
pub(super) fn by_nat(volume: &Volume) -> impl Fn(u32) -> Result<(Vec<u8>, u32)> + '_ {
    |nid| {
        let address = nat::find(volume, nid)?;
        Ok((volume.block(address.block)?, address.block))
    }
}

/// The content of a file.
///
/// # Errors
/// Where a node or an address leads nowhere; [`Error::Unsupported`] for encrypted content.
pub(super) fn open(volume: &Volume, inode: &Inode, find: &Find<'_>) -> Result<Content> {
    // Of a directory the names are encrypted, the blocks that hold them are not.
    if inode.is_encrypted && !inode.is_directory() {
        return Err(Error::unsupported("F2FS encryption"));
    }
    if inode.has_inline_data {
        return inlined(volume, inode);
    }
    let lists = node::addresses(volume, inode, inode.size.div_ceil(BLOCK), find)?;
    if let Some(compression) = inode.compression {
        return clusters(volume, inode, &lists, compression);
    }
    let mut runs: Vec<Run> = Vec::new();
    let mut blocks = Vec::new();
    for list in &lists {
        let (nid, addresses) = match list {
            List::Hole(count) => {
                runs.push(Run::sparse(count.saturating_mul(BLOCK)));
                continue;
            }
            List::Of { nid, addresses } => (*nid, addresses),
        };
        for (place, &block) in (0u16..).zip(addresses) {
            match block {
                HOLE | NEW => append(&mut runs, Run::sparse(BLOCK)),
                block => {
                    append(&mut runs, Run::new(volume.data(block, inode)?, BLOCK));
                    blocks.push(Owned { nid, place, block });
                }
            }
        }
        if runs.len() > volume.limits.runs {
            let (found, limit) = (runs.len() as u64, volume.limits.runs as u64);
            let offset = volume.at(u64::from(inode.block).saturating_mul(BLOCK));
            return Err(Error::Limit { structure: node::STRUCTURE, offset, found, limit, unit: "runs" });
        }
    }
    let stored = Extents::new(volume.source.clone(), runs).truncated(inode.size);
    if stored.len() < inode.size {
        let at = volume.at(u64::from(inode.block).saturating_mul(BLOCK));
        let expected = format!("addresses of {} bytes", inode.size);
        return Err(Error::corrupt(node::STRUCTURE, at, expected, format!("{} bytes", stored.len())));
    }
    let runs = stored.runs().collect();
    Ok(Content { source: Arc::new(stored), blocks, is_compressed: false, is_inline: false, runs })
}

/// Adds a run; joins it to the last one where it goes on.
fn append(runs: &mut Vec<Run>, next: Run) {
    match runs.last_mut() {
        Some(last) if last.offset.map(|at| at.saturating_add(last.length)) == next.offset => {
            last.length = last.length.saturating_add(next.length);
        }
        _ => runs.push(next),
    }
}

fn inlined(volume: &Volume, inode: &Inode) -> Result<Content> {
    let (area, start) = inode.inline_area();
    let at = u64::from(inode.block).saturating_mul(BLOCK);
    let size = usize::try_from(inode.size).unwrap_or(usize::MAX);
    let bytes = area.get(..size).ok_or_else(|| {
        let expected = format!("inline content of at most {} bytes", area.len());
        Error::corrupt(node::STRUCTURE, volume.at(at), expected, inode.size)
    })?;
    let offset = at.saturating_add(start as u64);
    let source = Arc::new(Resident { bytes: bytes.into(), within: volume.source.clone(), offset });
    Ok(Content { source, blocks: Vec::new(), is_compressed: false, is_inline: true, runs: Vec::new() })
}

/// A file in clusters: those whose first address says so are packed.
fn clusters(volume: &Volume, inode: &Inode, lists: &[List], compression: Compression) -> Result<Content> {
    let at = volume.at(u64::from(inode.block).saturating_mul(BLOCK));
    if !(2..=8).contains(&compression.cluster) {
        let found = format!("2^{}", compression.cluster);
        return Err(Error::corrupt(node::STRUCTURE, at, "clusters of 4 to 256 blocks", found));
    }
    let unpack: fn(&[u8], usize) -> Result<Vec<u8>, String> = match compression.algorithm {
        0 => unpack::lzo,
        1 => unpack::lz4,
        2 => unpack::zstd,
        3 => return Err(Error::unsupported("F2FS compression LZO-RLE")),
        other => return Err(Error::unsupported(format!("F2FS compression {other}"))),
    };
    let blocks_a_cluster = 1usize << compression.cluster;
    let whole = (blocks_a_cluster as u64).saturating_mul(BLOCK);
    let mut left = inode.size;
    let mut units = Vec::new();
    let mut blocks = Vec::new();
    // Packed bytes lie in blocks that need not be side by side: they are put together first.
    let mut runs: Vec<Run> = Vec::new();
    let mut packed_at = 0u64;
    let mut push = |runs: &mut Vec<Run>, offset: u64| {
        runs.push(Run::new(offset, BLOCK));
        let here = packed_at;
        packed_at = packed_at.saturating_add(BLOCK);
        here
    };
    for list in lists {
        let (nid, addresses) = match list {
            List::Hole(count) => {
                let length = count.saturating_mul(BLOCK).min(left);
                left = left.saturating_sub(length);
                units.push(Unit { length, form: Form::Zeros });
                continue;
            }
            List::Of { nid, addresses } => (*nid, addresses),
        };
        for (number, cluster) in addresses.chunks(blocks_a_cluster).enumerate() {
            let first = number.saturating_mul(blocks_a_cluster);
            let mut own = |place: usize, block: u32| {
                let place = u16::try_from(first.saturating_add(place)).unwrap_or(u16::MAX);
                blocks.push(Owned { nid, place, block });
            };
            if cluster.first() != Some(&CLUSTER) {
                for (place, &block) in cluster.iter().enumerate() {
                    let length = BLOCK.min(left);
                    left = left.saturating_sub(length);
                    let form = match block {
                        HOLE | NEW => Form::Zeros,
                        block => {
                            own(place, block);
                            Form::AsIs(push(&mut runs, volume.data(block, inode)?))
                        }
                    };
                    units.push(Unit { length, form });
                }
                continue;
            }
            let mut start = None;
            let mut stored = 0u64;
            for (place, &block) in cluster.iter().enumerate().skip(1) {
                if matches!(block, HOLE | NEW) {
                    continue;
                }
                own(place, block);
                let here = push(&mut runs, volume.data(block, inode)?);
                start.get_or_insert(here);
                stored = stored.saturating_add(BLOCK);
            }
            let length = whole.min(left);
            left = left.saturating_sub(length);
            let offset = start.unwrap_or(0);
            units.push(Unit { length, form: Form::Packed { offset, length: stored, unpacked: whole, skip: 0 } });
        }
    }
    let stored: Source = Arc::new(Extents::new(volume.source.clone(), runs.iter().copied()));
    let unpack = move |packed: &[u8], most: usize| -> Result<Vec<u8>, String> {
        let length = Fields::new(packed, "cluster", 0).u32(0).map_err(|_| "no header".to_owned())?;
        let start = HEADER as usize;
        let bytes = packed.get(start..start.saturating_add(length as usize)).ok_or("a length beyond the cluster")?;
        unpack(bytes, most)
    };
    let source: Source = Arc::new(Units::new(stored, units, "F2FS cluster", Box::new(unpack)));
    if source.len() != inode.size {
        let expected = format!("addresses of {} bytes", inode.size);
        return Err(Error::corrupt(node::STRUCTURE, at, expected, format!("{} bytes", source.len())));
    }
    Ok(Content { source, blocks, is_compressed: true, is_inline: false, runs })
}
