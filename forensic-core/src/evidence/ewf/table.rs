//! The `table` and `table2` sections: where each chunk lies in its segment file (EWF specification, "Table section").

use super::segment::{Section, SegmentFile};
use crate::{
    bytes::Fields,
    error::{Error, Result},
    limits::Limits,
};

const HEADER: u64 = 24;
const ENTRY: u64 = 4;
const STRUCTURE: &str = "EWF table";

/// The chunks of one table, in order.
pub(super) struct Table {
    /// Index of the segment file among those of the image.
    pub(super) segment: usize,
    /// Byte offset of the table section in its segment file.
    pub(super) at: u64,
    /// What the entries' offsets count from, in the segment file.
    base: u64,
    entries: Vec<u32>,
    /// From this entry on, offsets have 32 bits and no chunk is compressed (an overflow in EnCase 6.7.1).
    overflow: usize,
    /// Byte offset in the segment file at which the chunks' data end.
    data_end: u64,
}

/// Where the stored bytes of a chunk lie in its segment file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) compressed: bool,
}

impl Table {
    /// Reads a table. `sectors` is the section that holds the chunks' data; without one they follow in the table section
    /// itself, as in the original format. A damaged one is given back with the error that says what does not fit.
    pub(super) fn read(
        file: &SegmentFile,
        segment: usize,
        section: &Section,
        sectors: Option<&Section>,
        entries_have_checksum: bool,
        limits: &Limits,
    ) -> Result<(Self, Option<Error>)> {
        let at = section.content_at();
        let room = section.end.saturating_sub(at);
        let header = file.source.read_vec(at.min(file.source.len()), HEADER.min(room))?;
        let fields = Fields::new(&header, STRUCTURE, at);
        let (mut count, base) = (u64::from(fields.u32(0)?), fields.u64(8)?);
        let footer = if entries_have_checksum { 4 } else { 0 };
        let fitting = room.saturating_sub(HEADER).saturating_sub(footer) / ENTRY;
        let mut damage = None;
        let (stored, computed) = (fields.u32(20)?, simd_adler32::adler32(&fields.bytes(0, 20)?));
        if stored != computed {
            // The descriptor has a checksum of its own, so the size it gives tells the number of entries.
            if sectors.is_none() {
                return Err(fields.corrupt(20, format!("header checksum {computed:08x}"), format!("{stored:08x}")));
            }
            damage = Some(fields.corrupt(20, format!("header checksum {computed:08x}"), format!("{stored:08x}")));
            count = fitting;
        }
        if count > fitting {
            damage = Some(fields.corrupt(0, format!("at most {fitting} entries in the section"), count));
            count = fitting;
        }
        let length = count.saturating_mul(ENTRY);
        if length > limits.structure_bytes {
            let (found, limit) = (length, limits.structure_bytes);
            return Err(Error::Limit { structure: STRUCTURE, offset: at, found, limit, unit: "bytes" });
        }
        let entries_at = at.saturating_add(HEADER);
        let bytes = file.source.read_vec(entries_at, length)?;
        if entries_have_checksum && damage.is_none() {
            let stored = file.source.read_vec(entries_at.saturating_add(length), 4)?;
            let (stored, computed) = (Fields::new(&stored, STRUCTURE, at).u32(0)?, simd_adler32::adler32(&&*bytes));
            if stored != computed {
                let place = entries_at.saturating_add(length);
                let expected = format!("checksum {computed:08x} of the entries");
                damage = Some(Error::corrupt(STRUCTURE, place, expected, format!("{stored:08x}")));
            }
        }
        let entries: Vec<u32> =
            bytes.chunks_exact(4).filter_map(|entry| entry.try_into().ok()).map(u32::from_le_bytes).collect();
        let data_end = sectors.map_or(section.end, |sectors| sectors.end);
        let overflow = overflow_of(&entries, sectors, base);
        Ok((Self { segment, at: section.at, base, entries, overflow, data_end }, damage))
    }

    /// Number of chunks.
    pub(super) fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Where chunk `index` of this table lies: up to the next chunk that lies behind it, or to the end of the data.
    pub(super) fn place(&self, index: usize) -> Option<Place> {
        let (start, compressed) = self.entry(index)?;
        let next = self.entry(index.saturating_add(1)).map(|(next, _)| next);
        let end = next.filter(|next| *next > start && *next <= self.data_end).unwrap_or(self.data_end);
        Some(Place { start, end, compressed })
    }

    /// Byte offset in the segment file at which the chunks' data end.
    pub(super) fn data_end(&self) -> u64 {
        self.data_end
    }

    /// How many entries point outside the data.
    pub(super) fn stray_entries(&self) -> usize {
        (0..self.entries.len())
            .filter(|index| self.entry(*index).is_none_or(|(start, _)| start >= self.data_end))
            .count()
    }

    fn entry(&self, index: usize) -> Option<(u64, bool)> {
        let entry = *self.entries.get(index)?;
        if index >= self.overflow {
            return Some((self.base.saturating_add(u64::from(entry)), false));
        }
        Some((self.base.saturating_add(u64::from(entry & 0x7fff_ffff)), entry & 0x8000_0000 != 0))
    }
}

/// The first entry whose offset needs the 32nd bit: only in a `sectors` section beyond 2 GiB, where offsets otherwise
/// would fall back ("Table entries offset overflow" in the specification).
fn overflow_of(entries: &[u32], sectors: Option<&Section>, base: u64) -> usize {
    let beyond = sectors.is_some_and(|sectors| sectors.end.saturating_sub(base) > 0x8000_0000);
    let fallen = |pair: &[u32]| match *pair {
        [before, after] => after & 0x7fff_ffff < before & 0x7fff_ffff,
        _ => false,
    };
    let first = if beyond { entries.windows(2).position(fallen) } else { None };
    first.map_or(entries.len(), |before| before.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_past_2_gib_use_all_32_bits() {
        let section = |end| Section::at_for_test(0, end);
        let entries = [0x8000_0100, 0x7fff_f000, 0x8000_7004, 0x8000_f008];
        let table = |end| Table {
            segment: 0,
            at: 0,
            base: 0,
            entries: entries.to_vec(),
            overflow: overflow_of(&entries, Some(&section(end)), 0),
            data_end: end,
        };
        let long = table(0x8001_7010);
        assert_eq!(long.place(0), Some(Place { start: 0x100, end: 0x7fff_f000, compressed: true }));
        assert_eq!(long.place(1), Some(Place { start: 0x7fff_f000, end: 0x8000_7004, compressed: false }));
        assert_eq!(long.place(3), Some(Place { start: 0x8000_f008, end: 0x8001_7010, compressed: false }));
        assert_eq!(table(0x8000_0000).place(2).unwrap().start, 0x7004);
    }
}
