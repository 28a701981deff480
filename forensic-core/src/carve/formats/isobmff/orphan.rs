//! What is left where the metadata is lost or the samples are cut: how far the data goes on as it began.

use super::{
    coding::{Coding, forbidden, no_text},
    layout::Layout,
    proof::Proof,
};
use crate::{
    bytes::is_zero,
    carve::{
        Broken, Found, Holds, Outcome, Tape,
        formats::{
            begins,
            own::is_jpeg,
            sector::{SECTOR, is_foreign_to_compressed, is_last_before_zeros},
        },
    },
};

/// Bytes without a sign of a sample after which data does not go on.
const MOST_SILENCE: u64 = 96 << 10;
/// The longest unit that is believed where nothing but its length tells of it.
const LONGEST_UNIT: u64 = 1 << 20;
/// Sectors of a piece that was overwritten.
const MOST_FOREIGN: u64 = 1 << 12;
/// What is believed of samples that nothing can be held against.
const BELIEVED: u64 = 64 << 10;
/// Foreign bytes that end data.
const FOREIGN: u64 = 4096;
/// Zeros at the end of data that no coder writes there.
const ZEROS: usize = 64;

/// A file whose metadata was not found.
pub(super) fn outcome(layout: &Layout, tape: &mut Tape) -> Outcome {
    let Some(data) = layout.first(b"mdat").or(layout.cut).filter(|data| &data.kind == b"mdat") else {
        return Outcome::No;
    };
    if layout.brands.is_empty() {
        return Outcome::No;
    }
    let (good, seen) = goes_on(tape, data.body, data.end.min(tape.len()));
    if good <= data.body.saturating_add(16) {
        return Outcome::No;
    }
    let good = begins::first(tape, data.body, good).unwrap_or(good);
    let confidence = if seen && good.saturating_sub(data.body) > FOREIGN { 95 } else { 60 };
    let broken_at = if layout.cut.is_some() { tape.len() } else { layout.end };
    Outcome::Broken(Broken { kind: layout.kind(), good, broken_at: broken_at.max(good), length: None, confidence })
}

/// A file that is cut, or whose samples are not where they should be.
pub(super) fn broken(
    layout: &Layout,
    proof: &Proof,
    kind: &'static str,
    length: Option<u64>,
    tape: &mut Tape,
) -> Outcome {
    let data_end = layout.cut.map_or(layout.end, |cut| cut.body.max(layout.end));
    let length = length.or((proof.end > layout.end).then_some(proof.end));
    let (good, broken_at) = match proof.bad {
        Some(bad) => (bad.offset, bad.offset.saturating_add(bad.size)),
        None if proof.checked > 0 => (layout.end.min(proof.end), data_end),
        None => {
            let from = layout.cut.map_or(layout.end, |cut| cut.body);
            let to = proof.end.min(tape.len());
            let foreign = foreign(tape, from, to).unwrap_or(to);
            (foreign, foreign)
        }
    };
    if good < 64 {
        return Outcome::No;
    }
    let good = good.min(tape.len());
    Outcome::Broken(Broken { kind, good, broken_at: broken_at.max(good), length, confidence: 95 })
}

/// A picture whose items are where they should be: bytes that no coder writes show that it was cut. That all of AV1 or HEVC decodes
/// is not looked at: any bytes do for long.
pub(super) fn picture(layout: &Layout, tape: &mut Tape, found: Found) -> Outcome {
    let coded = layout.items.iter().filter(|extent| extent.coding.is_compressed());
    // The tiles of a picture are short and stand one behind another.
    let mut stretches: Vec<(u64, u64)> = Vec::new();
    for (start, length) in coded.map(|extent| (extent.offset, extent.length)) {
        let end = start.saturating_add(length);
        match stretches.last_mut() {
            Some((_, last)) if *last == start => *last = end,
            _ => stretches.push((start, end)),
        }
    }
    let wrong = |(start, end)| foreign(tape, start, end).or_else(|| zeros_at_end(tape, start, end));
    let mut first = stretches.into_iter().filter_map(wrong).min();
    for extent in &layout.items {
        let end = extent.offset.saturating_add(extent.length);
        let place = match extent.coding {
            Coding::Nal(length) => forbidden(tape, extent.offset, end, length),
            Coding::Xml => no_text(tape, extent.offset, end),
            _ => None,
        };
        if let Some(place) = place {
            first = Some(first.unwrap_or(u64::MAX).min(sector_of(place).max(extent.offset)));
        }
    }
    let length = found.length;
    let Some(at) = first else {
        let confidence = if found.kind == "avif" { 70 } else { 90 };
        return Outcome::Whole(found.confidence(confidence).holds(Holds::Opaque));
    };
    let gap = foreign_run(tape, at, SECTOR as u64, MOST_FOREIGN).unwrap_or(u64::MAX);
    let in_place = at.saturating_add(gap) < length
        && ends_at(tape, length)
        && (gap == 0 || !ends_at(tape, length.saturating_add(gap)));
    if in_place {
        return Outcome::Whole(found.damaged_at(at));
    }
    let (kind, broken_at) = (found.kind, at.saturating_add(FOREIGN));
    Outcome::Broken(Broken { kind, good: at, broken_at, length: Some(length), confidence: 95 })
}

/// Bytes of the pieces of `size` bytes from `at` on that are of no coder; `None` where more than `most` are.
pub(super) fn foreign_run(tape: &mut Tape, at: u64, size: u64, most: u64) -> Option<u64> {
    (0..most).map(|n| n.saturating_mul(size)).find(|run| {
        let place = at.saturating_add(*run);
        !tape.bytes(place, SECTOR).is_ok_and(is_foreign_to_compressed)
    })
}

/// True where coded data ends at `end`, and nothing but zeros fill its sector up.
pub(super) fn ends_at(tape: &mut Tape, end: u64) -> bool {
    is_last_before_zeros(tape, end, SECTOR as u64, 8)
}

/// The first sector from `from` on, and before `to`, from which on data is none of a coder for a whole cluster.
pub(super) fn foreign(tape: &mut Tape, from: u64, to: u64) -> Option<u64> {
    let sector = SECTOR as u64;
    let (mut at, mut run) = (from.checked_next_multiple_of(sector)?, 0u64);
    while at.saturating_add(sector) <= to {
        run = if is_foreign_to_compressed(tape.bytes(at, SECTOR).ok()?) { run.saturating_add(sector) } else { 0 };
        if at.is_multiple_of(FOREIGN) && tape.bytes(at, FOREIGN as usize).is_ok_and(is_jpeg) {
            return Some(at);
        }
        at = at.saturating_add(sector);
        if run >= FOREIGN {
            return Some(at.saturating_sub(run));
        }
    }
    None
}

/// The first sector of the zeros that data from `from` to `to` ends with, where it does.
fn zeros_at_end(tape: &mut Tape, from: u64, to: u64) -> Option<u64> {
    let last = to.checked_sub(ZEROS as u64).filter(|last| *last >= from)?;
    if !is_zero(tape.bytes(last, ZEROS).ok()?) {
        return None;
    }
    let mut first = sector_of(last);
    while first > from && tape.bytes(first.saturating_sub(SECTOR as u64), SECTOR).is_ok_and(is_zero) {
        first = first.saturating_sub(SECTOR as u64);
    }
    Some(first.max(from))
}

/// Where the sector of byte `at` begins.
fn sector_of(at: u64) -> u64 {
    at.checked_div(SECTOR as u64).unwrap_or(0).saturating_mul(SECTOR as u64)
}

/// Where the samples that begin at `from` end, as far as lengths before units or start codes of pictures tell, and whether they
/// do.
fn goes_on(tape: &mut Tape, from: u64, to: u64) -> (u64, bool) {
    let starts_with_code = tape.has(from, b"\0\0\x01");
    let (mut good, mut at) = (from, from);
    while at < to && at.saturating_sub(good) < MOST_SILENCE {
        let Ok(window) = tape.bytes(at, 4096.min(usize::try_from(to.saturating_sub(at)).unwrap_or(4096))) else {
            break;
        };
        let window = window.to_vec();
        let found = if starts_with_code { code(&window) } else { unit(tape, &window, at, to) };
        match found {
            Some((next, end)) => {
                good = good.max(end.min(to));
                at = if starts_with_code { at.saturating_add(next) } else { end.min(to) };
            }
            None => at = at.saturating_add((window.len() as u64).saturating_sub(8).max(1)),
        }
        if window.len() < 16 {
            break;
        }
    }
    let most = to.min(from.saturating_add(BELIEVED));
    if good == from { (foreign(tape, from, most).unwrap_or(most), false) } else { (good, true) }
}

/// The first start code of an MPEG-4 picture: where to look on, and where it stands.
fn code(window: &[u8]) -> Option<(u64, u64)> {
    let place = memchr::memmem::find(window, b"\0\0\x01\xb6")? as u64;
    Some((place.saturating_add(4), place))
}

/// True for a slice of H.264 as coders of one slice a picture write it: the first of the picture, all of one type.
fn is_slice(tape: &mut Tape, head: &[u8], end: u64) -> bool {
    let [0, a, _, _, kind] = head else { return false };
    let size = head.iter().take(4).fold(0u64, |size, byte| size << 8 | u64::from(*byte));
    let first = end.checked_sub(size).and_then(|unit| tape.byte(unit.saturating_add(1)).ok()).unwrap_or(0);
    // The first macroblock is number 0, and the type of the slice 5, 6 or 7.
    let typed = first & 0x80 != 0 && (matches!(first >> 2 & 0x1f, 0b00110 | 0b00111) || first == 0x88);
    *a < 8 && size >= 8 && matches!(kind & 0x1f, 1 | 5) && typed
}

/// The first unit behind a length, followed by another: where it begins in the window, and where it ends.
fn unit(tape: &mut Tape, window: &[u8], at: u64, to: u64) -> Option<(u64, u64)> {
    let length = |bytes: &[u8]| match bytes {
        [a, b, c, d, kind, ..] if kind & 0x80 == 0 && (kind & 0x1f != 0 || kind & 0x7e != 0) => {
            let size = u64::from(u32::from_be_bytes([*a, *b, *c, *d]));
            (2..LONGEST_UNIT).contains(&size).then_some(size)
        }
        _ => None,
    };
    for (index, bytes) in window.windows(5).enumerate() {
        let Some(size) = length(bytes) else { continue };
        let end = at.saturating_add(index as u64).saturating_add(4).saturating_add(size);
        if end.saturating_add(5) > to {
            continue;
        }
        let mut next: Option<[u8; 5]> = tape.array(end).ok();
        // Two more in a row: one by chance is found in 4 GiB of noise.
        if is_slice(tape, bytes, end) {
            return Some((index as u64, end));
        }
        if let Some(second) = next.and_then(|next| length(&next)) {
            next = tape.array(end.saturating_add(4).saturating_add(second)).ok();
            if next.is_some_and(|third| length(&third).is_some()) {
                return Some((index as u64, end));
            }
        }
    }
    None
}
