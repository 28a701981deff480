//! Checkpoints: of two packs the newer valid one says which copies of the other tables count ("Checkpoint" in the kernel's
//! documentation of F2FS).

use super::superblock::{BLOCK, MAGIC, SEGMENT, Superblock};
use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Result},
};

const STRUCTURE: &str = "F2FS checkpoint";
/// Bytes of a block in memory.
const SIZE: usize = BLOCK as usize;
/// Where the version bitmaps begin.
const BITMAPS: usize = 192;
/// Bytes of a journal.
const JOURNAL: usize = 507;
/// Where the journal of a summary block begins.
const SUMMARIES: usize = 3584;
/// Bytes of a block's entry in a summary, and of the footer of a summary block.
const OWNER: usize = 7;
const FOOTER: usize = 5;
/// Bytes of a journal's entry of the NAT and of the SIT.
const NAT_ENTRY: usize = 13;
const SIT_ENTRY: usize = 78;

mod flag {
    pub(super) const COMPACT: u32 = 0x4;
    pub(super) const LARGE_NAT_BITMAP: u32 = 0x400;
}

/// A checkpoint pack.
#[derive(Debug, Clone)]
pub(super) struct Checkpoint {
    pub(super) version: u64,
    nat_bitmap: Box<[u8]>,
    sit_bitmap: Box<[u8]>,
    /// Segments that nodes and data are written to now.
    pub(super) node_segments: Vec<u32>,
    pub(super) data_segments: Vec<u32>,
    /// What the summaries of `data_segments` say, which the summary area does not yet: the node of each block, and the
    /// place of the pointer there.
    pub(super) data_owners: Vec<Vec<(u32, u16)>>,
    /// Entries of the NAT and of the SIT that are newer than the tables.
    pub(super) nat_journal: Vec<(u32, [u8; 9])>,
    pub(super) sit_journal: Vec<(u32, [u8; 74])>,
}

impl Checkpoint {
    /// The newer valid pack of two; why the other is not valid, where it is not.
    ///
    /// # Errors
    /// Where neither is.
    pub(super) fn read(volume: &Source, superblock: &Superblock) -> Result<(Self, Option<Error>)> {
        let first = Self::pack(volume, superblock, superblock.checkpoint);
        let second = Self::pack(volume, superblock, superblock.checkpoint.saturating_add(SEGMENT));
        match (first, second) {
            (Ok(first), Ok(second)) if second.version > first.version => Ok((second, None)),
            (Ok(first), Ok(_)) => Ok((first, None)),
            (Ok(pack), Err(error)) | (Err(error), Ok(pack)) => Ok((pack, Some(error))),
            (Err(error), Err(_)) => Err(error),
        }
    }

    fn pack(volume: &Source, superblock: &Superblock, start: u32) -> Result<Self> {
        let at = u64::from(start).saturating_mul(BLOCK);
        let bytes = block(volume, start)?;
        let fields = Fields::new(&bytes, STRUCTURE, volume.medium_offset(at));
        verify(&fields)?;
        let total = fields.u32(136)?;
        if !(3..=SEGMENT).contains(&total) {
            return Err(fields.corrupt(136, "a pack of 3 to 512 blocks", total));
        }
        let last = block(volume, start.saturating_add(total).saturating_sub(1))?;
        let last = Fields::new(&last, STRUCTURE, volume.medium_offset(at));
        verify(&last)?;
        let version = fields.u64(0)?;
        if last.u64(0)? != version {
            return Err(fields.corrupt(0, format!("version {version} at both ends"), last.u64(0)?));
        }
        let flags = fields.u32(132)?;
        let (sit_size, nat_size) = (fields.u32(156)? as usize, fields.u32(160)? as usize);
        let (nat_bitmap, sit_bitmap): (Box<[u8]>, Box<[u8]>) = if superblock.checkpoint_payload > 0 {
            let at = at.saturating_add(BLOCK);
            let payload = u64::from(superblock.checkpoint_payload).saturating_mul(BLOCK);
            let sit = volume.read_vec(at, (sit_size as u64).min(payload))?;
            (fields.bytes(BITMAPS, nat_size)?.into(), sit.into())
        } else if flags & flag::LARGE_NAT_BITMAP != 0 {
            let start = BITMAPS.saturating_add(4);
            (fields.bytes(start, nat_size)?.into(), fields.bytes(start.saturating_add(nat_size), sit_size)?.into())
        } else {
            (fields.bytes(BITMAPS.saturating_add(sit_size), nat_size)?.into(), fields.bytes(BITMAPS, sit_size)?.into())
        };
        let segments =
            |offset: usize| (0..3usize).map(move |place| fields.u32(offset.saturating_add(place.saturating_mul(4))));
        let (node_segments, data_segments) =
            (segments(36).collect::<Result<Vec<u32>>>()?, segments(84).collect::<Result<Vec<u32>>>()?);
        let summaries = start.saturating_add(fields.u32(140)?);
        let is_compact = flags & flag::COMPACT != 0;
        let (nat_journal, sit_journal) = journals(volume, summaries, is_compact)?;
        let written = [116usize, 118, 120].map(|offset| fields.u16(offset).map_or(0, usize::from));
        let data_owners = owners(volume, summaries, is_compact, written)?;
        Ok(Self {
            version,
            nat_bitmap,
            sit_bitmap,
            node_segments,
            data_segments,
            data_owners,
            nat_journal,
            sit_journal,
        })
    }

    /// Whether the second copy of a block of the NAT counts.
    pub(super) fn nat_copy(&self, block: u32) -> bool {
        bit(&self.nat_bitmap, block)
    }

    /// Whether the second copy of a block of the SIT counts.
    pub(super) fn sit_copy(&self, block: u32) -> bool {
        bit(&self.sit_bitmap, block)
    }
}

/// A bit of a bitmap, the first in the highest bit of the first byte.
pub(super) fn bit(bitmap: &[u8], number: u32) -> bool {
    bitmap.get((number / 8) as usize).is_some_and(|byte| byte.reverse_bits() >> (number % 8) & 1 == 1)
}

/// The checksum of F2FS: CRC-32, from the magic number on and without a final inversion.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(!MAGIC);
    hasher.update(bytes);
    !hasher.finalize()
}

fn block(volume: &Source, number: u32) -> Result<Vec<u8>> {
    volume.read_vec(u64::from(number).saturating_mul(BLOCK), BLOCK)
}

fn verify(fields: &Fields<'_>) -> Result<()> {
    let place = fields.u32(164)? as usize;
    if !(BITMAPS..=SIZE.saturating_sub(4)).contains(&place) {
        return Err(fields.corrupt(164, "the place of a checksum", place));
    }
    let (stored, computed) = (fields.u32(place)?, checksum(fields.bytes(0, place)?));
    if stored != computed {
        return Err(fields.corrupt(place, format!("checksum {computed:#010x}"), format!("{stored:#010x}")));
    }
    Ok(())
}

/// The owners of the blocks written so far in the three segments of data: in summaries of their own, or packed behind the
/// journals.
fn owners(volume: &Source, summaries: u32, is_compact: bool, written: [usize; 3]) -> Result<Vec<Vec<(u32, u16)>>> {
    let mut bytes = block(volume, summaries)?;
    let (mut page, mut offset) = (summaries, if is_compact { JOURNAL.saturating_mul(2) } else { 0 });
    let mut all = Vec::new();
    for count in written {
        let mut owners = Vec::new();
        for _ in 0..count.min(SEGMENT as usize) {
            if offset.saturating_add(OWNER) > SIZE.saturating_sub(FOOTER) {
                page = page.saturating_add(1);
                (bytes, offset) = (block(volume, page)?, 0);
            }
            let fields = Fields::new(&bytes, STRUCTURE, 0);
            owners.push((fields.u32(offset)?, fields.u16(offset.saturating_add(5))?));
            offset = offset.saturating_add(OWNER);
        }
        all.push(owners);
        if !is_compact {
            page = page.saturating_add(1);
            (bytes, offset) = (block(volume, page)?, 0);
        }
    }
    Ok(all)
}

type Journals = (Vec<(u32, [u8; 9])>, Vec<(u32, [u8; 74])>);

/// The journals: side by side in one block, or at the end of the summaries of hot and of cold data.
fn journals(volume: &Source, summaries: u32, is_compact: bool) -> Result<Journals> {
    let (nat, sit) = match is_compact {
        true => {
            let bytes = block(volume, summaries)?;
            let fields = Fields::new(&bytes, STRUCTURE, 0);
            (fields.bytes(0, JOURNAL)?.to_vec(), fields.bytes(JOURNAL, JOURNAL)?.to_vec())
        }
        false => {
            let journal = |number: u32| -> Result<Vec<u8>> {
                let bytes = block(volume, summaries.saturating_add(number))?;
                Ok(Fields::new(&bytes, STRUCTURE, 0).bytes(SUMMARIES, JOURNAL)?.to_vec())
            };
            (journal(0)?, journal(2)?)
        }
    };
    Ok((entries::<9>(&nat, NAT_ENTRY), entries::<74>(&sit, SIT_ENTRY)))
}

/// The entries of a journal: their number, then each with what it is of.
fn entries<const N: usize>(journal: &[u8], size: usize) -> Vec<(u32, [u8; N])> {
    let fields = Fields::new(journal, STRUCTURE, 0);
    let count = fields.u16(0).map_or(0, usize::from);
    let entry = |place: usize| {
        let offset = place.saturating_mul(size).saturating_add(2);
        Some((fields.u32(offset).ok()?, fields.array(offset.saturating_add(4)).ok()?))
    };
    (0..count).map_while(entry).collect()
}
