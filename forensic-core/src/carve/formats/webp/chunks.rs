//! The chunks of a WebP file, and the pictures in them (RFC 9649, 2).

use super::frame::first_partition;
use crate::carve::{Break, Tape};

pub(super) const FIRST_CHUNK: u64 = 12;
const FRAME: u64 = 8;
/// Bytes of a frame of an animation before the chunks in it.
const ANIMATION_FRAME: u64 = 16;

/// How a picture is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// VP8.
    Lossy,
    /// VP8L, width and height in its header.
    Lossless,
    /// VP8L without a header: the alpha of a lossy picture of this width and height.
    Alpha(usize, usize),
    /// Alpha as it is.
    Raw,
}

/// Coded data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Picture {
    pub(super) coding: Coding,
    /// Where it begins and ends in the file.
    pub(super) from: u64,
    pub(super) to: u64,
}

/// The walk from chunk to chunk.
#[derive(Debug)]
pub(super) struct Chunks {
    /// Bytes that hold.
    pub(super) good: u64,
    pub(super) pictures: Vec<Picture>,
    /// The metadata of a camera.
    pub(super) exif: Option<(u64, u64)>,
    /// Why the walk did not come to the end.
    pub(super) stop: Option<Break>,
}

impl Chunks {
    /// Walks a file of `length` bytes.
    pub(super) fn walk(tape: &mut Tape, length: u64) -> Self {
        let mut chunks = Self { good: 0, pictures: Vec::new(), exif: None, stop: None };
        chunks.stop = chunks.all(tape, length).err();
        chunks
    }

    /// True where there is a picture whose header holds.
    pub(super) fn has_picture(&self) -> bool {
        self.pictures.iter().any(|picture| matches!(picture.coding, Coding::Lossy | Coding::Lossless))
    }

    /// True where a chunk stands behind the picture that holds byte `at`.
    pub(super) fn follow(&self, at: Option<u64>) -> bool {
        let broken = self.pictures.iter().find(|picture| at.is_some_and(|at| at < picture.to));
        broken.is_some_and(|picture| picture.to.saturating_add(FRAME) < self.good)
    }

    fn all(&mut self, tape: &mut Tape, end: u64) -> Result<(), Break> {
        let (mut at, mut size) = (FIRST_CHUNK, (0, 0));
        while at < end {
            let name: [u8; 4] = tape.array(at)?;
            let length = u64::from(tape.le32(at.saturating_add(4))?);
            let data = at.saturating_add(FRAME);
            let to = data.saturating_add(length);
            let next = to.checked_next_multiple_of(2).unwrap_or(to);
            if next > end || !is_name(name) {
                return Err(Break::wrong(at, "WebP chunk"));
            }
            at = match &name {
                b"VP8X" if length >= 10 && at == FIRST_CHUNK => {
                    size = canvas(tape, data.saturating_add(4))?;
                    next
                }
                b"VP8X" => return Err(Break::wrong(at, "VP8X chunk")),
                b"ANMF" if length > ANIMATION_FRAME => {
                    size = canvas(tape, data.saturating_add(6))?;
                    data.saturating_add(ANIMATION_FRAME)
                }
                b"VP8 " | b"VP8L" | b"ALPH" => {
                    let coding = coding(tape, data, length, &name, size)?;
                    self.pictures.push(Picture { coding, from: data, to });
                    next
                }
                b"EXIF" => {
                    self.exif = Some((data, to));
                    next
                }
                _ => next,
            };
            self.good = at.min(tape.len());
        }
        if tape.len() < end { Err(Break { at: tape.len(), cause: crate::carve::Cause::End }) } else { Ok(()) }
    }
}

/// Width and height, each less one in three bytes.
fn canvas(tape: &mut Tape, at: u64) -> Result<(usize, usize), Break> {
    let [a, b, c, d, e, f] = tape.array(at)?;
    let size =
        |bytes: [u8; 3]| bytes.iter().rev().fold(0usize, |size, byte| size << 8 | usize::from(*byte)).saturating_add(1);
    Ok((size([a, b, c]), size([d, e, f])))
}

fn coding(tape: &mut Tape, data: u64, length: u64, name: &[u8; 4], size: (usize, usize)) -> Result<Coding, Break> {
    let wrong = Break::wrong(data, "frame header of a WebP picture");
    match name {
        b"VP8L" => {
            let [signature, _, _, _, version] = tape.array(data)?;
            if signature == 0x2f && version >> 5 == 0 { Ok(Coding::Lossless) } else { Err(wrong) }
        }
        b"VP8 " => {
            let first = first_partition(tape.array(data)?);
            let fits = first.is_some_and(|first| u64::from(first).saturating_add(10) <= length);
            if fits { Ok(Coding::Lossy) } else { Err(wrong) }
        }
        _ => match tape.byte(data)? & 3 {
            0 => Ok(Coding::Raw),
            1 => Ok(Coding::Alpha(size.0, size.1)),
            _ => Err(wrong),
        },
    }
}

fn is_name(name: [u8; 4]) -> bool {
    name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ')
}
