//! Windows event logs ([MS-EVEN6] 2.2.17 and libevtx's description of the file): file header and chunks of 64 KiB, each with
//! its checksums.

use crate::carve::{Broken, Format, Found, Outcome, Signature, Tape};

/// Event logs of Vista and later.
pub(super) struct Evtx;

const KIND: &str = "evtx";
const SIGNATURES: &[Signature] = &[Signature::new(b"ElfFile\0").when(plausible)];
const HEADER: u64 = 4096;
const CHUNK: u64 = 64 << 10;
/// Bytes of a chunk before its records.
const CHUNK_HEADER: usize = 512;

impl Format for Evtx {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let Ok(told) = tape.le16(42) else { return Outcome::No };
        let (mut at, mut chunks, mut damaged) = (HEADER, 0u64, None);
        // A log that was not closed has more chunks than its header tells.
        while let Some(sound) = chunk(tape, at) {
            if !sound && damaged.is_none() {
                damaged = Some(at);
            }
            at = at.saturating_add(CHUNK);
            chunks = chunks.saturating_add(1);
        }
        // Chunks not used yet are zeros.
        while chunks > 0 && chunks < told.into() && is_unused(tape, at) {
            at = at.saturating_add(CHUNK);
            chunks = chunks.saturating_add(1);
        }
        let found = Found::new(KIND, at).confidence(100);
        match (chunks, damaged) {
            (0, _) => Outcome::No,
            (chunks, _) if chunks < told.into() => Outcome::Broken(Broken {
                kind: KIND,
                good: at,
                broken_at: at,
                length: Some(HEADER.saturating_add(CHUNK.saturating_mul(told.into()))),
                confidence: 90,
            }),
            (_, Some(byte)) => Outcome::Whole(found.damaged_at(byte)),
            (_, None) => Outcome::Whole(found),
        }
    }
}

/// Whether the checksum of the file header holds.
fn plausible(head: &[u8]) -> bool {
    let stored = head.get(124..128).and_then(|sum| sum.first_chunk()).map(|sum| u32::from_le_bytes(*sum));
    head.get(..120).is_some_and(|header| stored == Some(crc32fast::hash(header)))
}

/// Whether the records of the chunk at `at` agree with their checksum; `None` where no chunk stands there.
fn chunk(tape: &mut Tape, at: u64) -> Option<bool> {
    tape.has(at, b"ElfChnk\0").then_some(())?;
    let chunk = tape.bytes(at, usize::try_from(CHUNK).ok()?).ok()?;
    let le32 = |at: usize| chunk.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    let mut header = crc32fast::Hasher::new();
    header.update(chunk.get(..120)?);
    header.update(chunk.get(128..CHUNK_HEADER)?);
    (le32(124)? == header.finalize()).then_some(())?;
    let free = usize::try_from(le32(48)?).ok()?;
    let records = chunk.get(CHUNK_HEADER..free)?;
    Some(le32(52)? == crc32fast::hash(records))
}

fn is_unused(tape: &mut Tape, at: u64) -> bool {
    let length = usize::try_from(CHUNK).unwrap_or(0);
    tape.bytes(at, length).is_ok_and(|chunk| chunk.iter().all(|byte| *byte == 0))
}
