//! Ogg: Vorbis, Opus, Theora, Speex, FLAC, by the checksums of its pages (RFC 3533).

use super::chain::{self, Chain, Gap};
use crate::carve::{Break, Broken, Cause, Format, Found, Holds, Mended, Mending, Outcome, Signature, Tape};

/// Ogg.
pub(super) struct Ogg;

const KIND: &str = "ogg";
/// A file begins with the page that begins a stream.
const SIGNATURES: &[Signature] = &[Signature::new(b"OggS\0\x02")];
const MOST_STREAMS: usize = 256;
const SECTOR: u64 = 512;
/// Bytes behind a break in which the pages may go on.
const MOST_LOST: u64 = 1 << 20;

impl Format for Ogg {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let mut walk = Walk { serials: Vec::new(), open: 0, pages: 0, at: 0 };
        let mut bad = None;
        loop {
            match page(tape, walk.at) {
                Ok(page) if walk.is_another(&page) => break,
                Ok(page) => walk.count(&page),
                Err(Break { cause: Cause::Spent, .. }) => return Outcome::No,
                Err(_) if walk.open == 0 || walk.pages < 3 => break,
                Err(_) => match walk.resume(tape) {
                    Some(place) => {
                        bad = bad.or(Some(walk.at));
                        walk.at = place;
                    }
                    None => break,
                },
            }
        }
        if walk.pages < 2 {
            return Outcome::No;
        }
        let found = Found::new(KIND, walk.at).confidence(100).holds(Holds::Others);
        match bad {
            Some(bad) => Outcome::Whole(found.damaged_at(bad)),
            None if walk.open == 0 => Outcome::Whole(found),
            None => {
                let good = walk.at;
                Outcome::Broken(Broken { kind: KIND, good, broken_at: good, length: None, confidence: 90 })
            }
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        chain::mended(mending, self, &mut Pages::default())
    }
}

/// The chain of the pages, each of which has a checksum.
#[derive(Default)]
struct Pages {
    serials: Vec<u32>,
}

impl Chain for Pages {
    fn gap(&mut self, tape: &mut Tape) -> Option<Gap> {
        let (mut at, mut open) = (0, 0usize);
        self.serials.clear();
        while let Ok(page) = page(tape, at) {
            open = open.saturating_add(usize::from(page.begins)).saturating_sub(usize::from(page.ends));
            self.serials.push(page.serial);
            self.serials.dedup();
            at = page.end;
        }
        // A page of which the head is there.
        let is_cut = open > 0 && tape.has(at, b"OggS\0");
        is_cut.then(|| length(tape, at).ok()).flatten().map(|length| Gap { last: at, next: at.saturating_add(length) })
    }

    fn goes_on(&self, tape: &mut Tape, at: u64, _: u64) -> bool {
        page(tape, at).is_ok_and(|page| !page.begins && self.serials.contains(&page.serial))
    }

    fn refutes(&self, tape: &mut Tape, gap: Gap) -> bool {
        page(tape, gap.last).is_err()
    }
}

struct Page {
    serial: u32,
    number: u32,
    begins: bool,
    ends: bool,
    end: u64,
}

struct Walk {
    serials: Vec<u32>,
    /// Streams that have not ended.
    open: usize,
    pages: u64,
    at: u64,
}

impl Walk {
    /// True for a page of another file: all streams are over and it does not begin the next link of a chain, or it is of a
    /// stream that never began.
    fn is_another(&self, page: &Page) -> bool {
        let over = self.open == 0 && self.pages > 0;
        (page.begins && over && self.at.is_multiple_of(SECTOR))
            || (page.begins && self.serials.len() >= MOST_STREAMS)
            || (!page.begins && (over || !self.serials.contains(&page.serial)))
    }

    fn count(&mut self, page: &Page) {
        if page.begins {
            self.serials.push(page.serial);
            self.open = self.open.saturating_add(1);
        }
        if page.ends {
            self.open = self.open.saturating_sub(1);
        }
        self.pages = self.pages.saturating_add(1);
        self.at = page.end;
    }

    /// The page behind a break with which the streams go on.
    fn resume(&self, tape: &mut Tape) -> Option<u64> {
        let limit = self.at.saturating_add(MOST_LOST).min(tape.len());
        let mut at = self.at.saturating_add(1);
        let broken = next(tape, self.at);
        while let Some(place) = tape.find(b"OggS\0", at, limit) {
            match page(tape, place) {
                // The page of the break has the place of its own length; where the next one has another, it was moved.
                Ok(page) if broken.is_some_and(|(next, number)| page.number == number && place != next) => return None,
                Ok(page) if !page.begins && self.serials.contains(&page.serial) => return Some(place),
                Ok(page) if page.begins => return None,
                _ => at = place.saturating_add(4),
            }
        }
        None
    }
}

/// Where the page behind that at `at` begins, and its number, by a head that is there.
fn next(tape: &mut Tape, at: u64) -> Option<(u64, u32)> {
    let number = tape.has(at, b"OggS\0").then(|| tape.le32(at.saturating_add(18)).ok()).flatten()?;
    Some((at.saturating_add(length(tape, at).ok()?), number.wrapping_add(1)))
}

/// The length of the page at `at` by its table of segments.
fn length(tape: &mut Tape, at: u64) -> Result<u64, Break> {
    let segments = tape.byte(at.saturating_add(26))?;
    let table = tape.bytes(at.saturating_add(27), usize::from(segments))?;
    let body: u64 = table.iter().map(|lacing| u64::from(*lacing)).sum();
    Ok(body.saturating_add(27).saturating_add(u64::from(segments)))
}

/// The page at `at`, whose checksum holds.
fn page(tape: &mut Tape, at: u64) -> Result<Page, Break> {
    tape.expect(at, b"OggS\0", "capture pattern of a page")?;
    let flags = tape.byte(at.saturating_add(5))?;
    let serial = tape.le32(at.saturating_add(14))?;
    let (number, told) = (tape.le32(at.saturating_add(18))?, tape.le32(at.saturating_add(22))?);
    let length = length(tape, at)?;
    let bytes = tape.bytes(at, usize::try_from(length).unwrap_or(usize::MAX))?;
    let crc = bytes.iter().zip(0u64..).fold(0u32, |crc, (byte, place)| {
        // The checksum is taken with zeros in its own place.
        let byte = if (22..26).contains(&place) { 0 } else { *byte };
        let index = usize::from((crc >> 24).to_le_bytes().first().copied().unwrap_or(0) ^ byte);
        crc << 8 ^ TABLE.get(index).copied().unwrap_or(0)
    });
    if crc != told || flags & 0xf8 != 0 {
        return Err(Break::wrong(at, "checksum of a page"));
    }
    let end = at.saturating_add(length);
    Ok(Page { serial, number, begins: flags & 2 != 0, ends: flags & 4 != 0, end })
}

#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)] // Known when compiled.
const TABLE: [u32; 256] = {
    let mut table = [0u32; 256];
    let mut index = 0;
    while index < 256 {
        let mut crc = (index as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000_0000 != 0 { crc << 1 ^ 0x04c1_1db7 } else { crc << 1 };
            bit += 1;
        }
        table[index] = crc;
        index += 1;
    }
    table
};
