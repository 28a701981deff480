//! Thumbnail caches of Windows Vista to 11, thumbcache_*.db ("Windows Explorer Thumbnail Cache database format", libyal): the
//! header and the walk of the entries by their sizes.

use crate::carve::{Break, Broken, Format, Found, Outcome, Signature, Tape};

/// Thumbnail caches.
pub(super) struct Thumbcache;

const KIND: &str = "thumbcache";
const MAGIC: &[u8; 4] = b"CMMM";
const SIGNATURES: &[Signature] = &[Signature::new(MAGIC).when(plausible)];
/// Bytes of an entry's header before its name, Vista's and Windows 7's being the longest.
const LEAST_ENTRY: u32 = 48;

impl Format for Thumbcache {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let Ok((first, used)) = header(tape) else { return Outcome::No };
        let (mut at, mut entries) = (first, 0u64);
        while let Some(next) = entry(tape, at) {
            at = next;
            entries = entries.saturating_add(1);
        }
        match entries {
            0 => Outcome::No,
            _ if at < used => {
                Outcome::Broken(Broken { kind: KIND, good: at, broken_at: at, length: None, confidence: 70 })
            }
            _ => Outcome::Whole(Found::new(KIND, at).confidence(70)),
        }
    }
}

fn plausible(head: &[u8]) -> bool {
    matches!(head.get(4..8), Some([0x14 | 0x15 | 0x1a | 0x1c | 0x1e..=0x20, 0, 0, 0]))
        && matches!(head.get(8..12), Some([0..=15, 0, 0, 0]))
}

/// Where the first entry stands, and where the first unused byte does. Versions differ in the field before.
fn header(tape: &mut Tape) -> Result<(u64, u64), Break> {
    for field in [12, 16] {
        let first = tape.le32(field)?;
        if matches!(first, 24..=64) && tape.has(first.into(), MAGIC) {
            return Ok((first.into(), tape.le32(field.saturating_add(4))?.into()));
        }
    }
    Err(Break::wrong(12, "first entry"))
}

/// The end of the entry at `at`.
fn entry(tape: &mut Tape, at: u64) -> Option<u64> {
    tape.has(at, MAGIC).then_some(())?;
    let size = tape.le32(at.checked_add(4)?).ok()?;
    let end = at.checked_add(size.into())?;
    (size >= LEAST_ENTRY && end <= tape.len()).then_some(end)
}
