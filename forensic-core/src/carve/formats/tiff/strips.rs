//! Whether the strips and tiles of a picture hold what they should, where their compression can be checked.

use super::{
    super::{
        jpeg,
        lzw::{Codes, Dialect, State},
    },
    walk::Picture,
};
use crate::carve::Tape;
use miniz_oxide::{
    DataFormat, MZFlush, MZStatus,
    inflate::stream::{InflateState, inflate},
};

/// What the strips say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Checked {
    /// The first byte of the file that is known to be wrong.
    pub(super) wrong_at: Option<u64>,
    /// Every strip is of a compression that was checked, and holds as much as it should.
    pub(super) all: bool,
}

/// What the codes of a strip say.
struct Strip {
    /// The first byte of the file that is known to be wrong.
    wrong_at: Option<u64>,
    /// They tell of no more and no less than the strip, and end where it does.
    is_exact: bool,
}

/// Strips of each picture that are checked as such; a file of more is a rare one.
const MOST_STRIPS: usize = 1 << 16;
const OUTPUT: usize = 32 << 10;
/// Bytes that could be read in the time in which one of codes is.
const WORTH: u64 = 8;
/// Bytes that may stand behind the code that ends a strip.
const PADDING: u64 = 4;

/// Checks every strip; `strictly`, those of LZW and run-length codes must also be exact.
pub(super) fn check(tape: &mut Tape, pictures: &[Picture], strictly: bool) -> Checked {
    let mut checked = Checked { wrong_at: None, all: true };
    for picture in pictures {
        let last = picture.strips.iter().map(|(at, _)| *at).max().filter(|_| !picture.tiled);
        for (at, length) in picture.strips.iter().copied().take(MOST_STRIPS) {
            // The last may have fewer rows than the others.
            let holds = |output: u64| match Some(at) == last {
                true => output <= picture.strip_size && output.checked_rem(picture.row) == Some(0),
                false => output == picture.strip_size,
            };
            let strip = match picture.compression {
                5 => lzw(tape, at, length, picture, holds),
                8 | 32946 => Strip { wrong_at: deflate(tape, at, length, picture), is_exact: true },
                32773 => pack_bits(tape, at, length, picture, holds),
                // Some writers cut the stream where they think it ends.
                6 if tape.has(at, b"\xff\xd8\xff") => {
                    Strip { wrong_at: jpeg::torn_at(tape, at, at.saturating_add(length)), is_exact: false }
                }
                // Where the tables stand elsewhere the codes are not walked.
                7 | 34892 => {
                    let end = at.saturating_add(length);
                    let wrong_at = marked(tape, at, length).or_else(|| jpeg::torn_at(tape, at, end));
                    Strip { wrong_at, is_exact: false }
                }
                _ => {
                    checked.all = false;
                    break;
                }
            };
            checked.all &= strip.is_exact;
            let inexact = strictly && !strip.is_exact && matches!(picture.compression, 5 | 32773);
            let end = at.saturating_add(length);
            if let Some(wrong) = strip.wrong_at.or_else(|| inexact.then_some(end.saturating_sub(1))) {
                checked.wrong_at = Some(checked.wrong_at.map_or(wrong, |before| before.min(wrong)));
            }
        }
    }
    checked
}

/// Gives the pieces of a strip to `feed` with their place, until it is over, the tape ends or `feed` gives a place.
fn pieces(tape: &mut Tape, mut at: u64, length: u64, mut feed: impl FnMut(u64, &[u8]) -> Option<u64>) -> Option<u64> {
    let end = at.saturating_add(length).min(tape.len());
    while at < end {
        let window = tape.window(at).ok()?;
        let wanted = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
        let piece = window.get(..wanted.min(window.len()))?;
        if let Some(wrong) = feed(at, piece) {
            return Some(wrong);
        }
        let read = piece.len() as u64;
        at = at.saturating_add(read);
        tape.work(read.saturating_mul(WORTH));
    }
    None
}

/// `holds` says whether so many bytes are those of the strip.
fn lzw(tape: &mut Tape, at: u64, length: u64, picture: &Picture, holds: impl Fn(u64) -> bool) -> Strip {
    // Files of before TIFF 6.0 have their codes in the other order of bits, without being early.
    if picture.bits_reversed || tape.has(at, &[0, 1]) {
        return Strip { wrong_at: None, is_exact: false };
    }
    let mut codes = Codes::new(Dialect::Tiff, 8);
    let most = if picture.strip_size == 0 { u64::MAX } else { picture.strip_size.saturating_add(1 << 12) };
    let mut read_to = at;
    let wrong_at = pieces(tape, at, length, |at, piece| {
        let read = codes.feed(piece, most);
        if read > 0 {
            read_to = at.saturating_add(read as u64);
        }
        let wrong = codes.state == State::Wrong || codes.output >= most;
        wrong.then(|| at.saturating_add(read as u64).saturating_sub(1))
    });
    let at_end = codes.state == State::Ended && read_to.saturating_add(PADDING) >= at.saturating_add(length);
    Strip { wrong_at, is_exact: at_end && holds(codes.output) }
}

fn deflate(tape: &mut Tape, at: u64, length: u64, picture: &Picture) -> Option<u64> {
    if picture.bits_reversed {
        return None;
    }
    let mut state = InflateState::new_boxed(DataFormat::Zlib);
    let mut output = vec![0; OUTPUT];
    let mut ended = false;
    let end = at.saturating_add(length);
    let wrong = pieces(tape, at, length, |at, mut piece| {
        let mut at = at;
        while !piece.is_empty() && !ended {
            let input = piece.get(..piece.len().min(4096)).unwrap_or_default();
            let step = inflate(&mut state, input, &mut output, MZFlush::None);
            at = at.saturating_add(step.bytes_consumed as u64);
            if step.status.is_err() || (step.bytes_consumed == 0 && step.bytes_written == 0) {
                return Some(at);
            }
            ended = step.status == Ok(MZStatus::StreamEnd);
            piece = piece.get(step.bytes_consumed..).unwrap_or_default();
        }
        None
    });
    wrong.or_else(|| (!ended && end <= tape.len()).then_some(end.saturating_sub(1)))
}

/// Codes of one byte, each with the bytes that follow it (TIFF 6.0, section 9).
fn pack_bits(tape: &mut Tape, at: u64, length: u64, picture: &Picture, holds: impl Fn(u64) -> bool) -> Strip {
    let mut output = 0u64;
    let mut skip = 0usize;
    let most = if picture.strip_size == 0 { u64::MAX } else { picture.strip_size.saturating_add(256) };
    let wrong_at = pieces(tape, at, length, |at, piece| {
        let mut inside = skip;
        while let Some(code) = piece.get(inside) {
            let (bytes, count) = match *code {
                literal @ 0..=127 => (u64::from(literal).saturating_add(1), u64::from(literal).saturating_add(1)),
                128 => (0, 0),
                run => (1, 257u64.saturating_sub(run.into())),
            };
            output = output.saturating_add(count);
            if output > most {
                return Some(at.saturating_add(inside as u64));
            }
            inside = inside.saturating_add(1).saturating_add(usize::try_from(bytes).unwrap_or(0));
        }
        skip = inside.saturating_sub(piece.len());
        None
    });
    Strip { wrong_at, is_exact: skip == 0 && holds(output) }
}

/// A JPEG stream: it begins with its marker, and no marker stands in its coded data that does not belong there.
fn marked(tape: &mut Tape, at: u64, length: u64) -> Option<u64> {
    if length < 4 || at >= tape.len() {
        return None;
    }
    if !tape.has(at, &[0xff, 0xd8]) {
        return Some(at);
    }
    let mut place = at.saturating_add(2);
    let end = at.saturating_add(length);
    // The segments before the scan.
    while place < end {
        let Ok([mark, marker, high, low]) = tape.array(place) else { return None };
        if mark != 0xff || !(0xc0..=0xfe).contains(&marker) {
            return Some(place);
        }
        if marker == 0xd9 {
            return None;
        }
        place = place.saturating_add(2).saturating_add(u16::from_be_bytes([high, low]).into());
        if marker == 0xda {
            break;
        }
    }
    let mut after_mark = false;
    let mut over = false;
    pieces(tape, place, end.saturating_sub(place), |at, piece| {
        for (index, byte) in piece.iter().enumerate() {
            if over {
                return None;
            }
            if after_mark {
                match byte {
                    0 | 0xd0..=0xd7 | 0xff => {}
                    // More scans, or the end: what follows is not looked at.
                    0xc4 | 0xd9..=0xdd | 0xe0..=0xef | 0xfe => over = true,
                    _ => return Some(at.saturating_add(index as u64)),
                }
            }
            after_mark = *byte == 0xff;
        }
        None
    })
}
