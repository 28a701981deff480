//! The walk from chunk to chunk.

use crate::carve::{Break, Tape, formats::checksum::crc32};

/// Length, type and checksum.
const FRAME: u64 = 12;
/// Chunks of equal length that may be missing in the middle of a damaged file.
const MOST_MISSING: u64 = 256;
/// A chunk longer than this is read only if another chunk stands behind it.
const LONG: u64 = 64 << 10;

/// A chunk: where it begins, how long its data says it is, and its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunk {
    pub(super) at: u64,
    pub(super) length: u64,
    pub(super) name: [u8; 4],
}

impl Chunk {
    /// The chunk at `at`, if what stands there can be one.
    pub(super) fn read(tape: &mut Tape, at: u64) -> Result<Self, Break> {
        let length = u64::from(tape.be32(at)?);
        let name: [u8; 4] = tape.array(at.saturating_add(4))?;
        if length > i32::MAX.unsigned_abs().into() || !name.iter().all(u8::is_ascii_alphabetic) {
            return Err(Break::wrong(at, "PNG chunk"));
        }
        Ok(Self { at, length, name })
    }

    pub(super) fn data(&self) -> u64 {
        self.at.saturating_add(8)
    }

    pub(super) fn data_end(&self) -> u64 {
        self.data().saturating_add(self.length)
    }

    pub(super) fn end(&self) -> u64 {
        self.at.saturating_add(FRAME).saturating_add(self.length)
    }

    /// True where the checksum of type and data is the one that stands behind them.
    pub(super) fn is_sound(&self, tape: &mut Tape) -> Result<bool, Break> {
        let stored = tape.be32(self.data_end())?;
        Ok(crc32(tape, self.at.saturating_add(4), self.data_end())? == stored)
    }
}

/// What IHDR says of the picture.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Picture {
    pub(super) width: u64,
    pub(super) height: u64,
    pub(super) bits_per_pixel: u64,
    pub(super) interlaced: bool,
}

impl Picture {
    /// Reads the first chunk; of a PNG all of it is checked.
    pub(super) fn read(tape: &mut Tape) -> Result<Self, Break> {
        let wrong = Break::wrong(8, "first chunk");
        let mut first = Chunk::read(tape, 8)?;
        if &first.name == b"CgBI" && first.length == 4 {
            first = Chunk::read(tape, first.end())?;
        }
        let length = match &first.name {
            b"IHDR" => 13,
            b"MHDR" => 28,
            b"JHDR" => 16,
            _ => return Err(wrong),
        };
        let [width, height] = [tape.be32(first.data())?, tape.be32(first.data().saturating_add(4))?];
        if first.length != length || !first.is_sound(tape)? {
            return Err(wrong);
        }
        if length != 13 {
            return Ok(Self::default());
        }
        let [depth, color, compression, filter, interlace] = tape.array(first.data().saturating_add(8))?;
        let (depths, samples): (&[u8], u64) = match color {
            0 => (&[1, 2, 4, 8, 16], 1),
            2 => (&[8, 16], 3),
            3 => (&[1, 2, 4, 8], 1),
            4 => (&[8, 16], 2),
            6 => (&[8, 16], 4),
            _ => return Err(wrong),
        };
        if width == 0 || height == 0 || !depths.contains(&depth) || compression != 0 || filter != 0 || interlace > 1 {
            return Err(wrong);
        }
        Ok(Self {
            width: width.into(),
            height: height.into(),
            bits_per_pixel: samples.saturating_mul(depth.into()),
            interlaced: interlace == 1,
        })
    }
}

pub(super) struct Walk<'a> {
    pub(super) tape: &'a mut Tape,
    last: [u8; 4],
    /// Chunks whose checksum holds.
    pub(super) chunks: u64,
    /// The data chunks (IDAT) so far, those of a file that is over or breaks.
    pub(super) data: Vec<Chunk>,
    /// The first chunk whose checksum fails although another stands behind it.
    pub(super) damaged: Option<Chunk>,
    /// Where the walk stands.
    pub(super) broken: Chunk,
}

impl<'a> Walk<'a> {
    pub(super) fn new(tape: &'a mut Tape, last: [u8; 4]) -> Self {
        let broken = Chunk { at: 8, length: 0, name: [0; 4] };
        Self { tape, last, chunks: 0, data: Vec::new(), damaged: None, broken }
    }

    /// The end of the file.
    pub(super) fn chunks(&mut self) -> Result<u64, Break> {
        let mut at = 8;
        loop {
            self.broken = Chunk { at, length: 0, name: [0; 4] };
            at = match self.chunk(at) {
                Ok(chunk) if chunk.name == self.last && chunk.length == 0 => return Ok(chunk.end()),
                Ok(chunk) => chunk.end(),
                Err(broken) => {
                    let broken_chunk = self.broken;
                    let Some(further) = self.further(at) else { return Err(broken) };
                    self.damaged.get_or_insert(broken_chunk);
                    further
                }
            };
        }
    }

    fn chunk(&mut self, at: u64) -> Result<Chunk, Break> {
        let chunk = Chunk::read(self.tape, at)?;
        self.broken = chunk;
        let wrong = Break::wrong(at.saturating_add(8), "checksum of a PNG chunk");
        let ends_file = chunk.name == self.last;
        if chunk.length > LONG && Chunk::read(self.tape, chunk.end()).is_err() {
            return Err(wrong);
        }
        if chunk.is_sound(self.tape)? {
            self.chunks = self.chunks.saturating_add(1);
        } else {
            // A sound chunk behind it says that this one's length is right.
            let next = Chunk::read(self.tape, chunk.end())?;
            if ends_file || !next.is_sound(self.tape)? {
                return Err(wrong);
            }
            self.damaged.get_or_insert(chunk);
        }
        // Chunks that follow tell nothing new of a file that is damaged already.
        if &chunk.name == b"IDAT" && self.damaged.is_none() {
            self.data.push(chunk);
        }
        Ok(chunk)
    }

    /// Where the chunks go on behind damage that begins in the chunk at `at`: encoders cut a picture's data in chunks of
    /// equal length.
    fn further(&mut self, at: u64) -> Option<u64> {
        let [.., one, two] = self.data.as_slice() else { return None };
        if one.length != two.length || two.length == 0 {
            return None;
        }
        let stride = two.length.saturating_add(FRAME);
        for missing in 1..=MOST_MISSING {
            let place = at.saturating_add(stride.saturating_mul(missing));
            if place >= self.tape.len() {
                return None;
            }
            if let Ok(chunk) = Chunk::read(self.tape, place)
                && chunk.length <= two.length
                && chunk.is_sound(self.tape) == Ok(true)
            {
                return Some(place);
            }
        }
        None
    }
}
