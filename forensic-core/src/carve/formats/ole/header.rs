//! The header of a compound file and its chains of sectors ([MS-CFB] 2.2 to 2.5).

use crate::carve::{Break, Tape};

pub(super) const MAGIC: &[u8; 8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
pub(super) const FREE: u32 = 0xffff_ffff;
pub(super) const END: u32 = 0xffff_fffe;
pub(super) const FAT: u32 = 0xffff_fffd;
pub(super) const DIFAT: u32 = 0xffff_fffc;
/// Numbers of sectors end here.
pub(super) const MOST: u32 = 0xffff_fffa;
/// FAT sectors that the header has room for.
const IN_HEADER: u32 = 109;
/// Sectors whose chains are held in memory: 64 MiB of FAT, a file of 8 GiB.
const MOST_SECTORS: u64 = 16 << 20;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) sector_size: u64,
    pub(super) fat_sectors: u32,
    pub(super) directory: u32,
    pub(super) mini_cutoff: u32,
    pub(super) mini_fat: u32,
    pub(super) mini_fat_sectors: u32,
    pub(super) difat: u32,
    pub(super) difat_sectors: u32,
}

/// Whether the first bytes of a file may be the header of a compound file.
pub(super) fn plausible(head: &[u8]) -> bool {
    let shape = (head.get(26..28), head.get(28..32));
    let sectors = matches!(shape, (Some([3, 0]), Some([0xfe, 0xff, 9, 0])) | (Some([4, 0]), Some([0xfe, 0xff, 12, 0])));
    head.starts_with(MAGIC) && sectors && matches!(head.get(32..34), Some([1..=12, 0]))
}

impl Header {
    pub(super) fn read(tape: &mut Tape) -> Result<Self, Break> {
        let head: [u8; 76] = tape.array(0)?;
        if !plausible(&head) {
            return Err(Break::wrong(26, "header of the compound file"));
        }
        Ok(Self {
            sector_size: 1 << tape.le16(30)?,
            fat_sectors: tape.le32(44)?,
            directory: tape.le32(48)?,
            mini_cutoff: tape.le32(56)?,
            mini_fat: tape.le32(60)?,
            mini_fat_sectors: tape.le32(64)?,
            difat: tape.le32(68)?,
            difat_sectors: tape.le32(72)?,
        })
    }

    /// Where a sector begins; the header takes the place of the one before the first.
    pub(super) fn place(&self, sector: u32) -> u64 {
        u64::from(sector).saturating_add(1).saturating_mul(self.sector_size)
    }

    fn in_sector(&self) -> u32 {
        u32::try_from(self.sector_size / 4).unwrap_or(128)
    }

    /// The sectors that hold the FAT, and those that hold the list of them.
    fn fat_places(&self, tape: &mut Tape) -> Result<(Vec<u32>, Vec<u32>), Break> {
        let most = MOST_SECTORS.min(tape.len().checked_div(self.sector_size).unwrap_or(0));
        let fits = u64::from(self.fat_sectors).saturating_mul(self.sector_size / 4) <= most.saturating_add(4096);
        if self.fat_sectors == 0 || !fits {
            return Err(Break::wrong(44, "number of FAT sectors"));
        }
        let (mut fat, mut lists) = (Vec::new(), Vec::new());
        for index in 0..self.fat_sectors.min(IN_HEADER) {
            fat.push(tape.le32(u64::from(index).saturating_mul(4).saturating_add(76))?);
        }
        let mut list = self.difat;
        while (fat.len() as u64) < u64::from(self.fat_sectors) {
            if list >= MOST || lists.len() as u64 > most {
                return Err(Break::wrong(68, "DIFAT chain"));
            }
            lists.push(list);
            let (place, last) = (self.place(list), self.in_sector().saturating_sub(1));
            for index in 0..last {
                if fat.len() as u64 == u64::from(self.fat_sectors) {
                    break;
                }
                fat.push(tape.le32(place.saturating_add(u64::from(index).saturating_mul(4)))?);
            }
            list = tape.le32(place.saturating_add(u64::from(last).saturating_mul(4)))?;
        }
        Ok((fat, lists))
    }

    /// The FAT, one entry a sector.
    pub(super) fn fat(&self, tape: &mut Tape) -> Result<Vec<u32>, Break> {
        let (places, lists) = self.fat_places(tape)?;
        let mut fat = Vec::new();
        let size = usize::try_from(self.sector_size).unwrap_or(512);
        for sector in &places {
            if *sector >= MOST {
                return Err(Break::wrong(76, "place of a FAT sector"));
            }
            let bytes = tape.bytes(self.place(*sector), size)?;
            fat.extend(bytes.as_chunks::<4>().0.iter().map(|entry| u32::from_le_bytes(*entry)));
        }
        let marks = places.iter().map(|sector| (sector, FAT)).chain(lists.iter().map(|sector| (sector, DIFAT)));
        for (sector, mark) in marks {
            if fat.get(*sector as usize) != Some(&mark) {
                return Err(Break::wrong(self.place(*sector), "FAT sector"));
            }
        }
        Ok(fat)
    }
}

/// The sectors of the chain that begins at `first`; `None` where it leaves the FAT or goes on for ever.
pub(super) fn chain(fat: &[u32], first: u32) -> Option<Vec<u32>> {
    let (mut chain, mut sector) = (Vec::new(), first);
    while sector != END {
        if chain.len() > fat.len() {
            return None;
        }
        chain.push(sector);
        sector = *fat.get(sector as usize)?;
    }
    Some(chain)
}
