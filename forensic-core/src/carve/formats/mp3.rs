//! MP3 and its elder layers, by the walk of the frames and the tags around them (ISO/IEC 11172-3, 2.4; id3.org, ID3v2.4; Xing and
//! VBRI headers; APEv2; Lyrics3 2.00).

use super::sector::{SECTOR, boundary};
use crate::carve::{Break, Broken, Cause, Format, Found, Holds, Outcome, Signature, Tape};

/// MP3.
pub(super) struct Mp3;

const KIND: &str = "mp3";
const SIGNATURES: &[Signature] = &[
    Signature::new(b"ID3").when(is_tag),
    Signature::new(b"\xff\xfb").when(begins_with_frame),
    Signature::new(b"\xff\xfa").when(begins_with_frame),
    Signature::new(b"\xff\xf3").when(begins_with_frame),
    Signature::new(b"\xff\xf2").when(begins_with_frame),
    Signature::new(b"\xff\xe3").when(begins_with_frame),
    Signature::new(b"\xff\xe2").when(begins_with_frame),
];
/// Frames in a row that show sound behind a tag, and without one.
const FEWEST_BEHIND_TAG: u64 = 4;
const FEWEST_ALONE: u64 = 48;
/// Bytes between a tag and the first frame.
const MOST_PADDING: u64 = 64 << 10;
/// Bytes behind a break in which the frames may go on, and frames that show that they do.
const MOST_LOST: u64 = 1 << 20;
const GOES_ON: u64 = 6;

fn is_tag(head: &[u8]) -> bool {
    matches!(head, [_, _, _, 2..=4, revision, flags, a, b, c, d, ..]
        if *revision != 0xff && flags & 15 == 0 && (a | b | c | d) & 0x80 == 0)
}

fn begins_with_frame(head: &[u8]) -> bool {
    let Some(frame) = head.first_chunk().and_then(|bytes| Frame::of(*bytes)) else { return false };
    let next =
        usize::try_from(frame.length).ok().and_then(|length| head.get(length..)).and_then(|rest| rest.first_chunk());
    next.is_none_or(|next| Frame::of(*next).is_some_and(|next| next.is_like(frame)))
}

impl Format for Mp3 {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        walk(tape).unwrap_or(Outcome::No)
    }
}

/// A frame header.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Version, layer and sampling rate: the same in all frames of a file.
    same: u16,
    mono: bool,
    version: u8,
    length: u64,
}

impl Frame {
    fn of([sync, a, b, c]: [u8; 4]) -> Option<Self> {
        const RATES: [[u64; 15]; 5] = [
            [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
            [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
            [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
            [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        ];
        const SAMPLING: [u64; 3] = [44_100, 48_000, 32_000];
        let (version, layer) = (a >> 3 & 3, a >> 1 & 3);
        if sync != 0xff || a & 0xe0 != 0xe0 || version == 1 || layer == 0 || c & 3 == 2 {
            return None;
        }
        let (first, layer) = (version == 3, 4u8.saturating_sub(layer));
        let row = match (first, layer) {
            (true, 1) => 0,
            (true, 2) => 1,
            (true, _) => 2,
            (false, 1) => 3,
            (false, _) => 4,
        };
        let rate = RATES.get(row)?.get(usize::from(b >> 4)).copied().filter(|rate| *rate > 0)?.saturating_mul(1000);
        let sampling = SAMPLING.get(usize::from(b >> 2 & 3))? >> (3u8.saturating_sub(version).min(2));
        let padding = u64::from(b >> 1 & 1);
        let length = match (layer, first) {
            (1, _) => rate.saturating_mul(12).checked_div(sampling)?.saturating_add(padding).saturating_mul(4),
            (3, false) => rate.saturating_mul(72).checked_div(sampling)?.saturating_add(padding),
            _ => rate.saturating_mul(144).checked_div(sampling)?.saturating_add(padding),
        };
        let same = u16::from(a & 0x1e) << 8 | u16::from(b & 0x0c);
        (length >= 21).then_some(Self { same, mono: c >> 6 == 3, version, length })
    }

    fn at(tape: &mut Tape, at: u64) -> Option<Self> {
        Self::of(tape.array(at).ok()?)
    }

    fn is_like(self, other: Self) -> bool {
        self.same == other.same && self.mono == other.mono
    }
}

fn walk(tape: &mut Tape) -> Result<Outcome, Break> {
    let tag = id3v2(tape, 0)?;
    let mut at = tag.unwrap_or(0);
    // A second tag stands behind the first where a program did not see it.
    while let Some(next) = id3v2(tape, at)? {
        at = next;
    }
    let first = match tag {
        Some(_) => padded(tape, at).ok_or(Break::wrong(at, "first frame"))?,
        None => 0,
    };
    let frame = Frame::at(tape, first).ok_or(Break::wrong(first, "frame header"))?;
    let told = told_frames(tape, first, frame);
    // The first frame of a stream uses no bits of one before it.
    if tag.is_none() && told.is_none() && reservoir(tape, first, frame)? != 0 {
        return Ok(Outcome::No);
    }
    let (mut frames, mut at, mut last, mut bad) = (0u64, first, first, None);
    loop {
        match Frame::at(tape, at).filter(|next| next.is_like(frame)) {
            Some(next) if at.saturating_add(next.length) <= tape.len() => {
                // What follows the last frame is no frame; one by chance stands there once in 2000 files.
                (last, at) = (at, at.saturating_add(next.length));
                frames = frames.saturating_add(1);
            }
            Some(_) => return Ok(cut(tape, at, frames, tag.is_some())),
            None => {
                let missing = told.is_some_and(|told| frames < told);
                match (missing && frames >= GOES_ON).then(|| resume(tape, at, frame)).flatten() {
                    Some(place) => {
                        bad = bad.or(Some(at));
                        at = place;
                    }
                    None => break,
                }
            }
        }
    }
    let fewest =
        if tag.is_some() || told.is_some_and(|told| told <= frames) { FEWEST_BEHIND_TAG } else { FEWEST_ALONE };
    if frames < fewest {
        return Ok(Outcome::No);
    }
    let end = tags_behind(tape, at);
    let found = Found::new(KIND, end).holds(Holds::Others);
    Ok(match bad {
        Some(bad) => Outcome::Whole(found.damaged_at(bad)),
        None if told.is_some_and(|told| frames.saturating_add(2) < told) && end == at => {
            // The last frame may be cut.
            let good = boundary(tape, last, at, SECTOR as u64).unwrap_or(at);
            Outcome::Broken(Broken { kind: KIND, good, broken_at: at, length: None, confidence: 80 })
        }
        None => Outcome::Whole(found),
    })
}

/// The file ends with the source.
fn cut(tape: &Tape, at: u64, frames: u64, tagged: bool) -> Outcome {
    let fewest = if tagged { FEWEST_BEHIND_TAG } else { FEWEST_ALONE };
    if frames < fewest {
        return Outcome::No;
    }
    Outcome::Broken(Broken {
        kind: KIND,
        good: tape.len().max(at),
        broken_at: tape.len(),
        length: None,
        confidence: 80,
    })
}

/// Where the ID3v2 tag at `at` ends.
fn id3v2(tape: &mut Tape, at: u64) -> Result<Option<u64>, Break> {
    let head: [u8; 10] = match tape.array(at) {
        Ok(head) => head,
        Err(Break { cause: Cause::End, .. }) => return Ok(None),
        Err(broken) => return Err(broken),
    };
    if !head.starts_with(b"ID3") || !is_tag(&head) {
        return Ok(None);
    }
    let size = head.iter().skip(6).fold(0u64, |size, byte| size << 7 | u64::from(*byte));
    let footer = if head.get(5).is_some_and(|flags| flags & 0x10 != 0) { 10 } else { 0 };
    Ok(Some(at.saturating_add(10).saturating_add(size).saturating_add(footer)))
}

/// The first frame behind a tag, and zeros that fill it up.
fn padded(tape: &mut Tape, at: u64) -> Option<u64> {
    let mut place = at;
    while place < at.saturating_add(MOST_PADDING) {
        let window = tape.window(place).ok()?;
        match window.iter().position(|byte| *byte != 0) {
            Some(zeros) => {
                let place = place.saturating_add(zeros as u64);
                return Frame::at(tape, place).map(|_| place);
            }
            None => place = place.saturating_add(window.len() as u64),
        }
    }
    None
}

/// The frames that a Xing or VBRI header in the first frame tells of.
fn told_frames(tape: &mut Tape, first: u64, frame: Frame) -> Option<u64> {
    let side = match (frame.version == 3, frame.mono) {
        (true, false) => 32,
        (false, true) => 9,
        _ => 17,
    };
    let xing = first.saturating_add(4).saturating_add(side);
    if tape.has(xing, b"Xing") || tape.has(xing, b"Info") {
        let flags = tape.be32(xing.saturating_add(4)).ok()?;
        return if flags & 1 != 0 { tape.be32(xing.saturating_add(8)).ok().map(u64::from) } else { Some(0) };
    }
    let vbri = first.saturating_add(36);
    tape.has(vbri, b"VBRI").then(|| tape.be32(vbri.saturating_add(14)).ok().map(u64::from)).flatten()
}

/// Bytes of earlier frames that the frame at `at` uses; 0 in layers that have no such thing.
fn reservoir(tape: &mut Tape, at: u64, frame: Frame) -> Result<u16, Break> {
    let protected = tape.byte(at.saturating_add(1))? & 7;
    if protected >> 1 != 1 {
        return Ok(0);
    }
    let side = tape.be16(at.saturating_add(if protected & 1 == 0 { 6 } else { 4 }))?;
    Ok(if frame.version == 3 { side >> 7 } else { side >> 8 })
}

/// The frame behind a break at `from` with which the sound goes on.
fn resume(tape: &mut Tape, from: u64, frame: Frame) -> Option<u64> {
    let second = u8::try_from(frame.same >> 8).unwrap_or(0) | 0xe0;
    let limit = from.saturating_add(MOST_LOST).min(tape.len());
    let mut at = from.saturating_add(1);
    while let Some(place) = [second, second | 1].iter().filter_map(|byte| tape.find(&[0xff, *byte], at, limit)).min() {
        let mut next = place;
        let goes_on = (0..GOES_ON).all(|_| match Frame::at(tape, next).filter(|next| next.is_like(frame)) {
            Some(found) => {
                next = next.saturating_add(found.length);
                true
            }
            None => false,
        });
        if goes_on {
            return Some(place);
        }
        at = place.saturating_add(1);
    }
    None
}

/// Where the tags that stand behind the frames end: Lyrics3, APE and ID3v1, in any order that is in use.
fn tags_behind(tape: &mut Tape, mut at: u64) -> u64 {
    for _ in 0..4 {
        let end = [lyrics, ape, id3v1].iter().find_map(|tag| tag(tape, at)).filter(|end| *end <= tape.len());
        match end {
            Some(end) => at = end,
            None => break,
        }
    }
    at
}

fn id3v1(tape: &mut Tape, at: u64) -> Option<u64> {
    let extended = tape.has(at, b"TAG+") && tape.has(at.saturating_add(227), b"TAG");
    let length = if extended { 227 } else { 128 };
    tape.has(at, b"TAG").then(|| at.saturating_add(length))
}

fn ape(tape: &mut Tape, at: u64) -> Option<u64> {
    // The size leaves out the header, and has the footer.
    let size = u64::from(tape.has(at, b"APETAGEX").then(|| tape.le32(at.saturating_add(12)).ok()).flatten()?);
    let end = at.saturating_add(32).saturating_add(size);
    tape.has(end.saturating_sub(32), b"APETAGEX").then_some(end)
}

fn lyrics(tape: &mut Tape, at: u64) -> Option<u64> {
    if !tape.has(at, b"LYRICSBEGIN") {
        return None;
    }
    let limit = at.saturating_add(1 << 20).min(tape.len());
    tape.find(b"LYRICS200", at, limit).map(|place| place.saturating_add(9))
}
