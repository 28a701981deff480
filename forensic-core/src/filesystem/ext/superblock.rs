//! The superblock, and its backups where it is damaged
//! ([super block](https://www.kernel.org/doc/html/latest/filesystems/ext4/super.html)).

use super::checksum::crc32c;
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Result},
};

const STRUCTURE: &str = "ext superblock";
/// Byte offset of the superblock in the volume, whatever the block size.
const OFFSET: u64 = 1024;
const SIZE: u64 = 1024;
const MAGIC: u16 = 0xef53;
/// Blocks of a usual group at most: 64 KiB blocks would allow 524,288, which the 16-bit counts of old descriptors do not.
const MOST_BLOCKS: u32 = 65_528;

/// Features that a reader must know to read (`s_feature_incompat`).
pub(super) mod incompat {
    pub(crate) const FILETYPE: u32 = 0x2;
    pub(crate) const RECOVER: u32 = 0x4;
    pub(crate) const JOURNAL_DEV: u32 = 0x8;
    pub(crate) const META_BG: u32 = 0x10;
    pub(crate) const SIXTY_FOUR_BIT: u32 = 0x80;
    pub(crate) const CSUM_SEED: u32 = 0x2000;
}

/// Features that a writer must know (`s_feature_ro_compat`).
pub(super) mod ro_compat {
    pub(crate) const SPARSE_SUPER: u32 = 0x1;
    pub(crate) const LARGE_FILE: u32 = 0x2;
    pub(crate) const BTREE_DIR: u32 = 0x4;
    pub(crate) const GDT_CSUM: u32 = 0x10;
    pub(crate) const BIGALLOC: u32 = 0x200;
    pub(crate) const METADATA_CSUM: u32 = 0x400;
}

/// Features that nobody must know (`s_feature_compat`).
pub(super) mod compat {
    pub(crate) const HAS_JOURNAL: u32 = 0x4;
    pub(crate) const SPARSE_SUPER2: u32 = 0x200;
}

/// What the superblock says.
#[derive(Debug, Clone)]
pub(super) struct Superblock {
    pub(super) inodes: u32,
    pub(super) blocks: u64,
    pub(super) first_data_block: u32,
    pub(super) block_size: u32,
    /// Blocks of a cluster: 1 without `bigalloc`.
    pub(super) cluster_blocks: u32,
    pub(super) blocks_per_group: u32,
    pub(super) inodes_per_group: u32,
    pub(super) inode_size: u16,
    pub(super) first_inode: u32,
    pub(super) compat: u32,
    pub(super) incompat: u32,
    pub(super) ro_compat: u32,
    pub(super) uuid: [u8; 16],
    pub(super) label: String,
    pub(super) descriptor_size: u16,
    pub(super) reserved_gdt_blocks: u16,
    pub(super) first_meta_bg: u32,
    pub(super) journal_inode: u32,
    /// A copy of the journal's `i_block`, and of its size.
    pub(super) journal_backup: ([u8; 60], u64),
    /// Inodes that hold quotas and the list of orphans: files of the filesystem itself.
    pub(super) own_inodes: [u32; 4],
    pub(super) backup_groups: [u32; 2],
    /// Where the checksums of all metadata begin.
    pub(super) checksum_seed: u32,
}

impl Superblock {
    /// Reads the superblock, or a backup where it is damaged: then with the error of the first.
    ///
    /// # Errors
    /// Where no superblock can be read.
    pub(super) fn read(volume: &Source) -> Result<(Self, Option<Error>)> {
        let first = Self::read_at(volume, OFFSET);
        if let Ok((superblock, None)) = first {
            return Ok((superblock, None));
        }
        let usual = first.as_ref().ok().map(|(damaged, _)| damaged);
        let backup = backups(volume, usual).next();
        match (first, backup) {
            (Ok((_, error)), Some(backup)) => Ok((backup, error)),
            (Err(error), Some(backup)) => Ok((backup, Some(error))),
            (Ok(damaged), None) => Ok(damaged),
            (Err(error), None) => Err(error),
        }
    }

    /// The superblock at a byte offset, and the error of its checksum.
    fn read_at(volume: &Source, offset: u64) -> Result<(Self, Option<Error>)> {
        let bytes = volume.read_vec(offset, SIZE)?;
        let at = volume.medium_offset(offset);
        let (superblock, mut error) = Self::parse(&bytes, at)?;
        if error.is_none() && superblock.has_checksums() {
            let fields = Fields::new(&bytes, STRUCTURE, at);
            let (stored, found) = (fields.u32(0x3fc)?, crc32c(!0, fields.bytes(0, 0x3fc)?));
            if stored != found {
                error = Some(fields.corrupt(0x3fc, format!("checksum {found:08x}"), format!("{stored:08x}")));
            }
        }
        Ok((superblock, error))
    }

    /// Parses a superblock; with the error of what it does not say and other fields imply.
    fn parse(bytes: &[u8], at: u64) -> Result<(Self, Option<Error>)> {
        let fields = Fields::new(bytes, STRUCTURE, at);
        if fields.u16(0x38)? != MAGIC {
            return Err(fields.corrupt(0x38, "ef53", format!("{:04x}", fields.u16(0x38)?)));
        }
        let dynamic = fields.u32(0x4c)? > 0;
        let (compat, incompat, ro_compat) = match dynamic {
            true => (fields.u32(0x5c)?, fields.u32(0x60)?, fields.u32(0x64)?),
            false => (0, 0, 0),
        };
        let log_block_size = fields.u32(0x18)?;
        if log_block_size > 6 {
            return Err(fields.corrupt(0x18, "blocks of 1 to 64 KiB", format!("2^{log_block_size} KiB")));
        }
        let block_size = 1024u32 << log_block_size;
        let wide = incompat & incompat::SIXTY_FOUR_BIT != 0;
        let high = if wide { u64::from(fields.u32(0x150)?) << 32 } else { 0 };
        let bigalloc = ro_compat & ro_compat::BIGALLOC != 0;
        let log_cluster_size = fields.u32(0x1c)?;
        let cluster_blocks = match log_cluster_size.checked_sub(log_block_size) {
            Some(more) if bigalloc && more <= 20 => 1 << more,
            _ if bigalloc => return Err(fields.corrupt(0x1c, "a cluster size", format!("2^{log_cluster_size} KiB"))),
            _ => 1,
        };
        let (uuid, label) = (fields.array::<16>(0x68)?, fields.bytes(0x78, 16)?);
        let seeded = incompat & incompat::CSUM_SEED != 0;
        let mut journal_backup = [0; 60];
        journal_backup.copy_from_slice(fields.bytes(0x10c, 60)?);
        let journal_size = u64::from(fields.u32(0x148)?) << 32 | u64::from(fields.u32(0x14c)?);
        let mut superblock = Self {
            inodes: fields.u32(0)?,
            blocks: u64::from(fields.u32(4)?) | high,
            first_data_block: fields.u32(0x14)?,
            block_size,
            cluster_blocks,
            blocks_per_group: fields.u32(0x20)?,
            inodes_per_group: fields.u32(0x28)?,
            inode_size: if dynamic { fields.u16(0x58)? } else { 128 },
            first_inode: if dynamic { fields.u32(0x54)? } else { 11 },
            compat,
            incompat,
            ro_compat,
            uuid,
            label: text(label),
            descriptor_size: if wide { fields.u16(0xfe)?.max(64) } else { 32 },
            reserved_gdt_blocks: fields.u16(0xce)?,
            first_meta_bg: fields.u32(0x104)?,
            journal_inode: fields.u32(0xe0)?,
            journal_backup: (journal_backup, journal_size),
            own_inodes: [fields.u32(0x240)?, fields.u32(0x244)?, fields.u32(0x26c)?, fields.u32(0x280)?],
            backup_groups: [fields.u32(0x24c)?, fields.u32(0x250)?],
            checksum_seed: if seeded { fields.u32(0x270)? } else { crc32c(!0, &uuid) },
        };
        superblock.check(&fields)?;
        let error = superblock.imply(&fields)?;
        Ok((superblock, error))
    }

    /// Puts the usual or implied size of groups in the place of an impossible one; gives the error that it was.
    fn imply(&mut self, fields: &Fields<'_>) -> Result<Option<Error>> {
        let bits = self.block_size.saturating_mul(8);
        let group = bits.saturating_mul(self.cluster_blocks);
        let mut error = None;
        if self.blocks_per_group == 0 || self.blocks_per_group > group {
            error = Some(fields.corrupt(0x20, format!("at most {group} blocks a group"), self.blocks_per_group));
            self.blocks_per_group = group.min(MOST_BLOCKS.saturating_mul(self.cluster_blocks));
        }
        if self.inodes_per_group == 0 || self.inodes_per_group > bits {
            error = Some(fields.corrupt(0x28, format!("at most {bits} inodes a group"), self.inodes_per_group));
            let implied = u64::from(self.inodes).checked_div(self.groups()).and_then(|n| u32::try_from(n).ok());
            self.inodes_per_group = implied.filter(|n| (1..=bits).contains(n)).ok_or_else(|| {
                fields.corrupt(0, format!("at most {bits} inodes in each of {} groups", self.groups()), self.inodes)
            })?;
        }
        Ok(error)
    }

    /// Whether the figures can be those of a filesystem.
    fn check(&self, fields: &Fields<'_>) -> Result<()> {
        if !self.inode_size.is_power_of_two() || self.inode_size < 128 || u32::from(self.inode_size) > self.block_size {
            return Err(fields.corrupt(0x58, "inodes of 128 bytes to a block", self.inode_size));
        }
        if !self.descriptor_size.is_power_of_two() || u32::from(self.descriptor_size) > self.block_size {
            return Err(fields.corrupt(0xfe, "group descriptors of 32 bytes to a block", self.descriptor_size));
        }
        if u64::from(self.first_data_block) >= self.blocks {
            return Err(fields.corrupt(0x14, format!("a block below {}", self.blocks), self.first_data_block));
        }
        Ok(())
    }

    /// "ext2" without a journal, "ext3" with one and nothing of ext4's, "ext4" else.
    pub(super) fn kind(&self) -> &'static str {
        const OLD_INCOMPAT: u32 = incompat::FILETYPE | incompat::META_BG;
        const OLD_RO_COMPAT: u32 = ro_compat::SPARSE_SUPER | ro_compat::LARGE_FILE | ro_compat::BTREE_DIR;
        let journal = self.has_journal();
        let recover = if journal { incompat::RECOVER } else { 0 };
        match self.incompat & !(OLD_INCOMPAT | recover) == 0 && self.ro_compat & !OLD_RO_COMPAT == 0 {
            true if journal => "ext3",
            true => "ext2",
            false => "ext4",
        }
    }

    pub(super) fn has_journal(&self) -> bool {
        self.compat & compat::HAS_JOURNAL != 0
    }

    pub(super) fn has_checksums(&self) -> bool {
        self.ro_compat & ro_compat::METADATA_CSUM != 0
    }

    pub(super) fn has_file_types(&self) -> bool {
        self.incompat & incompat::FILETYPE != 0
    }

    pub(super) fn groups(&self) -> u64 {
        let blocks = self.blocks.saturating_sub(u64::from(self.first_data_block));
        blocks.div_ceil(u64::from(self.blocks_per_group.max(1)))
    }

    /// Group descriptors of a block.
    pub(super) fn descriptors_per_block(&self) -> u64 {
        u64::from(self.block_size).checked_div(u64::from(self.descriptor_size)).unwrap_or(1).max(1)
    }

    pub(super) fn inodes_per_block(&self) -> u32 {
        self.block_size.checked_div(u32::from(self.inode_size)).unwrap_or(1).max(1)
    }

    /// Blocks of the inode table of a group.
    pub(super) fn table_blocks(&self) -> u64 {
        u64::from(self.inodes_per_group.div_ceil(self.inodes_per_block()))
    }

    /// The cluster that a block is in.
    pub(super) fn cluster(&self, block: u64) -> u64 {
        block.checked_div(u64::from(self.cluster_blocks)).unwrap_or(block)
    }

    /// The cluster behind the one that ends with or after block `end`.
    pub(super) fn cluster_end(&self, end: u64) -> u64 {
        end.div_ceil(u64::from(self.cluster_blocks.max(1)))
    }

    pub(super) fn clusters_per_group(&self) -> u64 {
        self.cluster(u64::from(self.blocks_per_group)).max(1)
    }

    /// First block of a group.
    pub(super) fn group_start(&self, group: u64) -> u64 {
        group.saturating_mul(u64::from(self.blocks_per_group)).saturating_add(u64::from(self.first_data_block))
    }

    /// The block behind which the descriptors of a group stand: that of its superblock.
    pub(super) fn superblock_block(&self, group: u64) -> u64 {
        match group {
            0 => OFFSET.checked_div(u64::from(self.block_size)).unwrap_or(0),
            group => self.group_start(group),
        }
    }

    pub(super) fn offset(&self, block: u64) -> u64 {
        block.saturating_mul(u64::from(self.block_size))
    }

    /// Whether a group begins with a superblock and group descriptors.
    pub(super) fn has_superblock(&self, group: u64) -> bool {
        if group == 0 {
            return true;
        }
        if self.compat & compat::SPARSE_SUPER2 != 0 {
            return self.backup_groups.iter().any(|backup| u64::from(*backup) == group);
        }
        self.ro_compat & ro_compat::SPARSE_SUPER == 0 || [3, 5, 7].iter().any(|base| is_power_of(group, *base))
    }

    /// The UUID in its text form.
    pub(super) fn uuid_text(&self) -> String {
        let hex: Vec<String> = self.uuid.iter().map(|byte| format!("{byte:02x}")).collect();
        let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default().concat();
        [part(0..4), part(4..6), part(6..8), part(8..10), part(10..16)].join("-")
    }
}

/// True for 1, and for powers of an odd `base`.
fn is_power_of(number: u64, base: u64) -> bool {
    let mut power = 1u64;
    while power < number {
        power = power.saturating_mul(base);
    }
    power == number
}

/// True where a backup superblock stands at one of its usual places.
pub(in crate::filesystem) fn has_backup(volume: &Source) -> bool {
    backups(volume, None).next().is_some()
}

/// The backups in group 1: where a damaged superblock says that it begins, or with the usual number of blocks a group.
fn backups(volume: &Source, damaged: Option<&Superblock>) -> impl Iterator<Item = Superblock> {
    let told = damaged.map(|damaged| damaged.offset(damaged.group_start(1)));
    let usual = (0u32..7).map(|log| {
        let block_size = 1024u64 << log;
        let per_group = block_size.saturating_mul(8).min(u64::from(MOST_BLOCKS));
        per_group.saturating_add(u64::from(log == 0)).saturating_mul(block_size)
    });
    told.into_iter().chain(usual).filter_map(move |offset| {
        let (superblock, error) = Superblock::read_at(volume, offset).ok()?;
        (superblock.offset(superblock.group_start(1)) == offset && error.is_none()).then_some(superblock)
    })
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_groups_are_the_powers_of_three_five_and_seven() {
        let sparse: Vec<u64> =
            (1..130).filter(|group| [3, 5, 7].iter().any(|base| is_power_of(*group, *base))).collect();
        assert_eq!(sparse, [1, 3, 5, 7, 9, 25, 27, 49, 81, 125]);
    }
}
