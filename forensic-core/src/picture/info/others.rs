//! HEIC and AVIF by their items, JPEG XL by its boxes, GIF, and formats that tell no more than their size.

use super::{
    super::{formats, heif::Items},
    Gathering,
};
use crate::{
    carve::{Tape, formats::isobmff::boxes},
    error::Result,
};

/// Boxes of a JPEG XL file that are looked at.
const MOST_BOXES: usize = 1 << 10;

/// HEIC and AVIF (ISO/IEC 23008-12, annex A).
pub(super) fn heif(gathering: &mut Gathering<'_>) -> Result<()> {
    let items = Items::read(gathering.source())?;
    let primary = items.item(items.primary);
    if let Some((primary, (width, height))) = primary.and_then(|item| Some((item, item.size()?))) {
        let (_, _, width, height) = primary.crop((width, height)).unwrap_or((0, 0, width, height));
        gathering.size(width, height);
    }
    for item in items.all() {
        match &item.kind {
            b"Exif" => {
                // An offset of four bytes to the TIFF header.
                let Some(at) = items.place(item) else { continue };
                let skip = gathering.bytes(at, 4)?.iter().fold(0u64, |skip, byte| skip << 8 | u64::from(*byte));
                let at = at.saturating_add(4).saturating_add(skip);
                gathering.exif(at, item.length().saturating_sub(4).saturating_sub(skip));
            }
            b"mime" if item.media_type == "application/rdf+xml" => {
                let packet = items.bytes(gathering.source(), item, super::LONGEST)?;
                gathering.xmp(&packet);
            }
            b"jpeg" if primary.is_some_and(|primary| items.from(item.id, b"thmb").contains(&primary.id)) => {
                if let Some(at) = items.place(item) {
                    gathering.thumbnail(at, item.length());
                }
            }
            _ => {}
        }
    }
    if gathering.info.width == 0 { Err(gathering.job.corrupt(0, "no size of the primary item")) } else { Ok(()) }
}

/// JPEG XL (ISO/IEC 18181-2).
pub(super) fn jxl(gathering: &mut Gathering<'_>) -> Result<()> {
    let mut tape = Tape::new(gathering.source().clone(), 0);
    let mut at = 0;
    for _ in 0..MOST_BOXES {
        // A naked codestream has no boxes.
        let Ok(header) = boxes::header(&mut tape, at) else { break };
        match &header.kind {
            b"Exif" => {
                let skip =
                    gathering.bytes(header.body, 4)?.iter().fold(0u64, |skip, byte| skip << 8 | u64::from(*byte));
                let at = header.body.saturating_add(4).saturating_add(skip);
                gathering.exif(at, header.end.saturating_sub(at));
            }
            b"xml " => {
                let packet = gathering.bytes(header.body, header.end.saturating_sub(header.body))?;
                gathering.xmp(&packet);
            }
            _ if at == 0 && &header.kind != b"JXL " => break,
            _ => {}
        }
        at = header.end;
    }
    let (width, height) = formats::size(&gathering.job)?;
    gathering.size(width, height);
    Ok(())
}

/// GIF (GIF89a, 18; Adobe, XMP Specification Part 3).
pub(super) fn gif(gathering: &mut Gathering<'_>, head: &[u8]) -> Result<()> {
    if let Some([w0, w1, h0, h1]) = head.get(6..10) {
        gathering.size(u16::from_le_bytes([*w0, *w1]).into(), u16::from_le_bytes([*h0, *h1]).into());
    }
    let decoder = formats::gif::open(&gathering.job)?;
    if let Some(packet) = decoder.xmp_metadata() {
        gathering.xmp(packet);
    }
    Ok(())
}

/// BMP, ICO and PNM.
pub(super) fn plain(gathering: &mut Gathering<'_>) -> Result<()> {
    let (width, height) = formats::size(&gathering.job)?;
    gathering.size(width, height);
    Ok(())
}
