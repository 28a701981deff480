//! The group descriptors: where bitmaps and inode tables lie, from their backups where they are damaged
//! ([group descriptors](https://www.kernel.org/doc/html/latest/filesystems/ext4/group_descr.html)).

use super::{
    checksum::{crc16, crc32c},
    superblock::{Superblock, incompat, ro_compat},
};
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Issue, IssueLog, Result},
    limits::Limits,
};

const STRUCTURE: &str = "group descriptor";
const INODE_UNINIT: u16 = 1;
const BLOCK_UNINIT: u16 = 2;

/// One block group.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Group {
    pub(super) block_bitmap: u64,
    pub(super) inode_bitmap: u64,
    pub(super) inode_table: u64,
    /// Inodes at the end of the table that were never used.
    pub(super) unused_inodes: u32,
    /// The inode bitmap was never written: no inode is in use.
    pub(super) inodes_uninitialised: bool,
    /// The block bitmap was never written: only metadata is in use.
    pub(super) blocks_uninitialised: bool,
}

impl Group {
    fn parse(bytes: &[u8], at: u64, wide: bool, counted: bool) -> Result<Self> {
        let fields = Fields::new(bytes, STRUCTURE, at);
        let high = |offset: usize| if wide { fields.u32(offset) } else { Ok(0) };
        let block =
            |low: usize, top: usize| -> Result<u64> { Ok(u64::from(fields.u32(low)?) | u64::from(high(top)?) << 32) };
        let unused_high = if wide { u32::from(fields.u16(0x32)?) } else { 0 };
        let flags = if counted { fields.u16(0x12)? } else { 0 };
        Ok(Self {
            block_bitmap: block(0, 0x20)?,
            inode_bitmap: block(4, 0x24)?,
            inode_table: block(8, 0x28)?,
            unused_inodes: if counted { u32::from(fields.u16(0x1c)?) | unused_high << 16 } else { 0 },
            inodes_uninitialised: flags & INODE_UNINIT != 0,
            blocks_uninitialised: flags & BLOCK_UNINIT != 0,
        })
    }

    /// Whether bitmaps and table can lie where the descriptor says.
    fn is_plausible(&self, superblock: &Superblock) -> bool {
        let first = u64::from(superblock.first_data_block);
        let inside = |block: u64| block > first && block < superblock.blocks;
        inside(self.block_bitmap)
            && inside(self.inode_bitmap)
            && inside(self.inode_table)
            && self.inode_table.saturating_add(superblock.table_blocks()) <= superblock.blocks
    }
}

/// Reads all descriptors; one that cannot be had in any copy is all zeros.
pub(super) fn read(volume: &Source, superblock: &Superblock, limits: &Limits, issues: &IssueLog) -> Vec<Group> {
    let size = u64::from(superblock.descriptor_size);
    let per_block = superblock.descriptors_per_block();
    // No more than the medium and the limit have room for, whatever the superblock says.
    let most = volume.len().min(limits.structure_bytes).checked_div(size).unwrap_or(0);
    let count = superblock.groups();
    if count > most {
        issues.push(Issue::from(&Error::Limit {
            structure: STRUCTURE,
            offset: volume.medium_offset(superblock.offset(u64::from(superblock.first_data_block))),
            found: count,
            limit: most,
            unit: "groups",
        }));
    }
    let count = count.min(most);
    let mut groups = Vec::new();
    for number in 0..count.div_ceil(per_block) {
        let first = number.saturating_mul(per_block);
        let mut wanted: Vec<Wanted> = (first..first.saturating_add(per_block).min(count))
            .map(|group| Wanted { group, ..Wanted::default() })
            .collect();
        for (place, block) in copies(superblock, number).into_iter().enumerate() {
            if wanted.iter().all(|wanted| wanted.found.is_some()) {
                break;
            }
            let at = volume.medium_offset(superblock.offset(block));
            match volume.read_vec(superblock.offset(block), u64::from(superblock.block_size)) {
                Ok(bytes) => {
                    let slots = bytes.chunks_exact(usize::from(superblock.descriptor_size));
                    for (wanted, slot) in wanted.iter_mut().zip(slots).filter(|(wanted, _)| wanted.found.is_none()) {
                        wanted.look_at(superblock, slot, at, place == 0);
                    }
                }
                Err(error) if place == 0 => issues.push(Issue::from(&error)),
                Err(_) => {}
            }
        }
        for wanted in wanted {
            wanted.error.iter().for_each(|error| issues.push(Issue::from(error)));
            groups.push(wanted.found.or(wanted.doubtful).unwrap_or_default());
        }
    }
    groups
}

/// A descriptor that is looked for in its copies.
#[derive(Default)]
struct Wanted {
    group: u64,
    found: Option<Group>,
    /// One whose checksum is wrong.
    doubtful: Option<Group>,
    /// What is wrong with the first copy.
    error: Option<Error>,
}

impl Wanted {
    fn look_at(&mut self, superblock: &Superblock, bytes: &[u8], at: u64, first_copy: bool) {
        match descriptor(superblock, self.group, bytes, at, first_copy) {
            Ok((found, None)) => self.found = Some(found),
            Ok((doubtful, Some(error))) => {
                // What it counts is not to be trusted: then all of its table is read.
                self.doubtful.get_or_insert(Group { unused_inodes: 0, ..doubtful });
                self.error.get_or_insert(error);
            }
            Err(error) if first_copy => self.error = Some(error),
            Err(_) => {}
        }
    }
}

/// A descriptor whose places are right, and the error of its checksum. What a backup counts is out of date: only its
/// places count.
fn descriptor(
    superblock: &Superblock,
    group: u64,
    bytes: &[u8],
    at: u64,
    first_copy: bool,
) -> Result<(Group, Option<Error>)> {
    let wide = superblock.incompat & incompat::SIXTY_FOUR_BIT != 0;
    let checked = superblock.ro_compat & (ro_compat::GDT_CSUM | ro_compat::METADATA_CSUM) != 0;
    let place = group.checked_rem(superblock.descriptors_per_block()).unwrap_or(0);
    let at = at.saturating_add(place.saturating_mul(bytes.len() as u64));
    let descriptor = Group::parse(bytes, at, wide && bytes.len() >= 64, checked && first_copy)?;
    let fields = Fields::new(bytes, STRUCTURE, at);
    if !descriptor.is_plausible(superblock) {
        let expected = format!("bitmaps and table of group {group} in the volume");
        return Err(fields.corrupt(0, expected, format!("table at block {}", descriptor.inode_table)));
    }
    let (stored, found) = (fields.u16(0x1e)?, checksum(superblock, group, bytes));
    let error = (checked && stored != found)
        .then(|| fields.corrupt(0x1e, format!("checksum {found:04x}"), format!("{stored:04x}")));
    Ok((descriptor, error))
}

fn checksum(superblock: &Superblock, group: u64, bytes: &[u8]) -> u16 {
    let number = u32::try_from(group).unwrap_or(u32::MAX).to_le_bytes();
    let (before, after) = (bytes.get(..0x1e).unwrap_or_default(), bytes.get(0x20..).unwrap_or_default());
    if superblock.has_checksums() {
        let parts = [&number, before, &[0, 0], after];
        let sum = parts.iter().fold(superblock.checksum_seed, |seed, part| crc32c(seed, part));
        return u16::try_from(sum & 0xffff).unwrap_or(0);
    }
    [&superblock.uuid, &number[..], before, after].iter().fold(0xffff, |seed, part| crc16(seed, part))
}

/// The blocks that hold a block of descriptors: the one in use first, then its backups.
fn copies(superblock: &Superblock, number: u64) -> Vec<u64> {
    let per_block = superblock.descriptors_per_block();
    let meta = superblock.incompat & incompat::META_BG != 0 && number >= u64::from(superblock.first_meta_bg);
    if meta {
        let first = number.saturating_mul(per_block);
        let last = first.saturating_add(per_block.saturating_sub(1));
        return [first, first.saturating_add(1), last]
            .iter()
            .map(|group| {
                let behind = u64::from(superblock.has_superblock(*group));
                let start =
                    if behind == 1 { superblock.superblock_block(*group) } else { superblock.group_start(*group) };
                start.saturating_add(behind)
            })
            .collect();
    }
    let backups = (1..superblock.groups().min(400)).filter(|group| superblock.has_superblock(*group)).take(4);
    std::iter::once(0)
        .chain(backups)
        .map(|group| superblock.superblock_block(group).saturating_add(1).saturating_add(number))
        .collect()
}
