//! The structures of the log: its superblock, and the blocks that begin with a header.

use super::{super::checksum::crc32c, log::Copy};
use crate::{bytes::Fields, error::Result};

pub(super) const MAGIC: u32 = 0xc03b_3998;
const V2_SUPERBLOCK: u32 = 4;

/// Features of the journal that change its layout.
mod incompat {
    pub(super) const SIXTY_FOUR_BIT: u32 = 0x2;
    pub(super) const CSUM_V2: u32 = 0x8;
    pub(super) const CSUM_V3: u32 = 0x10;
}

/// How the log is laid out.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) block_size: u32,
    /// Blocks of the log; the last ones may be those of fast commits.
    pub(super) blocks: u32,
    pub(super) first: u32,
    /// Where the live part begins; 0 for none.
    pub(super) start: u32,
    pub(super) sequence: u32,
    incompat: u32,
    seed: u32,
}

/// A block of the log that begins with a header.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) sequence: u32,
    pub(super) body: Body,
}

/// What such a block holds.
#[derive(Debug, Clone)]
pub(super) enum Body {
    /// Tells where the blocks behind it belong.
    Descriptor(Vec<Tag>),
    /// Ends a transaction, at this time: seconds and nanoseconds.
    Commit(i64, u32),
    /// Blocks of which older copies must not be written back.
    Revoke(Vec<u64>),
    /// A superblock, or a type of block that nobody knows.
    Other,
}

/// Where one block of a transaction belongs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    pub(super) block: u64,
    /// Its first four bytes were those of a header and are zeros in the log.
    pub(super) escaped: bool,
    pub(super) checksum: u32,
}

impl Layout {
    /// Reads the journal's superblock; `area` is how many bytes it has.
    pub(super) fn parse(fields: &Fields<'_>, area: u64) -> Result<Self> {
        if fields.u32_be(0)? != MAGIC {
            return Err(fields.corrupt(0, "c03b3998", format!("{:08x}", fields.u32_be(0)?)));
        }
        let kind = fields.u32_be(4)?;
        if !matches!(kind, 3 | V2_SUPERBLOCK) {
            return Err(fields.corrupt(4, "a journal superblock", format!("block of type {kind}")));
        }
        let block_size = fields.u32_be(0xc)?;
        if !block_size.is_power_of_two() || !(1024..=65_536).contains(&block_size) {
            return Err(fields.corrupt(0xc, "blocks of 1 to 64 KiB", format!("{block_size} bytes")));
        }
        let incompat = if kind == V2_SUPERBLOCK { fields.u32_be(0x28)? } else { 0 };
        let most = u32::try_from(area.checked_div(u64::from(block_size)).unwrap_or(0)).unwrap_or(u32::MAX);
        Ok(Self {
            block_size,
            blocks: fields.u32_be(0x10)?.min(most),
            first: fields.u32_be(0x14)?.max(1),
            sequence: fields.u32_be(0x18)?,
            start: fields.u32_be(0x1c)?,
            incompat,
            seed: crc32c(!0, fields.bytes(0x30, 16)?),
        })
    }

    fn has(&self, feature: u32) -> bool {
        self.incompat & feature != 0
    }

    /// The header of a block; `None` for a block that has none.
    pub(super) fn header(&self, block: &[u8]) -> Option<Header> {
        let fields = Fields::new(block, "journal block", 0);
        if fields.u32_be(0).ok()? != MAGIC {
            return None;
        }
        let body = match fields.u32_be(4).ok()? {
            1 => Body::Descriptor(self.tags(&fields, block.len())),
            2 => {
                let seconds = fields.u64_be(0x30).ok()?;
                Body::Commit(i64::try_from(seconds).unwrap_or(0), fields.u32_be(0x38).ok()?)
            }
            5 => Body::Revoke(self.revoked(&fields, block.len())),
            _ => Body::Other,
        };
        Some(Header { sequence: fields.u32_be(8).ok()?, body })
    }

    fn tags(&self, fields: &Fields<'_>, length: usize) -> Vec<Tag> {
        let v3 = self.has(incompat::CSUM_V3);
        let wide = self.has(incompat::SIXTY_FOUR_BIT);
        // A tag of the second version of checksums is two bytes longer than its fields.
        let size = match (v3, self.has(incompat::CSUM_V2), wide) {
            (true, _, _) => 16,
            (_, true, true) => 14,
            (_, true, false) => 10,
            (_, _, true) => 12,
            (_, _, false) => 8,
        };
        let end = length.saturating_sub(if v3 || self.has(incompat::CSUM_V2) { 4 } else { 0 });
        let mut tags = Vec::new();
        let mut at = 12usize;
        while at.saturating_add(size) <= end {
            let Some((tag, flags)) = self.tag(fields, at, v3, wide) else { break };
            tags.push(tag);
            at = at.saturating_add(size);
            // A tag of another journal's than the one before is followed by its UUID.
            if flags & 2 == 0 {
                at = at.saturating_add(16);
            }
            if flags & 8 != 0 {
                break;
            }
        }
        tags
    }

    fn tag(&self, fields: &Fields<'_>, at: usize, v3: bool, wide: bool) -> Option<(Tag, u32)> {
        let low = u64::from(fields.u32_be(at).ok()?);
        let (flags, checksum) = match v3 {
            true => (fields.u32_be(at.saturating_add(4)).ok()?, fields.u32_be(at.saturating_add(12)).ok()?),
            false => (
                u32::from(fields.u16_be(at.saturating_add(6)).ok()?),
                u32::from(fields.u16_be(at.saturating_add(4)).ok()?),
            ),
        };
        let high = if wide { u64::from(fields.u32_be(at.saturating_add(8)).ok()?) << 32 } else { 0 };
        Some((Tag { block: low | high, escaped: flags & 1 != 0, checksum }, flags))
    }

    fn revoked(&self, fields: &Fields<'_>, length: usize) -> Vec<u64> {
        let size = if self.has(incompat::SIXTY_FOUR_BIT) { 8 } else { 4 };
        let end = fields.u32_be(12).map_or(0, |end| (end as usize).min(length));
        (16..end)
            .step_by(size)
            .map_while(|at| match size {
                8 => fields.u64_be(at).ok(),
                _ => fields.u32_be(at).ok().map(u64::from),
            })
            .collect()
    }

    /// Whether the checksum of a tag is that of the block as logged.
    pub(super) fn is_whole(&self, copy: &Copy, bytes: &[u8]) -> bool {
        let Some(checksum) = copy.checksum else { return true };
        let sum = |bytes: &[u8]| crc32c(crc32c(self.seed, &copy.sequence.to_be_bytes()), bytes);
        let found = match copy.escaped {
            true => crc32c(
                crc32c(crc32c(self.seed, &copy.sequence.to_be_bytes()), &[0; 4]),
                bytes.get(4..).unwrap_or_default(),
            ),
            false => sum(bytes),
        };
        match (self.has(incompat::CSUM_V3), self.has(incompat::CSUM_V2)) {
            (true, _) => found == checksum,
            (_, true) => found & 0xffff == checksum,
            _ => true,
        }
    }
}
