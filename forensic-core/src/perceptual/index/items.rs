//! What the rows of an index stand for: keys and qualities.

use super::{
    HashIndex,
    builder::TEXT,
    item::{Key, unpack_quality},
};
use crate::{
    error::{Error, Result},
    perceptual::ImageHash,
};

const STRUCTURE: &str = "item of a hash index";

/// What is kept of an item beside its key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    pub(super) quality: Option<u8>,
    is_text: bool,
}

impl HashIndex {
    /// Gives every hash with its key to `visit`, in order of the hashes' bits and, of equal ones, of the keys.
    ///
    /// # Errors
    /// Those of `visit`, and [`Error::Corrupt`] for an index that was changed.
    pub fn for_each(&self, mut visit: impl FnMut(Key, ImageHash) -> Result<()>) -> Result<()> {
        let Some(shape) = self.header.shape else { return Ok(()) };
        let rows = self.image.section(self.header.rows)?;
        for (row, number) in rows.chunks_exact(shape.row()).zip(0..) {
            let bytes = row.get(..shape.length).unwrap_or_default();
            for item in self.items_of(number)? {
                let mark = self.mark(item)?;
                visit(self.key(item, mark)?, ImageHash::from_parts(shape.algorithm, bytes, mark.quality))?;
            }
        }
        Ok(())
    }

    /// The numbers of a row's items.
    pub(super) fn items_of(&self, row: u32) -> Result<std::ops::Range<u32>> {
        let at = self.header.firsts.offset.saturating_add(u64::from(row).saturating_mul(4));
        let bytes = self.image.read(at, 8)?;
        let number =
            |from: usize| bytes.get(from..).and_then(<[u8]>::first_chunk).map_or(0, |n| u32::from_le_bytes(*n));
        let (from, to) = (number(0), number(4));
        if from >= to || u64::from(to) > self.header.item_count {
            let expected = format!("some of {} items", self.header.item_count);
            return Err(Error::corrupt(STRUCTURE, at, expected, format!("{from} to {to}")));
        }
        Ok(from..to)
    }

    pub(super) fn mark(&self, item: u32) -> Result<Mark> {
        let mark = self.image.read(self.header.marks.offset.saturating_add(u64::from(item)), 1)?;
        let mark = mark.first().copied().unwrap_or_default();
        Ok(Mark { quality: unpack_quality(mark & !TEXT), is_text: mark & TEXT != 0 })
    }

    pub(super) fn key(&self, item: u32, mark: Mark) -> Result<Key> {
        let at = self.header.keys.offset.saturating_add(u64::from(item).saturating_mul(8));
        let key = u64::from_le_bytes(self.image.read(at, 8)?.first_chunk().copied().unwrap_or_default());
        if !mark.is_text {
            return Ok(Key::Number(key.cast_signed()));
        }
        let texts = self.header.texts;
        let at = texts.offset.saturating_add(key);
        let outside = || Error::corrupt(STRUCTURE, at, format!("a text before byte {}", texts.end()), "none");
        if at.saturating_add(4) > texts.end() {
            return Err(outside());
        }
        let length = self.image.read(at, 4)?.first_chunk().copied().unwrap_or_default();
        let (at, length) = (at.saturating_add(4), u64::from(u32::from_le_bytes(length)));
        if at.saturating_add(length) > texts.end() {
            return Err(outside());
        }
        let text = std::str::from_utf8(self.image.read(at, length)?);
        let text = text.map_err(|error| Error::corrupt(STRUCTURE, at, "a text in UTF-8", error))?;
        Ok(Key::Text(text.to_owned()))
    }
}
