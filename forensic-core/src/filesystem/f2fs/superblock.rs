//! The superblock and its copy: where the areas lie ("On-disk Layout").

use crate::{
    bytes::{Fields, ReadAt, Source},
    error::{Error, Result},
};

const STRUCTURE: &str = "F2FS superblock";
pub(super) const MAGIC: u32 = 0xf2f5_2010;
/// Bytes of a block; other sizes are not read.
pub(super) const BLOCK: u64 = 4096;
/// Blocks of a segment.
pub(super) const SEGMENT: u32 = 512;
/// Where the superblock and its copy begin.
const PLACES: [u64; 2] = [1024, 4096 + 1024];
const LENGTH: u64 = 2200;

/// Features (bits of the superblock's field of that name).
pub(super) mod feature {
    pub(in super::super) const FLEXIBLE_INLINE_XATTR: u32 = 0x0040;
}

/// The layout of a volume. Addresses are blocks from the start of the volume.
#[derive(Debug, Clone)]
pub(super) struct Superblock {
    pub(super) blocks: u64,
    pub(super) sit_segments: u32,
    pub(super) nat_segments: u32,
    pub(super) main_segments: u32,
    pub(super) checkpoint: u32,
    pub(super) sit: u32,
    pub(super) nat: u32,
    pub(super) ssa: u32,
    pub(super) main: u32,
    pub(super) root: u32,
    pub(super) uuid: [u8; 16],
    pub(super) label: String,
    /// Blocks behind the first one of a checkpoint that hold its SIT bitmap.
    pub(super) checkpoint_payload: u32,
    pub(super) features: u32,
}

impl Superblock {
    /// Reads the superblock, or its copy where it is damaged; the second value says why.
    ///
    /// # Errors
    /// Where neither makes sense; [`Error::Unsupported`] for another block size than 4096.
    pub(super) fn read(volume: &Source) -> Result<(Self, Option<Error>)> {
        let mut first = None;
        for place in PLACES {
            match Self::read_at(volume, place) {
                Ok(superblock) => return Ok((superblock, first)),
                Err(error @ Error::Unsupported { .. }) => return Err(error),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| Error::corrupt(STRUCTURE, volume.medium_offset(0), "a superblock", "none")))
    }

    fn read_at(volume: &Source, place: u64) -> Result<Self> {
        let bytes = volume.read_vec(place, LENGTH)?;
        let fields = Fields::new(&bytes, STRUCTURE, volume.medium_offset(place));
        if fields.u32(0)? != MAGIC {
            return Err(fields.corrupt(0, format!("magic {MAGIC:#010x}"), format!("{:#010x}", fields.u32(0)?)));
        }
        if fields.u32(16)? != 12 {
            return Err(Error::unsupported(format!("F2FS with blocks of 2^{} bytes", fields.u32(16)?)));
        }
        if fields.u32(20)? != 9 {
            return Err(fields.corrupt(20, "512 blocks a segment", format!("2^{}", fields.u32(20)?)));
        }
        let label = fields.bytes(124, 1024)?.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit));
        let label: Vec<u16> = label.take_while(|unit| *unit != 0).collect();
        let superblock = Self {
            blocks: fields.u64(36)?,
            sit_segments: fields.u32(56)?,
            nat_segments: fields.u32(60)?,
            main_segments: fields.u32(68)?,
            checkpoint: fields.u32(76)?,
            sit: fields.u32(80)?,
            nat: fields.u32(84)?,
            ssa: fields.u32(88)?,
            main: fields.u32(92)?,
            root: fields.u32(96)?,
            uuid: fields.array(108)?,
            label: String::from_utf16_lossy(&label),
            checkpoint_payload: fields.u32(1664)?,
            features: fields.u32(2180)?,
        };
        let order = [superblock.checkpoint, superblock.sit, superblock.nat, superblock.ssa, superblock.main];
        if !order.is_sorted() || u64::from(superblock.main) >= superblock.blocks {
            return Err(fields.corrupt(76, "areas in order", format!("{order:?} of {} blocks", superblock.blocks)));
        }
        Ok(superblock)
    }

    /// Node identifiers that the NAT has room for: half of its segments hold the other half's copies.
    pub(super) fn nids(&self) -> u32 {
        (self.nat_segments / 2).saturating_mul(SEGMENT).saturating_mul(super::nat::PER_BLOCK)
    }

    /// One behind the last block of the main area.
    pub(super) fn main_end(&self) -> u64 {
        u64::from(self.main)
            .saturating_add(u64::from(self.main_segments).saturating_mul(u64::from(SEGMENT)))
            .min(self.blocks)
    }

    /// The segment of the main area that holds a block, and the block's place in it.
    pub(super) fn segment_of(&self, block: u32) -> Option<(u32, u32)> {
        let place = block.checked_sub(self.main)?;
        (u64::from(block) < self.main_end()).then_some((place / SEGMENT, place % SEGMENT))
    }
}
