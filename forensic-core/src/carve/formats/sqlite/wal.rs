//! Write-ahead logs of SQLite (sqlite.org, "Database File Format", 4): frames whose checksums follow one from another.

use crate::carve::{Break, Format, Found, Outcome, Signature, Tape};

/// Write-ahead logs.
pub(in crate::carve::formats) struct Wal;

const KIND: &str = "sqlite-wal";
const SIGNATURES: &[Signature] =
    &[Signature::new(b"\x37\x7f\x06\x82").when(plausible), Signature::new(b"\x37\x7f\x06\x83").when(plausible)];
const VERSION: &[u8; 4] = &3_007_000u32.to_be_bytes();
const HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

impl Format for Wal {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let Ok((length, frames)) = walk(tape) else { return Outcome::No };
        match frames {
            0 => Outcome::No,
            _ => Outcome::Whole(Found::new(KIND, length).confidence(100)),
        }
    }
}

fn plausible(head: &[u8]) -> bool {
    head.get(4..8) == Some(VERSION)
}

/// The end of the last frame, and the number of frames. Behind the frames of the latest run those of an earlier one may
/// stand, with other salts: they are of the file as well.
fn walk(tape: &mut Tape) -> Result<(u64, u64), Break> {
    let big_endian = tape.byte(3)? == 0x83;
    let page_size = u64::from(tape.be32(8)?);
    if !(512..=65536).contains(&page_size) || !page_size.is_power_of_two() {
        return Err(Break::wrong(8, "page size"));
    }
    let mut sum = checksum((0, 0), tape.bytes(0, 24)?, big_endian);
    if sum != (tape.be32(24)?, tape.be32(28)?) {
        return Err(Break::wrong(24, "checksum of the header"));
    }
    let salts = tape.be64(16)?;
    let frame = FRAME_HEADER.saturating_add(page_size);
    let (mut at, mut frames) = (HEADER, 0u64);
    let page = usize::try_from(page_size).unwrap_or(0);
    while let Ok(head) = tape.array::<24>(at) {
        let salted = head.get(8..16) == Some(salts.to_be_bytes().as_slice());
        let Ok(bytes) = tape.bytes(at.saturating_add(FRAME_HEADER), page) else { break };
        let next = checksum(checksum(sum, head.get(..8).unwrap_or_default(), big_endian), bytes, big_endian);
        let said = head.get(16..24).map(|said| (super::header::be32(said, 0), super::header::be32(said, 4)));
        if !salted || said != Some(next) {
            break;
        }
        sum = next;
        at = at.saturating_add(frame);
        frames = frames.saturating_add(1);
    }
    let older = older(tape, at, frame, salts);
    Ok((at.saturating_add(older.saturating_mul(frame)), frames))
}

/// Frames at `at` of a run before: its first salt is one less, and one pair of salts is on all of them.
fn older(tape: &mut Tape, mut at: u64, frame: u64, salts: u64) -> u64 {
    let mut frames = 0u64;
    let mut run = None;
    while let Ok(head) = tape.array::<24>(at) {
        let page = super::header::be32(&head, 0);
        let pair = (super::header::be32(&head, 8), super::header::be32(&head, 12));
        let newest = u32::try_from(salts >> 32).unwrap_or(0);
        let age = newest.wrapping_sub(pair.0);
        let end = at.saturating_add(frame);
        let follows = run.is_none_or(|(last_age, last)| age > last_age || pair == last);
        if page == 0 || !(1..1000).contains(&age) || !follows || end > tape.len() {
            break;
        }
        run = Some((age, pair));
        at = end;
        frames = frames.saturating_add(1);
    }
    frames
}

fn checksum((mut first, mut second): (u32, u32), bytes: &[u8], big_endian: bool) -> (u32, u32) {
    let word = |bytes: &[u8; 4]| if big_endian { u32::from_be_bytes(*bytes) } else { u32::from_le_bytes(*bytes) };
    for pair in bytes.as_chunks::<8>().0 {
        let [a, b, c, d, e, f, g, h] = *pair;
        first = first.wrapping_add(word(&[a, b, c, d])).wrapping_add(second);
        second = second.wrapping_add(word(&[e, f, g, h])).wrapping_add(first);
    }
    (first, second)
}
