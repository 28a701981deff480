//! Photoshop's image resources, in PSD and beside other pictures (Adobe Photoshop File Formats Specification, "Image Resources").

use super::{super::formats::psd::Sections, Gathering};
use crate::error::Result;

/// Resources that are looked at.
const MOST: usize = 1 << 10;
const IPTC: u16 = 0x0404;
const THUMBNAIL: u16 = 0x040c;
const EXIF: u16 = 0x0422;
const XMP: u16 = 0x0424;
/// Bytes before the JPEG of a thumbnail.
const THUMBNAIL_HEAD: u64 = 28;

/// A PSD file.
pub(super) fn read(gathering: &mut Gathering<'_>) -> Result<()> {
    let sections = Sections::read(&gathering.job)?;
    gathering.size(sections.width, sections.height);
    let (at, length) = sections.resources;
    resources(gathering, at, length)
}

/// The resources in the `length` bytes at `at`.
pub(super) fn resources(gathering: &mut Gathering<'_>, at: u64, length: u64) -> Result<()> {
    let end = at.saturating_add(length);
    let mut at = at;
    for _ in 0..MOST {
        // Signature, number, a name of no length, size.
        if end.saturating_sub(at) < 12 {
            break;
        }
        let head = gathering.source().read_vec(at, 7)?;
        let &[b'8', b'B', b'I', b'M', high, low, name] = head.as_slice() else {
            gathering.issue(at, "Photoshop resource", "no signature");
            break;
        };
        // The name has its length before it, and fills up to an even number of bytes.
        let name = u64::from(name).saturating_add(1).next_multiple_of(2);
        let size_at = at.saturating_add(6).saturating_add(name);
        let size =
            gathering.source().read_vec(size_at, 4)?.iter().fold(0u64, |size, byte| size << 8 | u64::from(*byte));
        let body = size_at.saturating_add(4);
        match u16::from_be_bytes([high, low]) {
            IPTC => {
                let bytes = gathering.bytes(body, size)?;
                gathering.iptc(&bytes);
            }
            THUMBNAIL => gathering.thumbnail(body.saturating_add(THUMBNAIL_HEAD), size.saturating_sub(THUMBNAIL_HEAD)),
            EXIF => gathering.exif(body, size),
            XMP => {
                let packet = gathering.bytes(body, size)?;
                gathering.xmp(&packet);
            }
            _ => {}
        }
        at = body.saturating_add(size).saturating_add(size & 1);
    }
    Ok(())
}
