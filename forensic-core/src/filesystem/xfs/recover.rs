//! How much of a deleted file can be given back, and why.
//!
//! Freeing an inode cuts its size to nothing and leaves its extents; the log has both as they were. Against a block speak the
//! free space, which may not have it any more, and the log, which tells who used it later.

use super::{
    Volume,
    catalog::Place,
    entry,
    extents::{self, Mapping},
    history::{History, Life},
    inode::{Format, Inode},
    space::FreeSpace,
};
use crate::{
    bytes::ReadAt,
    error::Issue,
    filesystem::model::{Entry, Kind, Recoverability},
};

type Grade = (Recoverability, String);

fn unknown(reason: &str) -> Grade {
    (Recoverability::Unknown, reason.to_owned())
}

/// Fills in a file from what is left in its freed inode: its extents, but not its size.
pub(super) fn freed(entry: &mut Entry, volume: &Volume, space: &FreeSpace, place: &Place) -> Grade {
    entry.kind = place.kind.unwrap_or(Kind::File);
    let inode = match Inode::read(volume, place.inode) {
        Ok(inode) => inode,
        Err(error) => {
            entry.issues.push(Issue::from(&error));
            entry::lost(entry, "its inode cannot be read");
            return (Recoverability::Unknown, error.to_string());
        }
    };
    let left = if inode.mode == 0 { extents::left_over(volume, &inode) } else { Vec::new() };
    if left.is_empty() || entry.kind != Kind::File {
        entry::lost(entry, "nothing is left in its inode");
        return unknown("the name is all that is left");
    }
    let end = left.last().map_or(0, Mapping::end);
    let size = end.saturating_mul(u64::from(volume.superblock.block_size));
    let inode = inode.with_extents(left.len() as u64, size);
    let stream = entry::stream(volume, &inode, Kind::File, &mut entry.issues);
    entry.size = size;
    entry.streams.push(stream);
    let (all, free) = free_bytes(volume, space, &left);
    match all.saturating_sub(free) {
        0 => unknown("its extents are left in the freed inode, its size is not; none of its blocks is in use"),
        used if used >= all => (Recoverability::Overwritten, "all of its blocks belong to others now".to_owned()),
        used => (Recoverability::Partial, format!("{used} of {all} bytes lie in blocks that belong to others now")),
    }
}

/// Fills in a file from its last state in the log.
pub(super) fn logged(
    entry: &mut Entry,
    volume: &Volume,
    space: &FreeSpace,
    history: &History,
    life: Life,
    is_sure: bool,
) -> Grade {
    let Some(version) = history.versions.get(&life) else { return unknown("the log does not hold its inode") };
    let mut inode = version.inode.clone();
    let mut is_whole = version.is_whole();
    if !is_whole && inode.format == Format::Extents {
        // Freed once since, the inode still holds the extents that the log lacks.
        let now = Inode::read(volume, life.0).ok();
        let now = now.filter(|now| now.mode == 0 && now.generation == life.1.wrapping_add(1));
        let left = now.as_ref().map(|now| (extents::left_over(volume, now).len() as u64, now.data().bytes));
        if let Some((_, bytes)) = left.filter(|(count, _)| *count >= inode.extents) {
            inode = inode.with_data(bytes);
            is_whole = true;
        }
    }
    entry::read(entry, volume, &inode);
    if entry.kind == Kind::Directory {
        return unknown("a directory: what it listed stands beside it");
    }
    if let Some(error) = entry.streams.iter().find_map(|stream| stream.open().err()) {
        return (Recoverability::Unknown, error.to_string());
    }
    if !is_sure {
        return unknown("the inode was used by several files; the log does not tell whose this name was");
    }
    if !is_whole {
        return unknown("the log does not hold all extents of the file");
    }
    if inode.format != Format::Extents {
        return (Recoverability::Intact, "all of it stands in a record of the log".to_owned());
    }
    let found = extents::read(volume, &inode, &inode.data());
    let (all, free) = free_bytes(volume, space, &found.all);
    let used = all.saturating_sub(free);
    let grade = |gone: u64| if gone >= all { Recoverability::Overwritten } else { Recoverability::Partial };
    if used > 0 {
        return (grade(used), format!("{used} of {all} bytes lie in blocks that belong to others now"));
    }
    let size = u64::from(volume.superblock.block_size);
    let used = found.all.iter().fold(0u64, |sum, mapping| {
        let end = mapping.offset.saturating_add(mapping.count.saturating_mul(size));
        sum.saturating_add(history.used_since(mapping.offset, end, version.at, life))
    });
    if used > 0 {
        return (grade(used), format!("{used} of {all} bytes lie in blocks that were used again since"));
    }
    if history.coverage.from > version.at {
        return unknown("none of its blocks is in use, but the log has a gap since");
    }
    if !space.is_whole {
        return unknown("the free space could not be read in full");
    }
    (
        Recoverability::Intact,
        "its last state is in the log, none of its blocks is in use, and none was used since".to_owned(),
    )
}

/// Bytes in the blocks of `mappings`, and how many of them are free.
fn free_bytes(volume: &Volume, space: &FreeSpace, mappings: &[Mapping]) -> (u64, u64) {
    let size = u64::from(volume.superblock.block_size);
    let end = volume.source.len();
    mappings.iter().fold((0u64, 0u64), |(all, free), mapping| {
        let length = mapping.count.saturating_mul(size);
        let stop = mapping.offset.saturating_add(length).min(end);
        (all.saturating_add(length), free.saturating_add(space.count(mapping.offset, stop)))
    })
}
