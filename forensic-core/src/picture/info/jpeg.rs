//! JPEG: the segments before the pixels (ITU-T T.81; CIPA DC-008, 4.5; Adobe, XMP Specification Part 3).

use super::Gathering;
use crate::error::Result;

/// Segments that are looked at; real files have some ten, and up to a few hundred with profiles in pieces.
const MOST_SEGMENTS: usize = 1 << 12;
const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";
/// An extension of JFIF that holds a JPEG thumbnail.
const JFXX: &[u8] = b"JFXX\0\x10";

pub(super) fn read(gathering: &mut Gathering<'_>) -> Result<()> {
    let mut at = 2u64;
    for _ in 0..MOST_SEGMENTS {
        let head = gathering.source().read_vec(at, 4)?;
        let (marker, length) = match *head.as_slice() {
            [0xff, 0xff, ..] => {
                at = at.saturating_add(1);
                continue;
            }
            [0xff, 0x01 | 0xd0..=0xd8, ..] => {
                at = at.saturating_add(2);
                continue;
            }
            [0xff, marker, high, low] => (marker, u64::from(u16::from_be_bytes([high, low]))),
            _ => return Err(gathering.job.corrupt(at, "no marker")),
        };
        let body = at.saturating_add(4);
        let length = length.saturating_sub(2);
        match marker {
            0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => {
                let frame = gathering.source().read_vec(body, 5)?;
                if let [_, h1, h0, w1, w0] = *frame.as_slice() {
                    gathering.size(u16::from_be_bytes([w1, w0]).into(), u16::from_be_bytes([h1, h0]).into());
                }
            }
            0xd9 | 0xda => break,
            0xe0..=0xed => segment(gathering, body, length)?,
            _ => {}
        }
        at = body.saturating_add(length);
    }
    if gathering.info.width == 0 { Err(gathering.job.corrupt(at, "no frame header")) } else { Ok(()) }
}

fn segment(gathering: &mut Gathering<'_>, at: u64, length: u64) -> Result<()> {
    let name = gathering.bytes(at, length.min(32))?;
    let behind = |name: &[u8]| (at.saturating_add(name.len() as u64), length.saturating_sub(name.len() as u64));
    if name.starts_with(EXIF) {
        let (at, length) = behind(EXIF);
        gathering.exif(at, length);
    } else if name.starts_with(XMP) {
        let (at, length) = behind(XMP);
        let packet = gathering.bytes(at, length)?;
        gathering.xmp(&packet);
    } else if name.starts_with(PHOTOSHOP) {
        let (at, length) = behind(PHOTOSHOP);
        super::photoshop::resources(gathering, at, length)?;
    } else if name.starts_with(JFXX) {
        let (at, length) = behind(JFXX);
        gathering.thumbnail(at, length);
    }
    Ok(())
}
