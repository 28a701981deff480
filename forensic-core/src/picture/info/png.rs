//! PNG: the chunks eXIf and iTXt (W3C, Portable Network Graphics 3, 11.3; Adobe, XMP Specification Part 3).

use super::{Gathering, LONGEST};
use crate::error::Result;
use flate2::read::ZlibDecoder;
use std::io::Read;

/// Chunks that are looked at: pixels stand in many.
const MOST_CHUNKS: usize = 1 << 17;
/// Key word, compression, language and translated key word of an XMP chunk.
const XMP: &[u8] = b"XML:com.adobe.xmp\0";

pub(super) fn read(gathering: &mut Gathering<'_>) -> Result<()> {
    let header = gathering.source().read_vec(8, 16)?;
    let (numbers, _) = header.as_chunks::<4>();
    let number = |index: usize| numbers.get(index).map_or(0, |bytes| u32::from_be_bytes(*bytes));
    gathering.size(number(2), number(3));
    let mut at = 8u64;
    for _ in 0..MOST_CHUNKS {
        let head = gathering.source().read_vec(at, 8)?;
        let (length, name) = head.split_at(4);
        let length = length.iter().fold(0u64, |length, byte| length << 8 | u64::from(*byte));
        let body = at.saturating_add(8);
        match name {
            b"eXIf" => gathering.exif(body, length),
            b"iTXt" => {
                let bytes = gathering.bytes(body, length)?;
                if let Some(packet) = packet(&bytes) {
                    gathering.xmp(&packet);
                }
            }
            b"IEND" => break,
            _ => {}
        }
        at = body.saturating_add(length).saturating_add(4);
    }
    Ok(())
}

/// The packet of a chunk that holds one.
fn packet(bytes: &[u8]) -> Option<Vec<u8>> {
    let rest = bytes.strip_prefix(XMP)?;
    let (flags, rest) = rest.split_first_chunk::<2>()?;
    let mut texts = rest.splitn(3, |byte| *byte == 0);
    let packet = texts.nth(2)?;
    if flags == &[0, 0] {
        return Some(packet.to_vec());
    }
    let mut plain = Vec::new();
    ZlibDecoder::new(packet).take(LONGEST).read_to_end(&mut plain).ok()?;
    Some(plain)
}
