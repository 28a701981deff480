//! $FILE_NAME: a name of a file, and copies of its times and sizes.
//!
//! Layout: [linux-ntfs documentation, $FILE_NAME](https://flatcap.github.io/linux-ntfs/ntfs/attributes/file_name.html).

use super::{record::Reference, standard_information::Times};
use crate::{bytes::Fields, error::Result};

/// The namespace of the 8.3 alias of a Win32 name.
const DOS: u8 = 2;
/// The namespace of a name that is its own 8.3 alias; there is none above.
pub(super) const LAST_NAMESPACE: u8 = 3;

/// A name, as a $FILE_NAME attribute or an index entry of a directory gives it.
#[derive(Clone, Copy)]
pub(super) struct FileName<'a> {
    /// The directory.
    pub(super) parent: Reference,
    pub(super) times: Times,
    /// Bytes of the main stream when the name was last updated.
    pub(super) size: u64,
    /// DOS flags.
    pub(super) flags: u32,
    namespace: u8,
    /// UTF-16LE.
    pub(super) name: &'a [u8],
}

impl<'a> FileName<'a> {
    /// `bytes` stand at byte `at` of the medium.
    pub(super) fn parse(bytes: &'a [u8], at: u64) -> Result<Self> {
        let fields = Fields::new(bytes, "$FILE_NAME", at);
        Ok(Self {
            parent: Reference(fields.u64(0)?),
            times: Times::parse(&fields, 8)?,
            size: fields.u64(48)?,
            flags: fields.u32(56)?,
            namespace: fields.u8(65)?,
            name: fields.bytes(66, usize::from(fields.u8(64)?).saturating_mul(2))?,
        })
    }

    /// True for the 8.3 alias of another name of the same file.
    pub(super) fn is_alias(&self) -> bool {
        self.namespace == DOS
    }

    pub(super) fn is_directory(&self) -> bool {
        self.flags & 0x1000_0000 != 0
    }
}

/// UTF-16LE as text; a surrogate without its partner is U+FFFD.
pub(super) fn text(utf16: &[u8]) -> String {
    // Most names are ASCII: every second byte is one of them.
    if utf16.len().is_multiple_of(2) && utf16.chunks_exact(2).all(|pair| matches!(pair, [0..0x80, 0])) {
        return String::from_utf8(utf16.iter().step_by(2).copied().collect()).unwrap_or_default();
    }
    let units = utf16.chunks_exact(2).map(|pair| match pair {
        [low, high] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    });
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
