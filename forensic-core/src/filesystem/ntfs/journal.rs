//! $UsnJrnl: the change journal, which names files that were deleted since.
//!
//! Layout: [USN_RECORD_V2](https://learn.microsoft.com/windows/win32/api/winioctl/ns-winioctl-usn_record_v2) and its
//! sisters V3 (long references) and V4 (ranges, without a name). The stream $J begins with what was given back to the
//! volume, which is sparse and not read; a record says itself at which byte of the stream it stands.

use super::{
    Volume,
    attribute::kind,
    file::File,
    index::Entry,
    names::Names,
    record::Reference,
    remains::{KEY_HEADER, is_key},
    scan::Scan,
    stream::fragments,
};
use crate::{
    bytes::{ExtentKind, Fields, ReadAt, Source},
    error::Result,
};
use std::collections::{BTreeMap, HashMap};

/// The directory of the journal, its name there, and the stream that holds the records.
const EXTEND: u64 = 11;
const NAME: &str = "$UsnJrnl";
const STREAM: &[u8] = b"$\0J\0";
/// No record is longer, and none crosses a multiple of this.
const PAGE: u64 = 4096;
const BLOCK: u64 = 1 << 20;
const STEP: u64 = 8;
/// The flag of a directory here, and in a $FILE_NAME.
const DIRECTORY: u32 = 0x10;
const DIRECTORY_OF_KEY: u32 = 0x1000_0000;

/// The reason of a record that tells of a deletion.
const FILE_DELETE: u32 = 0x200;

/// When the journal says files were deleted.
pub(super) type Deletions = HashMap<Reference, u64>;

/// What the records say: of each file under each name the last.
#[derive(Default)]
struct Changes {
    names: BTreeMap<(Reference, Vec<u8>), Change>,
    deletions: Deletions,
}

struct Change {
    key: Vec<u8>,
    at: u64,
}

/// What one record says.
struct Said {
    child: Reference,
    /// The name, as a $FILE_NAME.
    key: Vec<u8>,
    time: u64,
    reason: u32,
}

/// Calls `visit` with each name in the journal once; the only time its $FILE_NAME has is that of the last change. Gives
/// the times of deletion.
pub(super) fn read(volume: &Volume, scan: &Scan, names: &Names, mut visit: impl FnMut(&Entry<'_>)) -> Deletions {
    let mut changes = Changes::default();
    let content = match content(volume, scan, names) {
        Ok(Some(content)) => content,
        Ok(None) => return changes.deletions,
        Err(error) => {
            volume.issue(&error);
            return changes.deletions;
        }
    };
    // Its length is a claim: no more is read than the medium holds.
    let mut left = volume.source.len();
    for extent in content.extents().iter().filter(|extent| extent.kind != ExtentKind::Sparse) {
        let length = extent.length.min(left);
        left = left.saturating_sub(length);
        let end = extent.stream_offset.saturating_add(length);
        let mut at = extent.stream_offset;
        while at < end {
            let next = (at / BLOCK).saturating_add(1).saturating_mul(BLOCK).min(end);
            match content.read_vec(at, next.saturating_sub(at)) {
                Ok(block) => records(&content, &block, at, volume.limits.entries, &mut changes),
                Err(error) => volume.issue(&error),
            }
            at = next;
        }
    }
    for ((child, _), change) in &changes.names {
        visit(&Entry { child: *child, key: &change.key, at: change.at, current: false });
    }
    changes.deletions
}

/// The stream $J, where there is one.
fn content(volume: &Volume, scan: &Scan, names: &Names) -> Result<Option<Source>> {
    let Some(journal) = find(scan, names) else { return Ok(None) };
    let file = File::read(volume, u64::from(journal))?;
    let data = fragments(&file, kind::DATA);
    let stream = data.iter().find(|data| data.name == STREAM);
    stream.map(|stream| stream.content(volume)).transpose()
}

/// The record of $UsnJrnl.
fn find(scan: &Scan, names: &Names) -> Option<u32> {
    let name: Vec<u8> = NAME.encode_utf16().flat_map(u16::to_le_bytes).collect();
    names.find(scan, |given| given.parent.record() == EXTEND && scan.text(given) == name)
}

/// The records of a block that stands at byte `start` of the stream.
fn records(content: &Source, block: &[u8], start: u64, most: u64, changes: &mut Changes) {
    let (mut rest, mut at) = (block, start);
    while let Ok(length) = Fields::new(rest, "USN record", at).u32(0) {
        let step = match record(rest, u64::from(length), at) {
            Some(Said { child, key, time, reason }) => {
                let name = [key.get(..8), key.get(KEY_HEADER..)].into_iter().flatten().flatten().copied().collect();
                if (changes.names.len() as u64) < most {
                    if reason & FILE_DELETE != 0 {
                        changes.deletions.insert(child, time);
                    }
                    changes.names.insert((child, name), Change { key, at: content.medium_offset(at) });
                }
                u64::from(length)
            }
            None => STEP,
        };
        rest = usize::try_from(step).ok().and_then(|step| rest.get(step..)).unwrap_or_default();
        at = at.saturating_add(step);
    }
}

/// What the record at byte `at` of the stream says.
fn record(bytes: &[u8], length: u64, at: u64) -> Option<Said> {
    let bytes =
        bytes.get(..usize::try_from(length).ok().filter(|length| *length <= PAGE as usize && length % 8 == 0)?)?;
    let fields = Fields::new(bytes, "USN record", at);
    // Long references begin with the 64 bits of a short one.
    let (parent, rest): (usize, usize) = match fields.u16(4).ok()? {
        2 => (16, 24),
        3 => (24, 40),
        _ => return None,
    };
    let field = |offset: usize| fields.u64(offset).ok();
    let under = |offset: usize| rest.saturating_add(offset);
    if field(rest)? != at {
        return None;
    }
    let (changed, flags) = (field(under(8))?, fields.u32(under(28)).ok()?);
    let name_length = usize::from(fields.u16(under(32)).ok()?);
    let name = fields.bytes(usize::from(fields.u16(under(34)).ok()?), name_length).ok()?;
    let mut key = field(parent)?.to_le_bytes().to_vec();
    // Created, modified, changed, accessed; then sizes that the journal does not tell.
    key.extend([0, 0, changed, 0, 0, 0].iter().flat_map(|time: &u64| time.to_le_bytes()));
    key.extend(if flags & DIRECTORY != 0 { DIRECTORY_OF_KEY } else { flags }.to_le_bytes());
    key.extend([0; 4]);
    key.extend([u8::try_from(name_length / 2).ok()?, 0]);
    key.extend(name);
    let (child, reason) = (Reference(field(8)?), fields.u32(under(16)).ok()?);
    is_key(&key).then_some(Said { child, key, time: changed, reason })
}
