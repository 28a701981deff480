//! WebP: the chunks VP8X, EXIF and XMP (RFC 9649, 2.7).

use super::Gathering;
use crate::{
    carve::{Tape, formats::riff::Chunk},
    error::Result,
};

/// Chunks that are looked at; an animation has one a frame.
const MOST_CHUNKS: usize = 1 << 16;

pub(super) fn read(gathering: &mut Gathering<'_>) -> Result<()> {
    let mut tape = Tape::new(gathering.source().clone(), 0);
    let mut at = 12u64;
    for _ in 0..MOST_CHUNKS {
        let Ok(chunk) = Chunk::at(&mut tape, at) else { break };
        let body = chunk.body();
        match &chunk.id {
            b"VP8X" => {
                let size = gathering.source().read_vec(body.saturating_add(4), 6)?;
                if let [w0, w1, w2, h0, h1, h2] = *size.as_slice() {
                    let number = |bytes| u32::from_le_bytes(bytes).saturating_add(1);
                    gathering.size(number([w0, w1, w2, 0]), number([h0, h1, h2, 0]));
                }
            }
            b"VP8 " if gathering.info.width == 0 => {
                let size = gathering.source().read_vec(body.saturating_add(6), 4)?;
                if let [w0, w1, h0, h1] = *size.as_slice() {
                    let number = |bytes| u32::from(u16::from_le_bytes(bytes) & 0x3fff);
                    gathering.size(number([w0, w1]), number([h0, h1]));
                }
            }
            b"VP8L" if gathering.info.width == 0 => {
                let bits = gathering.source().read_vec(body.saturating_add(1), 4)?;
                let bits = bits.iter().rev().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte));
                gathering.size((bits & 0x3fff).saturating_add(1), (bits >> 14 & 0x3fff).saturating_add(1));
            }
            b"EXIF" => {
                // Some writers put the name of a JPEG segment before it.
                let named = gathering.bytes(body, 6)? == b"Exif\0\0";
                let skip = if named { 6 } else { 0 };
                gathering.exif(body.saturating_add(skip), chunk.size().saturating_sub(skip));
            }
            b"XMP " => {
                let packet = gathering.bytes(body, chunk.size())?;
                gathering.xmp(&packet);
            }
            _ => {}
        }
        at = chunk.next();
    }
    if gathering.info.width == 0 { Err(gathering.job.corrupt(12, "no size")) } else { Ok(()) }
}
