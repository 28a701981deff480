//! Long names: the slots before a short entry, put together by checksum, order and position (fatgen103, "FAT Long Directory
//! Entries").
//!
//! Deletion overwrites the sequence number of each slot and the first byte of the short name. The order of the slots is
//! still their position, and the checksum they carry gives back the first byte: for ten known bytes exactly one first
//! byte has that checksum. Because one always does, it proves nothing alone; the name is believed only where that byte
//! is the one the long name leads to.

use super::directory::{DELETED, RawSlot, SLOT, ShortEntry, field};

/// UTF-16 units a slot.
const UNITS: usize = 13;
/// UTF-16 units of the longest name, and the slots it takes.
const MOST_UNITS: usize = 255;
const MOST_SLOTS: usize = 20;
/// UTF-16 units that a short name with a number keeps of the long one ("REPORT~1").
const BASIS: usize = 6;
/// Flag of the slot with the end of the name, which stands first.
const LAST: u8 = 0x40;

/// The long-name slots met since the last short entry, in the order of the directory.
#[derive(Clone, Default)]
pub(super) struct Pending {
    slots: Vec<RawSlot>,
    /// Byte offset of the last one in the volume.
    last_at: u64,
    /// True where the slot before them is of a live entry, which may stand where more of them once were.
    after_live: bool,
}

/// What the slots before a short entry say of its name.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LongName {
    /// The whole name.
    pub(super) units: Option<Vec<u16>>,
    /// The beginning of the name, where the slots with the rest were overwritten.
    pub(super) fragment: Option<Vec<u16>>,
    /// The first byte of a deleted short name.
    pub(super) first: Option<u8>,
    /// How many slots, the last ones, say so.
    slots: usize,
}

/// A long name, or a piece of one, whose short entry is not there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ownerless {
    pub(super) units: Vec<u16>,
    /// Byte offset of the slot with its beginning in the volume.
    pub(super) at: u64,
    /// True where it is all of the name: by the numbers of its slots, or by the checksum of the short name it leads to.
    pub(super) is_whole: bool,
}

impl Pending {
    /// Adds the slot that stands at byte `at` of the volume.
    pub(super) fn push(&mut self, slot: &RawSlot, at: u64) {
        self.last_at = at;
        if self.slots.len() >= MOST_SLOTS.saturating_mul(2) {
            self.slots.remove(0);
        }
        self.slots.push(*slot);
    }

    /// Forgets the slots: a name belongs to the short entry that follows it and to no other.
    pub(super) fn clear(&mut self, after_live: bool) {
        self.slots.clear();
        self.after_live = after_live;
    }

    /// The checksum in the last slot, where slots wait for their short entry.
    pub(super) fn checksum(&self) -> Option<u8> {
        self.slots.last().map(slot_checksum)
    }

    /// True where the last slot begins as `other` does and is not the same: both are the first pieces of names that led to
    /// the same short name, so that one does not go on with the other.
    pub(super) fn rivals(&self, other: &RawSlot) -> bool {
        let (Some(own), other) = (self.slots.last().map(units_of), units_of(other)) else { return false };
        own != other && own.iter().zip(&other).take(BASIS).all(|(own, other)| own == other)
    }

    /// The long name of `short`, whose slot follows.
    pub(super) fn name_of(&self, short: &ShortEntry) -> LongName {
        if short.is_deleted() {
            return self.name_of_deleted(short).unwrap_or_default();
        }
        let units = self.numbered(checksum(&short.name));
        let slots = units.as_ref().map_or(0, |units| units.len().div_ceil(UNITS));
        LongName { units, slots, ..LongName::default() }
    }

    /// What the slots say that `name` did not take, which the short entry after them has.
    pub(super) fn ownerless(&self, name: &LongName) -> Vec<Ownerless> {
        let mut found = Vec::new();
        let mut end = self.slots.len().saturating_sub(name.slots);
        while let Some(last) = end.checked_sub(1).and_then(|last| self.slots.get(last)) {
            let behind = self.slots.len().saturating_sub(end) as u64;
            let at = self.last_at.saturating_sub(behind.saturating_mul(SLOT as u64));
            let slots: Vec<&RawSlot> = self.slots.iter().take(end).rev().collect();
            let (pieces, is_ended) = pieces(&slots, slot_checksum(last), last[0] & !LAST);
            end = end.saturating_sub(pieces.len().max(1));
            let Some(units) = join(&pieces, is_ended) else { continue };
            let is_numbered = last[0] != DELETED && last[0] & !LAST == 1;
            let is_whole = is_ended && (is_numbered || may_lead_to(&units, slot_checksum(last)));
            found.push(Ownerless { units, at, is_whole });
        }
        found
    }

    /// Slots 1, 2, … up to the one marked as the last, all with this checksum.
    fn numbered(&self, sum: u8) -> Option<Vec<u16>> {
        let mut pieces = Vec::new();
        for (slot, number) in self.slots.iter().rev().zip(1u8..=20) {
            if slot_checksum(slot) != sum || slot[0] & !LAST != number {
                return None;
            }
            pieces.push(units_of(slot));
            if slot[0] & LAST != 0 {
                return join(&pieces, true);
            }
        }
        None
    }

    fn name_of_deleted(&self, short: &ShortEntry) -> Option<LongName> {
        let sum = slot_checksum(self.slots.last()?);
        let first = first_byte(&short.name, sum);
        let slots: Vec<&RawSlot> = self.slots.iter().rev().collect();
        let (pieces, complete) = pieces(&slots, sum, 1);
        let units = join(&pieces, complete)?;
        if !leads_to(&units, first) {
            return None;
        }
        // A name of a whole number of slots has no terminator: it is whole if it ends as the short name does.
        let extension = short.name.get(8..).unwrap_or_default();
        let whole = complete || ends_like(&units, extension) && !(self.after_live && extension == b"   ");
        let first = Some(first);
        let slots = pieces.len();
        if whole && units.len() <= MOST_UNITS {
            Some(LongName { units: Some(units), fragment: None, first, slots })
        } else {
            Some(LongName { units: None, fragment: Some(units), first, slots })
        }
    }
}

/// The pieces in `slots`, which are in the order of the name, as far as they have this checksum and, where they are not
/// marked as deleted, the numbers from `number` on; true where the last of them ends the name.
fn pieces(slots: &[&RawSlot], sum: u8, number: u8) -> (Vec<[u16; UNITS]>, bool) {
    let mut pieces = Vec::new();
    for (slot, number) in slots.iter().zip(number..=number.saturating_add(19)) {
        let fits = slot[0] == DELETED || slot[0] & !LAST == number;
        if slot_checksum(slot) != sum || !fits {
            break;
        }
        let piece = units_of(slot);
        pieces.push(piece);
        if piece.contains(&0) || slot[0] != DELETED && slot[0] & LAST != 0 {
            return (pieces, true);
        }
    }
    (pieces, false)
}

/// The checksum of a short name (fatgen103, "ChkSum").
pub(super) fn checksum(name: &[u8; 11]) -> u8 {
    name.iter().fold(0u8, |sum, byte| sum.rotate_right(1).wrapping_add(*byte))
}

pub(super) fn slot_checksum(slot: &RawSlot) -> u8 {
    field::<1>(slot, 13)[0]
}

/// The one first byte with which `name` has this checksum.
fn first_byte(name: &[u8; 11], sum: u8) -> u8 {
    name.iter().skip(1).rev().fold(sum, |sum, byte| sum.wrapping_sub(*byte).rotate_left(1))
}

fn units_of(slot: &RawSlot) -> [u16; UNITS] {
    let mut units = [0; UNITS];
    let offsets = (1..11).step_by(2).chain((14..26).step_by(2)).chain([28, 30]);
    for (unit, offset) in units.iter_mut().zip(offsets) {
        *unit = u16::from_le_bytes(field(slot, offset));
    }
    units
}

/// The name in `pieces`, the first of which is its beginning; `ended` where the last may hold a terminator.
fn join(pieces: &[[u16; UNITS]], ended: bool) -> Option<Vec<u16>> {
    let mut units: Vec<u16> = pieces.iter().flatten().copied().collect();
    if ended {
        let last = units.len().saturating_sub(UNITS);
        let end = units.iter().skip(last).position(|unit| *unit == 0).map(|end| last.saturating_add(end));
        units.truncate(end.unwrap_or(units.len()));
    }
    (!units.is_empty() && units.len() <= MOST_UNITS).then_some(units)
}

/// True where a short name made of the long name `units` may begin with `first` (fatgen103, "The Basis-Name Generation
/// Algorithm": dots and spaces before are dropped, letters are upper case, what short names cannot hold becomes `_`).
fn leads_to(units: &[u16], first: u8) -> bool {
    if matches!(first, 0..=0x04 | 0x06..=0x20 | 0x7f | b'a'..=b'z') || b"\"*+,./:;<=>?[\\]|".contains(&first) {
        return false;
    }
    let significant = units.iter().find(|unit| !matches!(**unit, 0x20 | 0x2e));
    match significant.and_then(|unit| u8::try_from(*unit).ok()).filter(u8::is_ascii) {
        Some(b'+' | b',' | b';' | b'=' | b'[' | b']') => first == b'_',
        Some(character) => first == character.to_ascii_uppercase(),
        // Each driver has its own idea of what becomes of letters outside the code page.
        None => true,
    }
}

/// True where a short name made of the long name `units` has this extension.
fn ends_like(units: &[u16], extension: &[u8]) -> bool {
    let long =
        units.iter().rposition(|unit| *unit == u16::from(b'.')).and_then(|dot| units.get(dot.saturating_add(1)..));
    let mut letters: Vec<u8> = Vec::new();
    for unit in long.unwrap_or_default() {
        match u8::try_from(*unit) {
            Ok(b' ') => {}
            Ok(byte) if byte.is_ascii() => letters.push(byte.to_ascii_uppercase()),
            _ => return false,
        }
    }
    letters.resize(letters.len().clamp(3, 3), b' ');
    letters == extension
}

/// True where a short name made of the long name `units` may have this checksum: as it is, or with a number from 1 to 9.
/// Names outside ASCII are never, as each driver writes them in its own way.
fn may_lead_to(units: &[u16], sum: u8) -> bool {
    let Ok(text) = String::from_utf16(units) else { return false };
    if !text.is_ascii() {
        return false;
    }
    let text: String = text.trim_start_matches(['.', ' ']).chars().filter(|c| *c != ' ').collect();
    let (stem, extension) = text.rsplit_once('.').unwrap_or((&text, ""));
    let letters = |text: &str| -> Vec<u8> {
        let byte = |byte: u8| if b"+,;=[]".contains(&byte) { b'_' } else { byte.to_ascii_uppercase() };
        text.bytes().filter(|byte| *byte != b'.').map(byte).collect()
    };
    let (stem, extension) = (letters(stem), letters(extension));
    let has_sum = |stem: &[u8]| {
        let mut name = [b' '; 11];
        name.iter_mut().zip(stem.iter().take(8)).for_each(|(to, byte)| *to = *byte);
        name.iter_mut().skip(8).zip(&extension).for_each(|(to, byte)| *to = *byte);
        checksum(&name) == sum
    };
    let numbered = |number: u8| -> Vec<u8> { stem.iter().copied().take(BASIS).chain([b'~', number]).collect() };
    stem.len() <= 8 && has_sum(&stem) || (b'1'..=b'9').any(|number| has_sum(&numbered(number)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_gives_back_the_first_byte() {
        for first in 0..=255 {
            let mut name = *b"?ENAME~1TXT";
            name[0] = first;
            let sum = checksum(&name);
            name[0] = DELETED;
            assert_eq!(first_byte(&name, sum), first);
        }
    }

    #[test]
    fn a_cut_name_does_not_end_like_its_short_name() {
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        assert!(ends_like(&units("holiday.jpeg"), b"JPE"));
        assert!(ends_like(&units("a.b c"), b"BC "));
        assert!(!ends_like(&units("report 0079 o"), b"TXT"));
        assert!(ends_like(&units("Documents 201"), b"   "));
    }

    #[test]
    fn a_whole_name_leads_to_the_short_name_of_its_checksum() {
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        assert!(may_lead_to(&units("report 0157 of copper.bin"), checksum(b"REPORT~1BIN")));
        assert!(may_lead_to(&units(".hidden.0166.tar.bin"), checksum(b"HIDDEN~2BIN")));
        assert!(may_lead_to(&units("Mixed.Txt"), checksum(b"MIXED   TXT")));
        assert!(!may_lead_to(&units("of copper.bin"), checksum(b"REPORT~1BIN")));
        assert!(!may_lead_to(&units("\u{17b}a.bin"), checksum(b"_A~1    BIN")));
    }

    #[test]
    fn the_first_byte_must_be_the_one_the_long_name_leads_to() {
        let units = |text: &str| text.encode_utf16().collect::<Vec<_>>();
        assert!(leads_to(&units("..report.txt"), b'R'));
        assert!(leads_to(&units("[x].txt"), b'_'));
        assert!(!leads_to(&units("report.txt"), b'Q'));
        assert!(!leads_to(&units("写真.txt"), b'"'));
    }
}
