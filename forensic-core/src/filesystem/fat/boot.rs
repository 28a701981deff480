//! The boot sector and its BIOS parameter block: where everything of the volume lies (Microsoft, "FAT32 File System
//! Specification" 1.03 (fatgen103), "Boot Sector and BPB" and "FAT Type Determination"; ECMA-107, 2nd ed., section 8).

use crate::{
    bytes::{Fields, Source},
    error::Result,
    filesystem::clusters::Heap,
};

/// The width of an entry of the file allocation table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FatType {
    Fat12,
    Fat16,
    Fat32,
}

impl FatType {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fat12 => "fat12",
            Self::Fat16 => "fat16",
            Self::Fat32 => "fat32",
        }
    }

    /// Bits an entry of the table.
    pub(super) fn bits(self) -> u64 {
        match self {
            Self::Fat12 => 12,
            Self::Fat16 => 16,
            Self::Fat32 => 32,
        }
    }
}

/// Where the root directory lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Root {
    /// A fixed area before the data: its byte offset in the volume and its length.
    Fixed { offset: u64, length: u64 },
    /// A chain of clusters like any other directory (FAT32).
    Chained { cluster: u32 },
}

/// The layout of a FAT volume. All offsets are bytes from the start of the volume, and all sums were checked.
#[derive(Debug, Clone)]
pub(super) struct Boot {
    pub(super) kind: FatType,
    pub(super) bytes_per_sector: u32,
    /// Bytes a cluster.
    pub(super) cluster_size: u32,
    /// Byte offset of the first copy of the table.
    pub(super) fat_offset: u64,
    /// Bytes of one copy of the table.
    pub(super) fat_length: u64,
    pub(super) fat_copies: u8,
    /// The copy in use, and whether the others mirror it (BPB_ExtFlags).
    pub(super) active_copy: u8,
    pub(super) mirrored: bool,
    pub(super) root: Root,
    /// Byte offset of cluster 2.
    pub(super) data_offset: u64,
    /// Clusters that both the volume and the table have; they are numbered from 2.
    pub(super) cluster_count: u32,
    /// Bytes the volume says it spans.
    pub(super) size: u64,
    pub(super) media: u8,
    pub(super) serial: Option<u32>,
    /// BS_VolLab; the root directory's label entry is preferred to it.
    pub(super) label: [u8; 11],
}

const BOOT_SECTOR: &str = "FAT boot sector";

/// Sector of the backup boot sector (fatgen103: "No value other than 6 is recommended").
const BACKUP_SECTOR: u64 = 6;

impl Boot {
    /// Reads the boot sector, or its FAT32 backup where the first is damaged; true for the backup.
    ///
    /// # Errors
    /// What is wrong with the first one, where the backup is no better.
    pub(super) fn read(volume: &Source) -> Result<(Self, bool)> {
        let first = Self::read_at(volume, 0);
        let Err(error) = first else { return first.map(|boot| (boot, false)) };
        for sector_size in [512u32, 1024, 2048, 4096] {
            let offset = BACKUP_SECTOR.saturating_mul(u64::from(sector_size));
            if let Ok(boot) = Self::read_at(volume, offset)
                && boot.bytes_per_sector == sector_size
                && boot.kind == FatType::Fat32
            {
                return Ok((boot, true));
            }
        }
        Err(error)
    }

    fn read_at(volume: &Source, offset: u64) -> Result<Self> {
        let sector = volume.read_vec(offset, 512)?;
        Self::parse(&sector, volume.medium_offset(offset), volume.len())
    }

    /// Parses a boot sector that stands at byte `at` of the medium, of a volume of `volume_length` bytes.
    pub(super) fn parse(sector: &[u8], at: u64, volume_length: u64) -> Result<Self> {
        let fields = Fields::new(sector, BOOT_SECTOR, at);
        let jump = fields.array::<3>(0)?;
        let jumps = matches!(jump, [0xeb, _, 0x90] | [0xe9, ..]);
        if !jumps && fields.array::<2>(510)? != [0x55, 0xaa] {
            return Err(fields.corrupt(0, "a jump instruction or the signature 55 AA", format!("{jump:02x?}")));
        }
        let bytes_per_sector = u32::from(fields.u16(11)?);
        if !(512..=4096).contains(&bytes_per_sector) || !bytes_per_sector.is_power_of_two() {
            return Err(fields.corrupt(11, "512, 1024, 2048 or 4096 bytes per sector", bytes_per_sector));
        }
        let sectors_per_cluster = fields.u8(13)?;
        if !sectors_per_cluster.is_power_of_two() {
            return Err(fields.corrupt(13, "a power of two of sectors per cluster", sectors_per_cluster));
        }
        let reserved_sectors = fields.u16(14)?;
        if reserved_sectors == 0 {
            return Err(fields.corrupt(14, "at least one reserved sector", 0));
        }
        let fat_copies = fields.u8(16)?;
        if !(1..=4).contains(&fat_copies) {
            return Err(fields.corrupt(16, "1 to 4 file allocation tables", fat_copies));
        }
        let media = fields.u8(21)?;
        if media != 0xf0 && media < 0xf8 {
            return Err(fields.corrupt(21, "a media byte of F0 or F8 to FF", format!("{media:02x}")));
        }
        // The layout of FAT32 is told by BPB_FATSz16 = 0, as every driver does; FAT12 and FAT16 by the cluster count.
        let is_fat32 = fields.u16(22)? == 0;
        let root_entries = fields.u16(17)?;
        if is_fat32 != (root_entries == 0) {
            return Err(fields.corrupt(17, "root entries on FAT12 and FAT16 only", root_entries));
        }
        let fat_sectors = if is_fat32 { fields.u32(36)? } else { u32::from(fields.u16(22)?) };
        let total_sectors = match fields.u16(19)? {
            0 => fields.u32(32)?,
            sectors => u32::from(sectors),
        };

        let sector = u64::from(bytes_per_sector);
        let cluster_size = bytes_per_sector.saturating_mul(u32::from(sectors_per_cluster));
        let fat_offset = u64::from(reserved_sectors).saturating_mul(sector);
        let fat_length = u64::from(fat_sectors).saturating_mul(sector);
        let root_offset = fat_length.saturating_mul(u64::from(fat_copies)).saturating_add(fat_offset);
        let root_length = u64::from(root_entries).saturating_mul(32);
        let data_offset = root_offset.saturating_add(root_length.next_multiple_of(sector));
        let size = u64::from(total_sectors).saturating_mul(sector);
        if fat_sectors == 0 || data_offset >= size {
            let found = format!("{total_sectors} sectors, of which {fat_sectors} for each of {fat_copies} tables");
            return Err(fields.corrupt(19, "a volume longer than its tables", found));
        }
        if data_offset > volume_length {
            let found = format!("a volume of {volume_length} bytes");
            return Err(fields.corrupt(19, format!("tables and root directory up to byte {data_offset}"), found));
        }
        let clusters = size.saturating_sub(data_offset).checked_div(u64::from(cluster_size)).unwrap_or(0);
        let kind = match clusters {
            _ if is_fat32 => FatType::Fat32,
            0..4085 => FatType::Fat12,
            _ => FatType::Fat16,
        };
        // A table too short for its volume leaves the last clusters without an entry: no chain can reach them.
        let in_table = fat_length.saturating_mul(8).checked_div(kind.bits()).unwrap_or(0).saturating_sub(2);
        let most = match kind {
            FatType::Fat12 => 4084,
            FatType::Fat16 => 0xfff5,
            FatType::Fat32 => 0x0fff_fff5,
        };
        let cluster_count = u32::try_from(clusters.min(in_table).min(most)).unwrap_or(0);
        if cluster_count == 0 {
            return Err(fields.corrupt(22, "at least one cluster", "none"));
        }
        let (root, active_copy, mirrored) = if is_fat32 {
            let flags = fields.u16(40)?;
            let active = u8::try_from(flags & 0x0f).unwrap_or(0);
            let mirrored = flags & 0x80 == 0;
            let active = if mirrored || active >= fat_copies { 0 } else { active };
            (Root::Chained { cluster: fields.u32(44)? & 0x0fff_ffff }, active, mirrored)
        } else {
            (Root::Fixed { offset: root_offset, length: root_length }, 0, true)
        };
        let extended = if is_fat32 { 66 } else { 38 };
        let (serial, label) = match fields.u8(extended)? {
            0x29 => (Some(fields.u32(extended.saturating_add(1))?), fields.array(extended.saturating_add(5))?),
            0x28 => (Some(fields.u32(extended.saturating_add(1))?), [b' '; 11]),
            _ => (None, [b' '; 11]),
        };
        Ok(Self {
            kind,
            bytes_per_sector,
            cluster_size,
            fat_offset,
            fat_length,
            fat_copies,
            active_copy,
            mirrored,
            root,
            data_offset,
            cluster_count,
            size,
            media,
            serial,
            label,
        })
    }

    /// The clusters of the volume.
    pub(super) fn heap(&self, volume: &Source) -> Heap {
        let Self { data_offset, cluster_size, cluster_count, .. } = *self;
        Heap { source: volume.clone(), offset: data_offset, cluster_size, count: cluster_count }
    }
}

/// The name of the FAT type of `volume`, where its boot sector (or the backup) is one of FAT.
///
/// FAT has no signature: every field of the parameter block must be plausible, and agree with the others and with the
/// length of the volume. A partition table, an NTFS or an exFAT boot sector fails on the sector size or the count of tables.
pub(in crate::filesystem) fn probe(volume: &Source) -> Option<&'static str> {
    Boot::read(volume).ok().map(|(boot, _)| boot.kind.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floppy() -> Vec<u8> {
        let mut sector = vec![0u8; 512];
        sector[..3].copy_from_slice(&[0xeb, 0x3c, 0x90]);
        sector[11..13].copy_from_slice(&512u16.to_le_bytes());
        sector[13] = 1;
        sector[14] = 1;
        sector[16] = 2;
        sector[17..19].copy_from_slice(&224u16.to_le_bytes());
        sector[19..21].copy_from_slice(&2880u16.to_le_bytes());
        sector[21] = 0xf0;
        sector[22] = 9;
        sector
    }

    #[test]
    fn a_floppy_is_fat12_with_its_data_at_sector_33() {
        let boot = Boot::parse(&floppy(), 0, 1_474_560).unwrap();
        assert_eq!((boot.kind, boot.data_offset, boot.cluster_count), (FatType::Fat12, 33 * 512, 2847));
    }

    #[test]
    fn absurd_fields_are_errors_that_name_their_place() {
        for (offset, value) in [(11, 0x13), (13, 3), (13, 0), (14, 0), (16, 0), (16, 9), (21, 0x12), (22, 0xff)] {
            let mut sector = floppy();
            sector[offset] = value;
            if offset == 22 {
                sector[23] = 0xff;
            }
            let error = Boot::parse(&sector, 1 << 20, 1_474_560).unwrap_err();
            assert_eq!(error.structure(), Some(BOOT_SECTOR));
            assert!(error.offset().unwrap() >= 1 << 20);
        }
    }

    #[test]
    fn a_partition_table_and_noise_are_not_claimed() {
        let mut mbr = vec![0u8; 512];
        mbr[..4].copy_from_slice(&[0x33, 0xc0, 0x8e, 0xd0]);
        mbr[510..].copy_from_slice(&[0x55, 0xaa]);
        assert!(Boot::parse(&mbr, 0, 1 << 20).is_err());
        let mut state = 1u32;
        for _ in 0..20_000 {
            let sector: Vec<u8> = (0..512)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            assert!(Boot::parse(&sector, 0, 1 << 30).is_err());
        }
    }
}
