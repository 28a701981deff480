//! The structures of the log: its superblock, and the blocks that begin with a header.

use super::{super::checksum::crc32c, log::Copy};
use crate::{bytes::Fields, error::Result};

pub(super) const MAGIC: u32 = 0xc03b_3998;
const V2_SUPERBLOCK: u32 = 4;
/// Blocks of fast commits where the superblock does not say how many.
const FAST_COMMIT_BLOCKS: u32 = 256;

/// Features of the journal that change its layout.
mod incompat {
    pub(super) const SIXTY_FOUR_BIT: u32 = 0x2;
    pub(super) const CSUM_V2: u32 = 0x8;
    pub(super) const CSUM_V3: u32 = 0x10;
    pub(super) const FAST_COMMIT: u32 = 0x20;
}

/// How the log is laid out.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    pub(super) block_size: u32,
    /// Blocks of the log, without those of fast commits behind it.
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
        let fast = match (incompat & incompat::FAST_COMMIT != 0, fields.u32_be(0x54)?) {
            (false, _) => 0,
            (true, 0) => FAST_COMMIT_BLOCKS,
            (true, blocks) => blocks,
        };
        Ok(Self {
            block_size,
            blocks: fields.u32_be(0x10)?.min(most).saturating_sub(fast),
            first: fields.u32_be(0x14)?.max(1),
            sequence: fields.u32_be(0x18)?,
            start: fields.u32_be(0x1c)?,
            incompat,
            seed: crc32c(!0, fields.bytes(0x30, 16)?),
        })
    }

    /// True where what is not yet written back may be in fast commits too, which are not read.
    pub(super) fn has_fast_commits(&self) -> bool {
        self.has(incompat::FAST_COMMIT)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(incompat: u32) -> Layout {
        Layout { block_size: 1024, blocks: 100, first: 1, start: 0, sequence: 1, incompat, seed: 7 }
    }

    fn block(kind: u32, words: &[u32]) -> Vec<u8> {
        let mut block: Vec<u8> = [MAGIC, kind, 5].iter().chain(words).flat_map(|word| word.to_be_bytes()).collect();
        block.resize(1024, 0);
        block
    }

    fn tags(layout: &Layout, words: &[u32]) -> Vec<(u64, bool)> {
        match layout.header(&block(1, words)).map(|header| header.body) {
            Some(Body::Descriptor(tags)) => tags.iter().map(|tag| (tag.block, tag.escaped)).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn tags_of_all_versions_are_told() {
        let uuid = [0; 4];
        // Without a UUID flag the first tag is followed by 16 bytes; flag 8 ends the list, 1 is an escaped block.
        let old = [&[70, 0][..], &uuid, &[71, 3, 72, 10]].concat();
        assert_eq!(tags(&layout(0), &old), [(70, false), (71, true), (72, false)]);
        let wide = [&[70, 0, 1][..], &uuid, &[71, 10, 0]].concat();
        assert_eq!(tags(&layout(incompat::SIXTY_FOUR_BIT), &wide), [(70 | 1 << 32, false), (71, false)]);
        let v3 = [&[70, 0, 0, 9][..], &uuid, &[71, 11, 0, 9]].concat();
        assert_eq!(tags(&layout(incompat::CSUM_V3), &v3), [(70, false), (71, true)]);
    }

    #[test]
    fn checksum_of_a_tag_is_that_of_the_block_as_logged() {
        let layout = layout(incompat::CSUM_V3);
        let logged = [vec![0; 4], vec![1; 1020]].concat();
        let sum = crc32c(crc32c(7, &5u32.to_be_bytes()), &logged);
        let mut copy = Copy { sequence: 5, place: 3, block: Some(70), escaped: true, checksum: Some(sum) };
        let restored = [&MAGIC.to_be_bytes()[..], &[1; 1020]].concat();
        assert!(layout.is_whole(&copy, &restored));
        copy.escaped = false;
        assert!(layout.is_whole(&copy, &logged) && !layout.is_whole(&copy, &restored));
    }

    #[test]
    fn revoked_blocks_end_where_the_header_says() {
        let narrow = block(5, &[24, 70, 71, 72]);
        let wide = block(5, &[32, 1, 70, 0, 71]);
        let revoked = |layout: Layout, block: &[u8]| match layout.header(block).unwrap().body {
            Body::Revoke(blocks) => blocks,
            _ => Vec::new(),
        };
        assert_eq!(revoked(layout(0), &narrow), [70, 71]);
        assert_eq!(revoked(layout(incompat::SIXTY_FOUR_BIT), &wide), [70 | 1 << 32, 71]);
    }
}
