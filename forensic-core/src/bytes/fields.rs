//! Fields of an on-disk structure by their offsets; a field outside the structure is an error, never a panic.

use crate::error::{Error, Result};

/// The bytes of one structure, with its name and place for errors.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    structure: &'static str,
    /// Byte offset of the structure on the medium.
    at: u64,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8], structure: &'static str, at: u64) -> Self {
        Self { bytes, structure, at }
    }

    #[inline(always)]
    pub(crate) fn bytes(&self, offset: usize, length: usize) -> Result<&'a [u8]> {
        match offset.checked_add(length).and_then(|end| self.bytes.get(offset..end)) {
            Some(bytes) => Ok(bytes),
            None => Err(self.too_short(offset, length)),
        }
    }

    #[cold]
    fn too_short(&self, offset: usize, length: usize) -> Error {
        let expected = format!("{length} bytes at {offset} of the structure");
        self.corrupt(offset, expected, format!("{} bytes in all", self.bytes.len()))
    }

    #[inline(always)]
    pub(crate) fn array<const N: usize>(&self, offset: usize) -> Result<[u8; N]> {
        // A call to copy a few bytes would cost more than all else here.
        match self.bytes.get(offset..).and_then(<[u8]>::first_chunk) {
            Some(array) => Ok(*array),
            None => Err(self.too_short(offset, N)),
        }
    }

    #[inline(always)]
    pub(crate) fn u8(&self, offset: usize) -> Result<u8> {
        self.array(offset).map(u8::from_le_bytes)
    }

    #[inline(always)]
    pub(crate) fn u16(&self, offset: usize) -> Result<u16> {
        self.array(offset).map(u16::from_le_bytes)
    }

    #[inline(always)]
    pub(crate) fn u32(&self, offset: usize) -> Result<u32> {
        self.array(offset).map(u32::from_le_bytes)
    }

    #[inline(always)]
    pub(crate) fn u64(&self, offset: usize) -> Result<u64> {
        self.array(offset).map(u64::from_le_bytes)
    }

    #[inline(always)]
    pub(crate) fn u16_be(&self, offset: usize) -> Result<u16> {
        self.array(offset).map(u16::from_be_bytes)
    }

    #[inline(always)]
    pub(crate) fn u32_be(&self, offset: usize) -> Result<u32> {
        self.array(offset).map(u32::from_be_bytes)
    }

    #[inline(always)]
    pub(crate) fn u64_be(&self, offset: usize) -> Result<u64> {
        self.array(offset).map(u64::from_be_bytes)
    }

    /// The array at `offset`, where the structure is long enough to have it: for fields that only newer versions have.
    #[inline(always)]
    pub(crate) fn optional<const N: usize>(&self, offset: usize) -> Option<[u8; N]> {
        self.bytes.get(offset..)?.first_chunk().copied()
    }

    /// A GUID in its text form, the first three fields in little-endian order as Microsoft stores them.
    pub(crate) fn guid(&self, offset: usize) -> Result<String> {
        let [a, b, c, d, e, f, g, h, rest @ ..] = self.array::<16>(offset)?;
        let (first, second, third) =
            (u32::from_le_bytes([a, b, c, d]), u16::from_le_bytes([e, f]), u16::from_le_bytes([g, h]));
        let fourth = u16::from_be_bytes([rest[0], rest[1]]);
        let node: String = rest[2..].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(format!("{first:08x}-{second:04x}-{third:04x}-{fourth:04x}-{node}"))
    }

    /// An error about the field at `offset` of this structure.
    pub(crate) fn corrupt(&self, offset: usize, expected: impl Into<String>, found: impl ToString) -> Error {
        Error::corrupt(self.structure, self.at.saturating_add(offset as u64), expected, found)
    }
}
