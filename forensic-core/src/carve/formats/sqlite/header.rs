//! The first hundred bytes of a database (sqlite.org, "Database File Format", 1.3).

use crate::carve::{Break, Tape};

pub(super) const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) page_size: u64,
    /// Bytes of a page but those reserved for extensions.
    pub(super) usable: u64,
    /// Pages of the file, where the header knows.
    pub(super) pages: Option<u32>,
    pub(super) first_trunk: u32,
    pub(super) free_pages: u32,
    /// True where pages that map pages to their parents are among the others.
    pub(super) mapped: bool,
}

impl Header {
    pub(super) fn read(tape: &mut Tape) -> Result<Self, Break> {
        let head: [u8; 100] = tape.array(0)?;
        if !plausible(&head) {
            return Err(Break::wrong(16, "database header"));
        }
        let page_size = page_size(&head);
        let reserved = head.get(20).copied().unwrap_or(0);
        let usable = page_size.saturating_sub(reserved.into());
        let (count, counter, valid_for) = (be32(&head, 28), be32(&head, 24), be32(&head, 92));
        if usable < 480 {
            return Err(Break::wrong(20, "reserved space"));
        }
        Ok(Self {
            page_size,
            usable,
            pages: (count > 0 && counter == valid_for).then_some(count),
            first_trunk: be32(&head, 32),
            free_pages: be32(&head, 36),
            mapped: be32(&head, 52) != 0,
        })
    }

    /// Where page `number` begins.
    pub(super) fn place(&self, number: u32) -> u64 {
        u64::from(number).saturating_sub(1).saturating_mul(self.page_size)
    }
}

impl Header {
    /// True for the page of the locks, which no database uses, and for pages that map pages to their parents.
    pub(super) fn is_apart(&self, number: u32) -> bool {
        let locks = (1u64 << 30).checked_div(self.page_size).map(|page| page.saturating_add(1));
        let group = (self.usable / 5).saturating_add(1);
        let maps = self.mapped && number >= 2 && u64::from(number).saturating_sub(2).is_multiple_of(group);
        maps || locks == Some(number.into())
    }
}

/// Whether the first bytes of a file may be a database's.
pub(super) fn plausible(head: &[u8]) -> bool {
    let versions = head.get(18..20).is_some_and(|versions| versions.iter().all(|version| matches!(version, 1 | 2)));
    let fractions = head.get(21..24) == Some(&[64, 32, 32]);
    let unused = head.get(72..92).is_none_or(|unused| unused.iter().all(|byte| *byte == 0));
    head.starts_with(MAGIC)
        && matches!(page_size(head), 512..=65536)
        && page_size(head).is_power_of_two()
        && versions
        && fractions
        && unused
        && (head.len() < 60 || (be32(head, 44) <= 4 && be32(head, 56) <= 3))
}

fn page_size(head: &[u8]) -> u64 {
    match head.get(16..18) {
        Some([0, 1]) => 65536,
        Some([high, low]) => u16::from_be_bytes([*high, *low]).into(),
        _ => 0,
    }
}

pub(super) fn be16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

pub(super) fn be32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_be_bytes(*bytes))
}
