//! What is left of index entries: behind the used part of an index, in blocks given up, in freed clusters, in the log.
//!
//! Nothing leads to them, so an entry counts only where all that it says fits together: its lengths, the references, the
//! times and the name.

use super::{file_name, index::Entry, record::Reference};
use crate::bytes::Fields;
use std::ops::Range;

/// The part of an entry before its key, and the part of a key before its name.
pub(super) const ENTRY_HEADER: usize = 16;
pub(super) const KEY_HEADER: usize = 66;
/// The record of a name that nothing says the record of.
pub(super) const UNKNOWN: Reference = Reference(u64::MAX);
/// Entries and attributes begin at multiples of this.
const STEP: usize = 8;
const SECTOR: usize = 512;
/// A time no driver has written yet, in the year 2514: what is later is none.
const LATEST: u64 = 1 << 58;

/// Of each 512 bytes, whether the last two are what was written: in a protected record the update sequence stands there
/// until it has been put back.
#[derive(Default)]
pub(super) struct SectorEnds {
    put_back: Vec<bool>,
    /// True where nothing is protected.
    all: bool,
}

impl SectorEnds {
    /// Bytes as they were written.
    pub(super) fn unprotected() -> Self {
        Self { put_back: Vec::new(), all: true }
    }

    /// `length` bytes of which no sector end is put back yet.
    pub(super) fn protected(length: usize) -> Self {
        Self { put_back: vec![false; length.div_ceil(SECTOR)], all: false }
    }

    /// Notes that the ends of the sectors in `bytes` are put back.
    pub(super) fn put_back(&mut self, bytes: Range<usize>) {
        self.put_back.get_mut(bytes.start / SECTOR..bytes.end / SECTOR).unwrap_or_default().fill(true);
    }

    /// Whether `bytes` hold no sector end but those that are put back.
    pub(super) fn are_right(&self, bytes: Range<usize>) -> bool {
        let (first, last) = (bytes.start / SECTOR, bytes.end.saturating_add(1) / SECTOR);
        self.all || self.put_back.get(first..last).is_some_and(|sectors| sectors.iter().all(|is| *is))
    }
}

/// Calls `visit` with each entry that begins in `range` of `bytes`, which stand at byte `at` of the medium, and with each
/// $FILE_NAME whose entry has lost its beginning: of that nothing says which record it meant.
pub(super) fn for_each(
    bytes: &[u8],
    range: Range<usize>,
    at: u64,
    ends: &SectorEnds,
    visit: &mut impl FnMut(Entry<'_>),
) {
    let mut offset = range.start.div_ceil(STEP).saturating_mul(STEP);
    while offset < range.end {
        let Some(head) = bytes.get(offset..).and_then(<[u8]>::first_chunk::<16>) else { return };
        let head = u128::from_le_bytes(*head);
        let (first, second) = (head as u64, (head >> 64) as u64);
        // Most places are told apart by these, at a fraction of the cost: see `entry` and `key`.
        if !is_reference(Reference(first)) {
            offset = offset.saturating_add(STEP);
            continue;
        }
        let found = entry(bytes, offset, second, at)
            .or_else(|| key(bytes, offset, at))
            .filter(|(_, length)| ends.are_right(offset..offset.saturating_add(*length)));
        match found {
            Some((entry, length)) => {
                visit(entry);
                offset = offset.saturating_add(length);
            }
            None => offset = offset.saturating_add(STEP),
        }
    }
}

/// The entry at `offset`, whose second 8 bytes are `head`, and its length.
fn entry(bytes: &[u8], offset: usize, head: u64, at: u64) -> Option<(Entry<'_>, usize)> {
    // Length, length of the key, flags, padding. The only flag is that of a child block, whose number ends the entry.
    if head >> 32 > 1 || head == 0 {
        return None;
    }
    let (length, key_length) = ((head & 0xffff) as usize, (head >> 16 & 0xffff) as usize);
    let child_block = if head >> 32 == 1 { 8 } else { 0 };
    let wanted = ENTRY_HEADER.saturating_add(key_length).next_multiple_of(STEP).saturating_add(child_block);
    if length != wanted || key_length <= KEY_HEADER {
        return None;
    }
    let start = offset.saturating_add(ENTRY_HEADER);
    let fields = Fields::new(bytes.get(offset..)?, "index entry", at);
    let child = Reference(fields.u64(0).ok()?);
    fields.bytes(0, length).ok()?;
    let key = fields.bytes(ENTRY_HEADER, key_length).ok()?;
    let entry = Entry { child, key, at: at.saturating_add(start as u64), current: false };
    (is_reference(child) && is_key(key)).then_some((entry, length))
}

/// The $FILE_NAME at `offset`, and its length.
fn key(bytes: &[u8], offset: usize, at: u64) -> Option<(Entry<'_>, usize)> {
    let rest = bytes.get(offset..)?;
    let parent = Reference(u64::from_le_bytes(*rest.first_chunk()?));
    if !is_reference(parent) {
        return None;
    }
    let length = usize::from(*rest.get(64)?).saturating_mul(2).saturating_add(KEY_HEADER);
    let key = rest.get(..length)?;
    // Times that were never set say nothing for it.
    let has_times =
        key.get(8..40).is_some_and(|times| times.chunks_exact(8).all(|time| time.get(5..) != Some(&[0; 3])));
    let entry = Entry { child: UNKNOWN, key, at: at.saturating_add(offset as u64), current: false };
    (has_times && is_key(key)).then_some((entry, length.next_multiple_of(STEP)))
}

/// Whether a $FILE_NAME that nothing vouches for is one.
pub(super) fn is_key(key: &[u8]) -> bool {
    let fields = Fields::new(key, "$FILE_NAME", 0);
    let name = key.get(KEY_HEADER..).unwrap_or_default();
    let time = |offset: usize| fields.u64(offset).is_ok_and(|time| time < LATEST);
    fields.u64(0).is_ok_and(|parent| is_reference(Reference(parent)))
        && [8, 16, 24, 32].into_iter().all(time)
        && [40, 48].into_iter().all(|offset| fields.u64(offset).is_ok_and(|size| size < 1 << 60))
        && fields.u8(64).is_ok_and(|units| usize::from(units).saturating_mul(2) == name.len() && units > 0)
        && fields.u8(65).is_ok_and(|namespace| namespace <= file_name::LAST_NAMESPACE)
        && name.chunks_exact(2).all(|unit| unit != [0, 0])
}

fn is_reference(reference: Reference) -> bool {
    reference.sequence() != 0 && u32::try_from(reference.record()).is_ok()
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;

    fn entry_of(name: &str) -> Vec<u8> {
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let key = KEY_HEADER + name.len();
        let length = (ENTRY_HEADER + key).next_multiple_of(8);
        let mut bytes = vec![0; length];
        bytes[..8].copy_from_slice(&(40u64 | 3 << 48).to_le_bytes());
        bytes[8..10].copy_from_slice(&(length as u16).to_le_bytes());
        bytes[10..12].copy_from_slice(&(key as u16).to_le_bytes());
        bytes[16..24].copy_from_slice(&(5u64 | 5 << 48).to_le_bytes());
        bytes[16 + 64] = (name.len() / 2) as u8;
        bytes[16 + KEY_HEADER..16 + key].copy_from_slice(&name);
        bytes
    }

    fn names(bytes: &[u8], ends: &SectorEnds) -> Vec<String> {
        let mut names = Vec::new();
        for_each(bytes, 0..bytes.len(), 0, ends, &mut |entry| {
            names.push(file_name::text(&entry.key[KEY_HEADER..]));
        });
        names
    }

    #[test]
    fn entries_are_found_at_any_step_and_nothing_else_is() {
        let bytes = [vec![0xff; 24], entry_of("first.jpg"), vec![7; 40], entry_of("second")].concat();
        assert_eq!(names(&bytes, &SectorEnds::unprotected()), ["first.jpg", "second"]);
        for place in [16 + 15, 16 + 64, 16 + 65] {
            let mut bytes = entry_of("name");
            bytes[place] ^= 0x55;
            assert_eq!(names(&bytes, &SectorEnds::unprotected()), [""; 0], "byte {place}");
        }
    }

    #[test]
    fn name_across_a_sector_end_counts_only_where_the_end_is_put_back() {
        let mut bytes = [vec![0; 448], entry_of("across the end"), entry_of("behind")].concat();
        bytes.resize(1024, 0);
        let mut ends = SectorEnds::protected(1024);
        assert_eq!(names(&bytes, &ends), ["behind"]);
        ends.put_back(0..512);
        assert_eq!(names(&bytes, &ends), ["across the end", "behind"]);
    }
}
