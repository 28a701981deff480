//! 7z ("7z Format description", 7zFormat.txt of the LZMA SDK, public domain): the start header tells where the end header
//! lies; both have a CRC-32.

use crate::carve::{Broken, Format, Found, Holds, Outcome, Signature, Tape};

/// 7z archives.
pub(super) struct SevenZip;

const KIND: &str = "7z";
const SIGNATURES: &[Signature] = &[Signature::new(b"7z\xbc\xaf\x27\x1c").when(plausible)];
const START: u64 = 32;

impl Format for SevenZip {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let (Ok(offset), Ok(size), Ok(sum)) = (tape.le64(12), tape.le64(20), tape.le32(28)) else { return Outcome::No };
        let header = START.saturating_add(offset);
        let Some(end) = header.checked_add(size) else { return Outcome::No };
        let sound = end <= tape.len() && super::checksum::crc32(tape, header, end).is_ok_and(|crc| crc == sum);
        match sound {
            true => Outcome::Whole(Found::new(KIND, end).holds(Holds::Others)),
            false => Outcome::Broken(Broken {
                kind: KIND,
                good: START,
                broken_at: end.min(tape.len()).max(START),
                length: Some(end),
                confidence: 80,
            }),
        }
    }
}

/// Whether the start header's CRC holds.
fn plausible(head: &[u8]) -> bool {
    let stored = head.get(8..12).and_then(|sum| sum.first_chunk()).map(|sum| u32::from_le_bytes(*sum));
    head.get(6) == Some(&0) && head.get(12..32).is_some_and(|header| stored == Some(crc32fast::hash(header)))
}
