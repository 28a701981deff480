//! Header and directories: order of bytes, width of offsets, entries (TIFF 6.0, section 2).

use crate::carve::{Break, Tape};

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Layout {
    big_endian: bool,
    /// Offsets and counts of eight bytes.
    big: bool,
}

/// An entry of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) tag: u16,
    pub(crate) kind: u16,
    pub(crate) count: u64,
    /// Where its values stand.
    pub(crate) at: u64,
    /// The bytes of its values, if they do not stand in the entry.
    pub(crate) outside: u64,
}

/// A directory as it stands in the file.
#[derive(Debug, Clone)]
pub(crate) struct Directory {
    pub(crate) entries: Vec<Entry>,
    pub(crate) end: u64,
    /// Where the next one begins; 0 for none.
    pub(crate) next: u64,
}

/// Entries of a directory at most; real ones have a few hundred.
const MOST_ENTRIES: u64 = 4096;

impl Layout {
    /// Reads the header: the layout, the magic number, and where the first directory begins.
    pub(crate) fn read(tape: &mut Tape) -> Result<(Self, [u8; 4], u64), Break> {
        let magic: [u8; 4] = tape.array(0)?;
        let layout = Self { big_endian: magic.first() == Some(&b'M'), big: magic.contains(&b'+') };
        let first = if layout.big { layout.long(tape, 8)? } else { layout.int(tape, 4)? };
        Ok((layout, magic, first))
    }

    /// True where the highest byte of a number stands first.
    pub(crate) fn big_endian(self) -> bool {
        self.big_endian
    }

    pub(crate) fn short(self, tape: &mut Tape, at: u64) -> Result<u16, Break> {
        if self.big_endian { tape.be16(at) } else { tape.le16(at) }
    }

    fn int(self, tape: &mut Tape, at: u64) -> Result<u64, Break> {
        if self.big_endian { tape.be32(at) } else { tape.le32(at) }.map(u64::from)
    }

    fn long(self, tape: &mut Tape, at: u64) -> Result<u64, Break> {
        if self.big_endian { tape.be64(at) } else { tape.le64(at) }
    }

    fn offset(self, tape: &mut Tape, at: u64) -> Result<u64, Break> {
        if self.big { self.long(tape, at) } else { self.int(tape, at) }
    }

    /// The directory at `at`.
    ///
    /// # Errors
    /// [`Break::wrong`] where its entries cannot be those of a directory.
    pub(crate) fn directory(self, tape: &mut Tape, at: u64) -> Result<Directory, Break> {
        let count = if self.big { self.long(tape, at)? } else { self.short(tape, at)?.into() };
        if count == 0 || count > MOST_ENTRIES {
            return Err(Break::wrong(at, "number of directory entries"));
        }
        let (counter, entry) = if self.big { (8, 20) } else { (2, 12) };
        let first = at.saturating_add(counter);
        let end = first.saturating_add(count.saturating_mul(entry));
        let mut entries = Vec::new();
        let mut odd = 0u64;
        for number in 0..count {
            let place = first.saturating_add(number.saturating_mul(entry));
            match self.entry(tape, place)? {
                Some(entry) => entries.push(entry),
                None => odd = odd.saturating_add(1),
            }
        }
        // A reader passes over entries of types it does not know; a directory of nothing else is none.
        if odd.saturating_mul(4) > count {
            return Err(Break::wrong(at, "types of directory entries"));
        }
        let width = if self.big { 8 } else { 4 };
        let next = self.offset(tape, end).unwrap_or(0);
        Ok(Directory { entries, end: end.saturating_add(width), next })
    }

    fn entry(self, tape: &mut Tape, at: u64) -> Result<Option<Entry>, Break> {
        let (tag, kind) = (self.short(tape, at)?, self.short(tape, at.saturating_add(2))?);
        let count = self.offset(tape, at.saturating_add(4))?;
        let (value, inline) = if self.big { (at.saturating_add(12), 8) } else { (at.saturating_add(8), 4) };
        let Some(bytes) = size(kind).and_then(|size| size.checked_mul(count)) else { return Ok(None) };
        if bytes <= inline {
            return Ok(Some(Entry { tag, kind, count, at: value, outside: 0 }));
        }
        let place = self.offset(tape, value)?;
        Ok(Some(Entry { tag, kind, count, at: place, outside: bytes }))
    }

    /// The value of `entry` number `index`, where it is a whole number.
    pub(crate) fn value(self, tape: &mut Tape, entry: &Entry, index: u64) -> Result<u64, Break> {
        let size = size(entry.kind).unwrap_or(1);
        let at = entry.at.saturating_add(index.saturating_mul(size));
        match size {
            1 => tape.byte(at).map(u64::from),
            2 => self.short(tape, at).map(u64::from),
            4 => self.int(tape, at),
            _ => self.long(tape, at),
        }
    }
}

/// Bytes of a value of a type.
fn size(kind: u16) -> Option<u64> {
    Some(match kind {
        1 | 2 | 6 | 7 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => return None,
    })
}
