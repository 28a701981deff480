//! WAV: the format of the samples, the samples, and chunks around them.

use super::{Chunk, is_name};
use crate::carve::{Break, Broken, Found, Holds, Outcome, Tape};

const KIND: &str = "wav";
/// Chunks that are walked.
const MOST_CHUNKS: usize = 1 << 12;
/// A size that is told elsewhere, or was never filled in.
const UNTOLD: u64 = 0xffff_ffff;

pub(super) fn check(tape: &mut Tape) -> Outcome {
    walk(tape).unwrap_or(Outcome::No)
}

fn walk(tape: &mut Tape) -> Result<Outcome, Break> {
    let riff = Chunk::at(tape, 0)?;
    let mut end = riff.end;
    let (mut at, mut format, mut data, mut long_data) = (12u64, false, None, None);
    for _ in 0..MOST_CHUNKS {
        if at.saturating_add(8) > end || (at.saturating_add(8) > tape.len() && data.is_some()) {
            break;
        }
        let mut chunk = Chunk::at(tape, at)?;
        match &chunk.id {
            b"ds64" if riff.size() == UNTOLD => {
                end = tape.le64(chunk.body())?.saturating_add(8);
                long_data = Some(tape.le64(chunk.body().saturating_add(8))?);
            }
            b"fmt " => format = is_format(tape, chunk)?,
            b"data" if format => {
                if chunk.size() == UNTOLD {
                    let Some(size) = long_data else { return Ok(Outcome::No) };
                    chunk.end = chunk.body().saturating_add(size);
                }
                data = Some(chunk);
            }
            b"data" => return Ok(Outcome::No),
            _ if !is_name(chunk.id) => return Ok(lost(tape, data, at)),
            _ => {}
        }
        if chunk.end > end {
            return Ok(lost(tape, data, at));
        }
        at = chunk.next();
    }
    // The byte that fills the last chunk up may be counted, or not.
    let is_filled = at == end || at == end.saturating_add(1);
    match data {
        Some(_) if end <= tape.len() && is_filled => Ok(Outcome::Whole(Found::new(KIND, end).holds(Holds::Opaque))),
        _ => Ok(lost(tape, data, end)),
    }
}

/// What is left of a file that is wrong at `at`, where it has samples.
fn lost(tape: &Tape, data: Option<Chunk>, at: u64) -> Outcome {
    let Some(data) = data.filter(|data| data.size() > 64) else { return Outcome::No };
    let good = data.end.min(tape.len());
    Outcome::Broken(Broken { kind: KIND, good, broken_at: at.max(good), length: Some(data.end), confidence: 60 })
}

fn is_format(tape: &mut Tape, chunk: Chunk) -> Result<bool, Break> {
    let field = |index: u64| chunk.body().saturating_add(index);
    let (tag, channels, rate) = (tape.le16(field(0))?, tape.le16(field(2))?, tape.le32(field(4))?);
    let (align, bits) = (u64::from(tape.le16(field(12))?), u64::from(tape.le16(field(14))?));
    let is_plain = matches!(tag, 1 | 3 | 0xfffe);
    let frame = u64::from(channels).saturating_mul(bits.div_ceil(8));
    Ok((14..=4096).contains(&chunk.size())
        && (1..=256).contains(&channels)
        && (1..=4_000_000).contains(&rate)
        && tag != 0
        && (!is_plain || (align == frame && align > 0)))
}
