//! How far the picture's data holds: its deflate stream, the filter byte of each row, and its size.

use super::{
    super::sector::{SECTOR, is_foreign_to_compressed},
    walk::{Chunk, Picture},
};
use crate::carve::Tape;
use miniz_oxide::{
    DataFormat, MZFlush, MZStatus,
    inflate::stream::{InflateState, inflate},
};

const OUTPUT: usize = 32 << 10;
/// Adam7: first column and row, steps of columns and rows.
const PASSES: [[u64; 4]; 7] =
    [[0, 0, 8, 8], [4, 0, 8, 8], [0, 4, 4, 8], [2, 0, 4, 4], [0, 2, 2, 4], [1, 0, 2, 2], [0, 1, 1, 2]];

/// A place between which the break lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) good: u64,
    pub(super) broken_at: u64,
}

/// How far the file holds whose chunk `broken` fails, behind the sound chunks `data`.
pub(super) fn good(tape: &mut Tape, picture: &Picture, data: &[Chunk], broken: Chunk) -> Place {
    let is_data = &broken.name == b"IDAT" && picture.width > 0;
    let end = broken.data_end().min(tape.len());
    let mut wrong_at = end;
    if is_data {
        let mut stream = Stream::new(picture);
        for chunk in data.iter().copied().filter(|chunk| chunk.at < broken.at).chain([broken]) {
            if let Err(at) = stream.chunk(tape, chunk.data(), chunk.data_end()) {
                wrong_at = at;
                break;
            }
        }
    } else if broken.length == 0 {
        return Place { good: broken.at, broken_at: broken.at.saturating_add(8) };
    }
    let good = if wrong_at == end {
        first_foreign(tape, broken.data(), end).unwrap_or(end)
    } else {
        start_of_foreign(tape, broken.data(), wrong_at)
    };
    let good = good.max(broken.at);
    Place { good, broken_at: good.max(wrong_at) }
}

/// True where every row of the picture comes out of the chunks `data`, and nothing else.
pub(super) fn is_whole(tape: &mut Tape, picture: &Picture, data: &[Chunk]) -> bool {
    let mut stream = Stream::new(picture);
    data.iter().all(|chunk| stream.chunk(tape, chunk.data(), chunk.data_end()).is_ok()) && stream.drain()
}

/// The first sector from `from` to `to` that is none of compressed data.
fn first_foreign(tape: &mut Tape, from: u64, to: u64) -> Option<u64> {
    let first = from.checked_next_multiple_of(SECTOR as u64)?;
    (first..to).step_by(SECTOR).find(|at| tape.bytes(*at, SECTOR).is_ok_and(is_foreign_to_compressed))
}

/// Where the sectors begin that are none of compressed data and in which the stream was found wrong at byte `wrong_at`; that
/// byte where there are none.
fn start_of_foreign(tape: &mut Tape, from: u64, wrong_at: u64) -> u64 {
    let sector = SECTOR as u64;
    let mut good = wrong_at;
    let mut at = wrong_at.saturating_sub(wrong_at.checked_rem(sector).unwrap_or(0));
    while at >= from && tape.bytes(at, SECTOR).is_ok_and(is_foreign_to_compressed) {
        good = at;
        at = at.saturating_sub(sector);
    }
    good
}

/// The stream of a picture, as far as it was fed.
#[derive(Clone)]
pub(super) struct Stream {
    state: Box<InflateState>,
    rows: Rows,
    output: Vec<u8>,
}

impl Stream {
    pub(super) fn new(picture: &Picture) -> Self {
        Self { state: InflateState::new_boxed(DataFormat::Zlib), rows: Rows::new(*picture), output: vec![0; OUTPUT] }
    }

    /// Takes out what the bytes fed so far still give; true where that is the end of the picture.
    fn drain(&mut self) -> bool {
        loop {
            let step = inflate(&mut self.state, &[], &mut self.output, MZFlush::None);
            let written = self.output.get(..step.bytes_written).unwrap_or_default();
            if written.is_empty() || !self.rows.feed(written) {
                return written.is_empty() && self.rows.is_over();
            }
        }
    }

    /// Feeds the bytes from `at` to `end`.
    ///
    /// # Errors
    /// The byte at which they are found wrong, or at which the tape ends.
    pub(super) fn chunk(&mut self, tape: &mut Tape, mut at: u64, end: u64) -> Result<(), u64> {
        while at < end {
            // Where an error is noticed must not depend on what happens to be buffered.
            let wanted = end.min(tape.len()).saturating_sub(at).clamp(1, 4096);
            let input = tape.bytes(at, usize::try_from(wanted).unwrap_or(1)).map_err(|_| at)?;
            let step = inflate(&mut self.state, input, &mut self.output, MZFlush::None);
            let consumed = at.saturating_add(step.bytes_consumed as u64);
            let written = self.output.get(..step.bytes_written).unwrap_or_default();
            let ended = step.status == Ok(MZStatus::StreamEnd);
            if step.status.is_err() || !self.rows.feed(written) {
                return Err(consumed.max(at));
            }
            if ended {
                return if consumed == end || self.rows.is_over() { Ok(()) } else { Err(consumed) };
            }
            if step.bytes_consumed == 0 && step.bytes_written == 0 {
                return Err(at);
            }
            at = consumed;
        }
        Ok(())
    }
}

/// The rows of a picture as they come out of the stream: each begins with the number of its filter.
#[derive(Clone)]
struct Rows {
    /// Rows still to come and bytes of each, the next last.
    passes: Vec<(u64, u64)>,
    /// Bytes of the row under way that are still to come.
    rest: u64,
}

impl Rows {
    fn new(picture: Picture) -> Self {
        let bytes = |width: u64| width.saturating_mul(picture.bits_per_pixel).div_ceil(8).saturating_add(1);
        let mut passes = Vec::new();
        if picture.interlaced {
            for [column, row, columns, rows] in PASSES.iter().rev().copied() {
                let width = picture.width.saturating_sub(column).div_ceil(columns.max(1));
                let height = picture.height.saturating_sub(row).div_ceil(rows.max(1));
                if width > 0 && height > 0 {
                    passes.push((height, bytes(width)));
                }
            }
        } else {
            passes.push((picture.height, bytes(picture.width)));
        }
        Self { passes, rest: 0 }
    }

    fn is_over(&self) -> bool {
        self.rest == 0 && self.passes.is_empty()
    }

    /// False where a row begins with what is no filter, or where no row is left.
    fn feed(&mut self, mut output: &[u8]) -> bool {
        while let Some(filter) = output.first() {
            if self.rest == 0 {
                if *filter > 4 {
                    return false;
                }
                let Some((rows, bytes)) = self.passes.last_mut() else { return false };
                self.rest = *bytes;
                *rows = rows.saturating_sub(1);
                if *rows == 0 {
                    self.passes.pop();
                }
            }
            let taken = usize::try_from(self.rest).unwrap_or(usize::MAX).min(output.len());
            self.rest = self.rest.saturating_sub(taken as u64);
            output = output.get(taken..).unwrap_or_default();
        }
        true
    }
}
