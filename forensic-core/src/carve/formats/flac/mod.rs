//! FLAC, frame by frame: the header's checksum, the walk of the coded samples, and the checksum of the frame (RFC 9639).

mod bits;
mod frame;

use crate::carve::{Break, Broken, Cause, Format, Found, Outcome, Signature, Tape};
use frame::{Frame, Stream};

/// FLAC.
pub(super) struct Flac;

const KIND: &str = "flac";
const SIGNATURES: &[Signature] =
    &[Signature::new(b"fLaC").when(|head| matches!(head, [_, _, _, _, 0 | 0x80, 0, 0, 34, ..]))];
const MOST_BLOCKS: usize = 1 << 10;
/// Bytes behind a break in which frames may go on.
const MOST_LOST: u64 = 4 << 20;

impl Format for Flac {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let Ok((stream, mut at)) = metadata(tape) else { return Outcome::No };
        let first = at;
        let (mut frames, mut samples, mut bad) = (0u64, 0u64, None);
        let broken = loop {
            if stream.samples > 0 && samples >= stream.samples {
                break None;
            }
            match frame::read(tape, at, &stream) {
                Ok(Frame { length, samples: more, first }) => {
                    frames = frames.saturating_add(1);
                    samples = if bad.is_some() { first.saturating_add(more) } else { samples.saturating_add(more) };
                    at = at.saturating_add(length);
                }
                Err(broken) if broken.cause == Cause::Spent => return Outcome::No,
                Err(broken) => {
                    match (frames > 0 && stream.samples > 0)
                        .then(|| resume(tape, first, at, &stream, samples))
                        .flatten()
                    {
                        Some(place) => {
                            bad = bad.or(Some(at));
                            at = place;
                        }
                        None => break Some(broken),
                    }
                }
            }
        };
        let found = Found::new(KIND, at).confidence(100);
        match (broken, bad) {
            _ if frames == 0 => Outcome::No,
            (None, None) => Outcome::Whole(found),
            (None, Some(bad)) => Outcome::Whole(found.damaged_at(bad)),
            // A stream that was not closed does not know how long it is.
            (Some(_), None) if stream.samples == 0 => Outcome::Whole(found),
            (Some(broken), bad) => {
                let good = bad.unwrap_or(at);
                Outcome::Broken(Broken {
                    kind: KIND,
                    good,
                    broken_at: broken.at.max(good),
                    length: None,
                    confidence: 95,
                })
            }
        }
    }
}

/// The metadata blocks: what the first says of the stream, and where they end.
fn metadata(tape: &mut Tape) -> Result<(Stream, u64), Break> {
    let rates = tape.be64(18)?;
    let stream = Stream {
        largest_block: u64::from(tape.be16(10)?),
        channels: (rates >> 41 & 7).saturating_add(1),
        bits: u32::try_from(rates >> 36 & 31).unwrap_or(0).saturating_add(1),
        samples: rates & 0xf_ffff_ffff,
    };
    if rates >> 44 == 0 || stream.largest_block < 16 || stream.bits < 4 {
        return Err(Break::wrong(8, "stream information"));
    }
    let mut at = 4u64;
    for _ in 0..MOST_BLOCKS {
        let head = tape.be32(at)?;
        if head >> 24 & 0x7f > 6 && head >> 24 & 0x7f != 126 {
            return Err(Break::wrong(at, "metadata block"));
        }
        at = at.saturating_add(4).saturating_add(u64::from(head & 0xff_ffff));
        if head >> 31 == 1 {
            return Ok((stream, at));
        }
    }
    Err(Break::wrong(at, "number of metadata blocks"))
}

/// The sound frame behind a break at `from`, later than `samples`, where the samples between take the bytes between: otherwise it was
/// moved, or is of another file. `first` is where the frames begin.
fn resume(tape: &mut Tape, first: u64, from: u64, stream: &Stream, samples: u64) -> Option<u64> {
    let limit = from.saturating_add(MOST_LOST).min(tape.len());
    let before = from.saturating_sub(first);
    let is_in_place = |sample: u64, place: u64| {
        let lost = sample.saturating_sub(samples).saturating_mul(before).checked_div(samples).unwrap_or(0);
        let between = place.saturating_sub(from);
        sample >= samples && between <= lost.saturating_mul(2) && lost <= between.saturating_mul(2)
    };
    for second in [0xf8, 0xf9] {
        let mut at = from.saturating_add(1);
        while let Some(place) = tape.find(&[0xff, second], at, limit) {
            if frame::read(tape, place, stream).is_ok_and(|frame| is_in_place(frame.first, place)) {
                return Some(place);
            }
            at = place.saturating_add(1);
        }
    }
    None
}
