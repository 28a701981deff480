//! WebP, by the walk of its RIFF chunks and of the codes of its pictures (RFC 9649; VP8: RFC 6386).
//!
//! Neither code can be wrong in itself: any bytes are some picture. What tells is that a sound one takes its data to the last
//! byte, that coders never write certain things (a block that ends in zeros), and that parts of a picture are like their
//! neighbours. All of 42 lossy and 79 lossless pictures at hand passed; with 4 KiB of noise in them none of 940 lossy ones
//! did, and 53 of 1,868 lossless ones, nearly all of them photographs that are little but grain.

mod bools;
mod chunks;
mod codes;
mod curve;
mod evidence;
mod frame;
mod lossless;
mod mend;
mod modes;
mod reader;
mod tables;
mod tokens;

use super::{coded, jpeg::Jpeg, sector};
use crate::carve::{Broken, Cause, Format, Found, Holds, Mended, Mending, Outcome, Signature, Tape};
use chunks::{Chunks, Coding, Picture};
use curve::Fall;
use evidence::Thing;
use lossless::Fault;
use reader::{Reader, Step};
use tokens::Watch;

/// WebP pictures and animations.
pub(super) struct WebP;

const KIND: &str = "webp";
const SIGNATURES: &[Signature] = &[Signature::new(b"RIFF").when(is_plausible)];
/// Bytes of a picture that are read.
const MOST_DATA: u64 = 16 << 20;
/// How far from the estimate a break may lie, and the cluster at whose start it is then taken to lie.
const BLUR: u64 = 768;
const CLUSTER: u64 = 4096;
const SECTOR: u64 = 512;
/// Sectors that are none of a coder, one behind another, where it is not by chance.
const FOREIGN: usize = 4;
/// Macroblocks and pixels that cost as much as a byte that is read.
const STEPS_OF_A_BYTE: usize = 16;
/// Bytes that could be read in the time that one of a picture's data takes, and a step through it.
const WORTH: u64 = 32;
const STEP_WORTH: u64 = 256;

impl Format for WebP {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let Ok(size) = tape.le32(4) else { return Outcome::No };
        let length = u64::from(size).saturating_add(8);
        let length = length.checked_next_multiple_of(2).unwrap_or(length);
        let chunks = Chunks::walk(tape, length);
        if !chunks.has_picture() {
            return Outcome::No;
        }
        let (mut walked, mut at, mut certain) = (true, None, false);
        for picture in &chunks.pictures {
            let Some(bytes) = data(tape, picture) else {
                walked = false;
                continue;
            };
            match sound(&bytes, picture) {
                Ok(steps) => {
                    certain = true;
                    tape.charge((steps / STEPS_OF_A_BYTE) as u64);
                    tape.work((steps as u64).saturating_mul(STEP_WORTH));
                }
                Err(Fault::Large) => walked = false,
                Err(Fault::Wrong) => {
                    let fall = break_of(&bytes, picture);
                    certain |= fall.is_some_and(|fall| fall.is_certain());
                    let inside = fall.map_or(0, |fall| fall.at as u64);
                    at = Some(boundary(picture.from.saturating_add(inside)).max(picture.from));
                    break;
                }
            }
        }
        if let (None, Some((from, to))) = (at, chunks.exif) {
            at = thumbnail_break(tape, from, to);
        }
        // What follows the picture is in its place, or the file ends where it should.
        let in_place = at.is_some() && (chunks.follow(at) || coded::ends_at(tape, length));
        let there = tape.len();
        let broken = |good: u64, at: u64| {
            let good = good.min(there);
            let confidence = if certain { 95 } else { 80 };
            Outcome::Broken(Broken { kind: KIND, good, broken_at: at.max(good), length: Some(length), confidence })
        };
        let found = Found::new(KIND, length);
        match (chunks.stop, at) {
            (None, Some(at)) if in_place => Outcome::Whole(found.damaged_at(at)),
            (_, Some(at)) => broken(at, at),
            (None, None) if walked => {
                let lossy = chunks.pictures.iter().all(|picture| picture.coding == Coding::Lossy);
                Outcome::Whole(found.confidence(if lossy { 100 } else { 95 }))
            }
            (None, None) => Outcome::Whole(found.confidence(70).holds(Holds::Opaque)),
            (Some(stop), None) if stop.cause == Cause::End => broken(length, stop.at),
            (Some(stop), None) => broken(chunks.good, stop.at),
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        mend::mend(self, mending)
    }
}

fn is_plausible(head: &[u8]) -> bool {
    head.get(8..15) == Some(b"WEBPVP8") && matches!(head.get(15), Some(b' ' | b'L' | b'X'))
}

/// Where the thumbnail in a camera's metadata breaks; `None` where there is none, or nothing wrong with it.
fn thumbnail_break(tape: &mut Tape, from: u64, to: u64) -> Option<u64> {
    let inside = tape.find(b"\xff\xd8\xff", from, to)?;
    match tape.within(inside, to, |tape| Jpeg.check(tape)) {
        Outcome::Whole(found) => found.damaged_at,
        Outcome::Broken(broken) => Some(broken.good),
        _ => None,
    }
    .map(|at| boundary(inside.saturating_add(at)).max(inside))
}

/// The data of a picture, as far as it is there; `None` where it is too long to be read.
fn data(tape: &mut Tape, picture: &Picture) -> Option<Vec<u8>> {
    let length = picture.to.min(tape.len()).checked_sub(picture.from).filter(|length| *length <= MOST_DATA)?;
    tape.work(length.saturating_mul(WORTH));
    tape.bytes(picture.from, usize::try_from(length).ok()?).ok().map(<[u8]>::to_vec)
}

fn begun(bytes: &[u8], picture: &Picture) -> Result<Reader, Fault> {
    let length = usize::try_from(picture.to.saturating_sub(picture.from)).map_err(|_| Fault::Large)?;
    Reader::new(bytes, length, picture.coding)
}

/// Reads a picture to its end: the steps it took.
fn sound(bytes: &[u8], picture: &Picture) -> Result<usize, Fault> {
    let reader = begun(bytes, picture)?;
    let steps = reader.steps();
    // The data of a lossy picture alone tells enough; that of others comes to its end by chance too often.
    let is_sound = match picture.coding {
        Coding::Lossy => ends(reader, bytes),
        _ => !curve::fall(reader, bytes).is_break(),
    };
    if is_sound { Ok(steps) } else { Err(Fault::Wrong) }
}

fn ends(mut reader: Reader, bytes: &[u8]) -> bool {
    let mut never = Never(false);
    loop {
        match reader.step(bytes, &mut never) {
            _ if never.0 => return false,
            Step::More => {}
            step => return step == Step::Whole,
        }
    }
}

/// Where the data of a picture breaks; `None` where it is sound, or cannot be read.
fn break_of(bytes: &[u8], picture: &Picture) -> Option<Fall> {
    let mut fall = match begun(bytes, picture) {
        Ok(reader) if picture.coding == Coding::Lossy && ends(reader.clone(), bytes) => return None,
        Ok(reader) => curve::fall(reader, bytes),
        Err(Fault::Wrong) => Fall { at: 0, depth: 0, gained: 0, end: Step::Wrong },
        Err(Fault::Large) => return None,
    };
    if picture.coding != Coding::Lossy && !fall.is_break() {
        return None;
    }
    // What takes no bits, as zeros do, is neither like the picture nor unlike it.
    let foreign = foreign(bytes, picture.from);
    fall.at = foreign.filter(|foreign| *foreign < fall.at || fall.is_shallow()).unwrap_or(fall.at);
    Some(fall)
}

/// Where the data, which begins at byte `from` of the file, has sectors that are none of any coder.
fn foreign(bytes: &[u8], from: u64) -> Option<usize> {
    let first = usize::try_from(from.checked_next_multiple_of(SECTOR)?.checked_sub(from)?).ok()?;
    let sectors = bytes.get(first..)?.chunks_exact(sector::SECTOR);
    let mut run = 0usize;
    for (number, bytes) in sectors.enumerate() {
        run = if sector::is_foreign_to_compressed(bytes) { run.saturating_add(1) } else { 0 };
        if run == FOREIGN {
            let sectors = number.saturating_add(1).saturating_sub(FOREIGN);
            return Some(first.saturating_add(sectors.saturating_mul(sector::SECTOR)));
        }
    }
    None
}

/// The boundary at which a break lies that is seen at byte `at`.
fn boundary(at: u64) -> u64 {
    let cluster = at.saturating_add(CLUSTER / 2) & !(CLUSTER - 1);
    if cluster.abs_diff(at) <= BLUR { cluster } else { at & !(SECTOR - 1) }
}

/// Whether there was something that coders never write.
struct Never(bool);

impl Watch for Never {
    #[inline(always)]
    fn block(&mut self, _: Thing) {}

    fn never(&mut self, _: i64) {
        self.0 = true;
    }

    #[inline(always)]
    fn is_on(&self) -> bool {
        false
    }
}
