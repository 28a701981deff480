//! gzip (RFC 1952): every member inflated, its CRC-32 and size checked.

use super::inflate::{self, Torn};
use crate::carve::{Break, Broken, Format, Found, Holds, Outcome, Signature, Tape};

/// gzip files, of one member or several.
pub(super) struct Gzip;

const KIND: &str = "gzip";
const SIGNATURES: &[Signature] = &[Signature::new(b"\x1f\x8b\x08").when(plausible)];
/// Bytes that must inflate before a torn file is believed: noise goes on for a few hundred.
const CONVINCING: u64 = 16 << 10;
const LONGEST_TEXT: u64 = 64 << 10;

const HEADER_CRC: u8 = 2;
const EXTRA: u8 = 4;
const NAME: u8 = 8;
const COMMENT: u8 = 16;

impl Format for Gzip {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let mut end = match member(tape, 0) {
            Ok(end) => end,
            Err(torn) if torn.size >= CONVINCING => {
                let at = torn.broken.at;
                return Outcome::Broken(Broken { kind: KIND, good: at, broken_at: at, length: None, confidence: 70 });
            }
            Err(_) => return Outcome::No,
        };
        while tape.bytes(end, 10).is_ok_and(plausible) {
            match member(tape, end) {
                Ok(next) => end = next,
                Err(torn) if torn.size >= CONVINCING => {
                    let at = torn.broken.at;
                    return Outcome::Broken(Broken {
                        kind: KIND,
                        good: at,
                        broken_at: at,
                        length: None,
                        confidence: 90,
                    });
                }
                Err(_) => break,
            }
        }
        Outcome::Whole(Found::new(KIND, end).confidence(100).holds(Holds::Others))
    }
}

/// Whether a header may begin here: no reserved flag, a level and a system that RFC 1952 knows.
fn plausible(head: &[u8]) -> bool {
    match head {
        [0x1f, 0x8b, 8, flags, _, _, _, _, level, system, ..] => {
            flags & 0xe0 == 0 && matches!(level, 0 | 2 | 4) && matches!(system, 0..=13 | 255)
        }
        _ => false,
    }
}

/// The end of the member at `at`.
fn member(tape: &mut Tape, at: u64) -> Result<u64, Torn> {
    let nothing = |broken| Torn { broken, size: 0 };
    let data = header(tape, at).map_err(nothing)?;
    let inflated = inflate::raw(tape, data, u64::MAX)?;
    let torn = |broken| Torn { broken, size: inflated.size };
    let crc = tape.le32(inflated.end).map_err(torn)?;
    let size = tape.le32(inflated.end.saturating_add(4)).map_err(torn)?;
    match crc == inflated.crc && u64::from(size) == inflated.size & 0xffff_ffff {
        true => Ok(inflated.end.saturating_add(8)),
        false => Err(torn(Break::wrong(inflated.end, "CRC-32"))),
    }
}

/// The end of the header at `at`.
fn header(tape: &mut Tape, start: u64) -> Result<u64, Break> {
    let flags = tape.byte(start.saturating_add(3))?;
    let mut at = start.saturating_add(10);
    if flags & EXTRA != 0 {
        at = at.saturating_add(2).saturating_add(tape.le16(at)?.into());
    }
    for field in [NAME, COMMENT] {
        if flags & field != 0 {
            let end = tape.find(b"\0", at, at.saturating_add(LONGEST_TEXT));
            at = end.ok_or(Break::wrong(at, "name or comment"))?.saturating_add(1);
        }
    }
    if flags & HEADER_CRC != 0 {
        let length = usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX);
        let sum = crc32fast::hash(tape.bytes(start, length)?);
        if u32::from(tape.le16(at)?) != sum & 0xffff {
            return Err(Break::wrong(at, "header CRC"));
        }
        at = at.saturating_add(2);
    }
    Ok(at)
}
