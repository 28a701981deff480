//! The boot regions: where everything of the volume lies (Microsoft, "exFAT file system specification" 1.00, sections 3.1
//! "Main and Backup Boot Sector Sub-regions" and 3.4 "Main and Backup Boot Checksum Sub-regions").

use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Issue, Result},
};

/// Where the volume's structures lie. All offsets are bytes from the start of the volume, and all sums were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Boot {
    pub(super) bytes_per_sector: u32,
    /// Bytes a cluster.
    pub(super) cluster_size: u32,
    /// Bytes the volume says it spans.
    pub(super) size: u64,
    /// Byte offset of the first file allocation table.
    pub(super) fat_offset: u64,
    /// Bytes of one table.
    pub(super) fat_length: u64,
    /// 1, or 2 on TexFAT.
    pub(super) fat_count: u8,
    /// Which of two tables and bitmaps is in use: 0 or 1 (VolumeFlags, ActiveFat).
    pub(super) active: u8,
    /// Byte offset of cluster 2.
    pub(super) heap_offset: u64,
    /// Clusters, numbered from 2.
    pub(super) cluster_count: u32,
    pub(super) root_cluster: u32,
    pub(super) serial: u32,
    /// The volume was in use when it was removed (VolumeFlags, VolumeDirty).
    dirty: bool,
    /// Reads or writes have failed (VolumeFlags, MediaFailure).
    media_failure: bool,
}

const BOOT_SECTOR: &str = "exFAT boot sector";
const SIGNATURE: &[u8] = b"EXFAT   ";
/// Sectors of a boot region; the backup follows the main one.
const REGION: u64 = 12;
/// Sectors that the checksum covers, and the number of the sector that holds it.
const CHECKED: u64 = 11;
/// Fields of the boot sector that change without the checksum: VolumeFlags and PercentInUse.
const UNCHECKED: [usize; 3] = [106, 107, 112];
/// The most clusters (section 3.1.9).
const MOST_CLUSTERS: u32 = u32::MAX - 10;

impl Boot {
    /// Reads the main boot region, or the backup where the main one is damaged and the backup is not; what is wrong comes
    /// with it.
    ///
    /// # Errors
    /// What is wrong with the main boot sector, where the backup is no better.
    pub(super) fn read(volume: &Source) -> Result<(Self, Vec<Issue>)> {
        let at = volume.medium_offset(0);
        let main = Region::read(volume, 0);
        let (boot, mut issues) = match main {
            Ok(Region { boot, damage: None }) => (boot, Vec::new()),
            main => match (main, Self::backup(volume)) {
                (Ok(main), Some(Region { boot, damage: None })) if boot != main.boot => {
                    let mut issues = main.damage.iter().map(Issue::from).collect::<Vec<_>>();
                    issues.push(Issue::new(at, BOOT_SECTOR, "the backup region, whose checksum fits, was used"));
                    (boot, issues)
                }
                (Ok(main), _) => (main.boot, main.damage.iter().map(Issue::from).collect()),
                (Err(error), Some(backup)) => {
                    let mut issues = vec![Issue::from(&error)];
                    issues.push(Issue::new(at, BOOT_SECTOR, "damaged: the backup region at sector 12 was used"));
                    issues.extend(backup.damage.iter().map(Issue::from));
                    (backup.boot, issues)
                }
                (Err(error), None) => return Err(error),
            },
        };
        if boot.dirty {
            issues.push(Issue::new(at, BOOT_SECTOR, "VolumeDirty is set: the volume was not taken out of use"));
        }
        if boot.media_failure {
            issues.push(Issue::new(at, BOOT_SECTOR, "MediaFailure is set: reads or writes have failed"));
        }
        if boot.size > volume.len() {
            let message = format!("the volume has {} bytes and should have {}", volume.len(), boot.size);
            issues.push(Issue::new(at, BOOT_SECTOR, message));
        }
        Ok((boot, issues))
    }

    fn backup(volume: &Source) -> Option<Region> {
        [512u32, 1024, 2048, 4096].into_iter().find_map(|sector_size| {
            let region = Region::read(volume, REGION.saturating_mul(u64::from(sector_size))).ok()?;
            (region.boot.bytes_per_sector == sector_size).then_some(region)
        })
    }

    /// Parses a boot sector that stands at byte `at` of the medium.
    fn parse(sector: &[u8], at: u64) -> Result<Self> {
        let fields = Fields::new(sector, BOOT_SECTOR, at);
        if fields.bytes(3, 8)? != SIGNATURE {
            return Err(fields.corrupt(3, "the name \"EXFAT   \"", format!("{:02x?}", fields.bytes(3, 8)?)));
        }
        let sector_shift = u32::from(fields.u8(108)?);
        if !(9..=12).contains(&sector_shift) {
            return Err(fields.corrupt(108, "a sector of 2^9 to 2^12 bytes", format!("2^{sector_shift}")));
        }
        let cluster_shift = u32::from(fields.u8(109)?).saturating_add(sector_shift);
        if cluster_shift > 25 {
            return Err(fields.corrupt(109, "a cluster of at most 2^25 bytes", format!("2^{cluster_shift}")));
        }
        let fat_count = fields.u8(110)?;
        if !(1..=2).contains(&fat_count) {
            return Err(fields.corrupt(110, "one or two file allocation tables", fat_count));
        }
        let bytes_per_sector = 1u32 << sector_shift;
        let cluster_size = 1u32 << cluster_shift;
        let bytes = |sectors: u64| sectors.saturating_mul(u64::from(bytes_per_sector));
        let size = bytes(fields.u64(72)?);
        let fat_offset = bytes(u64::from(fields.u32(80)?));
        let fat_length = bytes(u64::from(fields.u32(84)?));
        let heap_offset = bytes(u64::from(fields.u32(88)?));
        let tables_end = fat_length.saturating_mul(u64::from(fat_count)).saturating_add(fat_offset);
        if fat_offset < bytes(REGION.saturating_mul(2)) || tables_end > heap_offset {
            let found = format!("tables from byte {fat_offset} to byte {tables_end}, clusters from {heap_offset}");
            return Err(fields.corrupt(80, "tables between the boot regions and the clusters", found));
        }
        if heap_offset >= size {
            return Err(fields.corrupt(88, format!("clusters before the volume's end at {size}"), heap_offset));
        }
        // What the volume or the table does not have cannot be a cluster.
        let in_volume = size.saturating_sub(heap_offset) >> cluster_shift;
        let in_table = (fat_length / 4).saturating_sub(2);
        let most = in_volume.min(in_table).min(u64::from(MOST_CLUSTERS));
        let cluster_count = fields.u32(92)?;
        if cluster_count == 0 || u64::from(cluster_count) > most {
            return Err(fields.corrupt(92, format!("1 to {most} clusters"), cluster_count));
        }
        let root_cluster = fields.u32(96)?;
        if root_cluster < 2 || root_cluster.wrapping_sub(2) >= cluster_count {
            return Err(fields.corrupt(96, "the root directory in a cluster of the volume", root_cluster));
        }
        let flags = fields.u16(106)?;
        Ok(Self {
            bytes_per_sector,
            cluster_size,
            size,
            fat_offset,
            fat_length,
            fat_count,
            active: u8::from(flags & 1 != 0 && fat_count == 2),
            heap_offset,
            cluster_count,
            root_cluster,
            serial: fields.u32(100)?,
            dirty: flags & 2 != 0,
            media_failure: flags & 4 != 0,
        })
    }
}

/// A boot region.
struct Region {
    boot: Boot,
    /// Why its checksum does not vouch for it.
    damage: Option<Error>,
}

impl Region {
    fn read(volume: &Source, offset: u64) -> Result<Self> {
        let at = volume.medium_offset(offset);
        let boot = Boot::parse(&volume.read_vec(offset, 512)?, at)?;
        let sector = u64::from(boot.bytes_per_sector);
        let damage = match volume.read_vec(offset, sector.saturating_mul(REGION)) {
            Err(error) => Some(error),
            Ok(region) => {
                let at = at.saturating_add(CHECKED.saturating_mul(sector));
                let checked = usize::try_from(CHECKED.saturating_mul(sector)).unwrap_or(0);
                let (covered, stored) = region.split_at_checked(checked).unwrap_or_default();
                let sum = checksum(covered);
                let (words, _) = stored.as_chunks::<4>();
                let other = words.iter().map(|word| u32::from_le_bytes(*word)).find(|word| *word != sum);
                other.map(|found| {
                    let expected = format!("the checksum {sum:08x} of the sectors before it");
                    Error::corrupt("exFAT boot checksum", at, expected, format!("{found:08x}"))
                })
            }
        };
        Ok(Self { boot, damage })
    }
}

/// The checksum of the first eleven sectors of a boot region (section 3.4, figure 1).
fn checksum(sectors: &[u8]) -> u32 {
    let counted = sectors.iter().enumerate().filter(|(index, _)| !UNCHECKED.contains(index));
    counted.fold(0u32, |sum, (_, byte)| sum.rotate_right(1).wrapping_add(u32::from(*byte)))
}

/// True where `volume` keeps a backup boot region of exFAT.
pub(in crate::filesystem) fn has_backup(volume: &Source) -> bool {
    Boot::backup(volume).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn sector() -> Vec<u8> {
        let mut sector = vec![0u8; 512];
        sector[..11].copy_from_slice(b"\xeb\x76\x90EXFAT   ");
        sector[72..80].copy_from_slice(&4096u64.to_le_bytes());
        for (offset, value) in [(80, 24u32), (84, 8), (88, 32), (92, 500), (96, 4)] {
            sector[offset..][..4].copy_from_slice(&value.to_le_bytes());
        }
        sector[108..111].copy_from_slice(&[9, 3, 1]);
        sector
    }

    #[test]
    fn offsets_are_in_bytes() {
        let boot = Boot::parse(&sector(), 0).unwrap();
        assert_eq!((boot.cluster_size, boot.fat_offset, boot.heap_offset), (4096, 24 * 512, 32 * 512));
        assert_eq!((boot.size, boot.root_cluster, boot.active), (4096 * 512, 4, 0));
    }

    #[test]
    fn absurd_fields_are_errors_that_name_their_place() {
        for (offset, value) in [(3, 0), (83, 1), (90, 1), (95, 1), (96, 1), (99, 1), (108, 8), (109, 17), (110, 3)] {
            let mut sector = sector();
            sector[offset] = value;
            let error = Boot::parse(&sector, 1 << 20).unwrap_err();
            assert_eq!(error.structure(), Some(BOOT_SECTOR), "byte {offset}");
            assert!(error.offset().unwrap() >= 1 << 20);
        }
    }

    #[test]
    fn checksum_passes_over_flags_and_percentage() {
        let mut region = vec![0u8; 11 * 512];
        region[..512].copy_from_slice(&sector());
        let sum = checksum(&region);
        region[106] = 2;
        region[112] = 99;
        assert_eq!(checksum(&region), sum);
        region[113] = 1;
        assert_ne!(checksum(&region), sum);
        let volume: Source = Arc::new(region);
        assert!(Region::read(&volume, 0).unwrap().damage.is_some());
    }
}
