//! The boot sector: where the volume keeps its structures, and how large they are.
//!
//! Layout: [MS-NTFS boot sector](https://learn.microsoft.com/windows-server/storage/file-server/ntfs-overview),
//! [linux-ntfs documentation, $Boot](https://flatcap.github.io/linux-ntfs/ntfs/files/boot.html).

use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Result},
};

const STRUCTURE: &str = "NTFS boot sector";
/// The part of a boot sector that has a meaning, and the least sector size.
const LENGTH: u64 = 512;

/// What the boot sector says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Boot {
    /// Bytes a cluster, 512 to 2 MiB.
    pub(super) cluster_size: u32,
    /// Bytes of the volume; the backup boot sector stands behind them.
    pub(super) size: u64,
    /// First cluster of $MFT.
    pub(super) mft_cluster: u64,
    /// First cluster of $MFTMirr.
    pub(super) mirror_cluster: u64,
    /// Bytes of an MFT record.
    pub(super) record_size: u32,
    /// Bytes of an index record (INDX), where $INDEX_ROOT does not say otherwise.
    pub(super) index_size: u32,
    pub(super) serial: u64,
}

impl Boot {
    /// Reads the boot sector, or its backup at the volume's end where the first is damaged; then the error about the
    /// first comes with it.
    pub(super) fn read(volume: &Source) -> Result<(Self, Option<Error>)> {
        let first = match Self::read_at(volume, 0) {
            Ok(boot) => return Ok((boot, None)),
            Err(error) => error,
        };
        backup_places(volume)
            .find_map(|place| Self::read_at(volume, place).ok())
            .map(|boot| (boot, Some(first.clone())))
            .ok_or(first)
    }

    fn read_at(volume: &Source, place: u64) -> Result<Self> {
        let at = volume.medium_offset(place);
        Self::parse(&volume.read_vec(place, LENGTH)?, at)
    }

    /// Parses the sector that stands at byte `at` of the medium.
    fn parse(sector: &[u8], at: u64) -> Result<Self> {
        let fields = Fields::new(sector, STRUCTURE, at);
        if fields.bytes(3, 8)? != b"NTFS    " {
            return Err(fields.corrupt(3, "the signature \"NTFS    \"", format!("{:02x?}", fields.bytes(3, 8)?)));
        }
        let sector_size = u32::from(fields.u16(11)?);
        if !sector_size.is_power_of_two() || !(256..=4096).contains(&sector_size) {
            return Err(fields.corrupt(11, "a sector size of 256 to 4096 bytes", sector_size));
        }
        // Above 0x80 the field holds minus the power of two of the number of sectors.
        let sectors = match fields.u8(13)? {
            exponent @ 0xe1.. => 1u32.checked_shl(u32::from(exponent.wrapping_neg())),
            count => Some(u32::from(count)),
        };
        let cluster_size = sectors
            .and_then(|sectors| sectors.checked_mul(sector_size))
            .filter(|size| size.is_power_of_two() && *size <= 2 << 20)
            .ok_or_else(|| {
                fields.corrupt(13, "a cluster size that is a power of two up to 2 MiB", format!("{sectors:?} sectors"))
            })?;
        let total = fields.u64(40)?;
        let size = total
            .checked_mul(u64::from(sector_size))
            .filter(|size| *size >= u64::from(cluster_size))
            .ok_or_else(|| fields.corrupt(40, "a number of sectors that spans a cluster", total))?;
        let structure_size = |offset: usize| {
            let raw = fields.u8(offset)?;
            let bytes = match raw {
                exponent @ 0xe1.. => 1u32.checked_shl(u32::from(exponent.wrapping_neg())),
                clusters => cluster_size.checked_mul(u32::from(clusters)),
            };
            bytes.filter(|size| size.is_power_of_two() && (512..=1 << 20).contains(size)).ok_or_else(|| {
                fields.corrupt(offset, "a record size that is a power of two from 512 bytes to 1 MiB", raw)
            })
        };
        let clusters = size.checked_div(u64::from(cluster_size)).unwrap_or(0);
        let (mft_cluster, mirror_cluster) = (fields.u64(48)?, fields.u64(56)?);
        if mft_cluster >= clusters && mirror_cluster >= clusters {
            return Err(fields.corrupt(48, format!("a cluster of $MFT below {clusters}"), mft_cluster));
        }
        Ok(Self {
            cluster_size,
            size,
            mft_cluster,
            mirror_cluster,
            record_size: structure_size(64)?,
            // Only a hint: $INDEX_ROOT says it again for its own index.
            index_size: structure_size(68).unwrap_or(4096),
            serial: fields.u64(72)?,
        })
    }

    /// Number of whole clusters.
    pub(super) fn clusters(&self) -> u64 {
        self.size.checked_div(u64::from(self.cluster_size)).unwrap_or(0)
    }
}

/// True where a backup boot sector stands at the end of the volume, right behind a filesystem that begins where the volume
/// does. One behind a partition that ends where the medium ends is not the medium's.
pub(crate) fn has_backup(volume: &Source) -> bool {
    backup_places(volume)
        .any(|place| Boot::read_at(volume, place).is_ok_and(|boot| place.abs_diff(boot.size) < MOST_UNUSED))
}

/// Less than lies before the first partition of any medium.
const MOST_UNUSED: u64 = 16 << 10;

/// Where the backup may stand: the last sector of the volume, of 512 or of 4096 bytes.
fn backup_places(volume: &Source) -> impl Iterator<Item = u64> {
    let last = |sector: u64| volume.len().checked_div(sector)?.checked_sub(1).and_then(|n| n.checked_mul(sector));
    [last(512), last(4096)].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn sector() -> Vec<u8> {
        let mut sector = vec![0; 512];
        sector[3..11].copy_from_slice(b"NTFS    ");
        sector[11..13].copy_from_slice(&512u16.to_le_bytes());
        sector[13] = 8;
        sector[40..48].copy_from_slice(&20_000u64.to_le_bytes());
        sector[48..56].copy_from_slice(&4u64.to_le_bytes());
        sector[56..64].copy_from_slice(&2u64.to_le_bytes());
        sector[64] = 0xf6;
        sector[68] = 1;
        sector
    }

    #[test]
    fn sizes_are_counts_or_powers_of_two() {
        let boot = Boot::parse(&sector(), 0).unwrap();
        assert_eq!((boot.cluster_size, boot.record_size, boot.index_size), (4096, 1024, 4096));
        let mut large = sector();
        large[13] = 0xf4;
        large[40..48].copy_from_slice(&20_000_000u64.to_le_bytes());
        assert_eq!(Boot::parse(&large, 0).unwrap().cluster_size, 2 << 20);
        large[13] = 0xf3;
        assert!(Boot::parse(&large, 0).is_err());
    }

    #[test]
    fn a_damaged_field_is_named_with_its_offset() {
        let mut bad = sector();
        bad[11] = 3;
        let error = Boot::parse(&bad, 1000).unwrap_err();
        assert_eq!(error.offset(), Some(1011));
    }

    #[test]
    fn the_backup_serves_where_the_first_is_damaged() {
        let mut volume = vec![0; 512 * 20];
        volume[512 * 19..].copy_from_slice(&sector());
        let volume: Source = Arc::new(volume);
        let (boot, error) = Boot::read(&volume).unwrap();
        assert_eq!(boot.mft_cluster, 4);
        assert_eq!(error.unwrap().structure(), Some(STRUCTURE));
        assert!(!has_backup(&volume), "the filesystem it speaks of is longer");
    }

    #[test]
    fn the_backup_belongs_to_what_begins_where_the_volume_does() {
        let mut bytes = vec![0; 512 * 20_001];
        bytes[512 * 20_000..].copy_from_slice(&sector());
        assert!(has_backup(&(Arc::new(bytes.clone()) as Source)));
        // A partition behind 1 MiB, that ends where the medium ends.
        bytes.splice(..0, vec![0; 1 << 20]);
        assert!(!has_backup(&(Arc::new(bytes) as Source)));
    }
}
