//! Reparse points, and the symbolic links that Interix and ntfs-3g write: [MS-FSCC] 2.1.2.

use super::file_name;
use crate::{bytes::Fields, error::Result};

pub(super) const MOUNT_POINT: u32 = 0xa000_0003;
pub(super) const SYMLINK: u32 = 0xa000_000c;
/// A link of the Windows subsystem for Linux.
pub(super) const LX_SYMLINK: u32 = 0xa000_001d;
/// Content compressed by the Windows overlay filter: the main stream holds none of it.
pub(super) const WOF: u32 = 0x8000_0017;
/// Content moved to the store of data deduplication.
pub(super) const DEDUP: u32 = 0x8000_0013;
/// Sockets, pipes and devices of the Windows subsystem for Linux.
pub(super) const LX_SPECIAL: [u32; 4] = [0x8000_0023, 0x8000_0024, 0x8000_0025, 0x8000_0026];

/// What a reparse point says.
pub(super) struct Reparse {
    pub(super) tag: u32,
    /// Where a link leads.
    pub(super) target: Option<String>,
}

impl Reparse {
    /// `bytes` stand at byte `at` of the medium.
    pub(super) fn parse(bytes: &[u8], at: u64) -> Result<Self> {
        let fields = Fields::new(bytes, "reparse point", at);
        let tag = fields.u32(0)?;
        let target = match tag {
            MOUNT_POINT => Some(target(&fields, 16)?),
            SYMLINK => Some(target(&fields, 20)?),
            LX_SYMLINK => Some(String::from_utf8_lossy(bytes.get(12..).unwrap_or_default()).into_owned()),
            _ => None,
        };
        Ok(Self { tag, target })
    }
}

/// The name to print, or, where there is none, the name to follow; names begin at `names`.
fn target(fields: &Fields<'_>, names: usize) -> Result<String> {
    let name = |offset: usize| {
        let start = names.saturating_add(usize::from(fields.u16(offset)?));
        fields.bytes(start, usize::from(fields.u16(offset.saturating_add(2))?)).map(file_name::text)
    };
    match name(12)? {
        print if !print.is_empty() => Ok(print),
        _ => name(8).map(|follow| follow.strip_prefix(r"\??\").map_or(follow.clone(), str::to_owned)),
    }
}

/// What the content of a file of the system flag is on Interix (and so to ntfs-3g), where it is not a file.
pub(super) enum Interix {
    Link(String),
    Device,
}

/// The longest content that can be one: a target of 4096 characters.
pub(super) const INTERIX_BYTES: std::ops::RangeInclusive<u64> = 8..=8 + 2 * 4096;

pub(super) fn interix(content: &[u8]) -> Option<Interix> {
    match content.split_first_chunk::<8>()? {
        (b"IntxLNK\x01", target) => Some(Interix::Link(file_name::text(target))),
        (b"IntxCHR\0" | b"IntxBLK\0", _) => Some(Interix::Device),
        _ => None,
    }
}
