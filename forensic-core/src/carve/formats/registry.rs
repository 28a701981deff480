//! Registry hives (M. Suhanov, "Windows registry file format specification", CC BY 4.0): base block with its checksum, hive bins
//! and the cells that fill them.

use crate::carve::{Break, Broken, Format, Found, Outcome, Signature, Tape};

/// Registry hives.
pub(super) struct Registry;

const KIND: &str = "registry";
const SIGNATURES: &[Signature] = &[Signature::new(b"regf").when(plausible)];
const BASE: u64 = 4096;
const BIN_HEADER: u64 = 32;

impl Format for Registry {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let Ok(bins) = base_block(tape) else { return Outcome::No };
        let length = BASE.saturating_add(bins);
        let mut at = BASE;
        while at < length {
            match bin(tape, at) {
                Ok(next) => at = next,
                Err(broken) if at > BASE => {
                    let (good, broken_at, length) = (at, broken.at.max(at), Some(length));
                    return Outcome::Broken(Broken { kind: KIND, good, broken_at, length, confidence: 90 });
                }
                Err(_) => return Outcome::No,
            }
        }
        match at == length {
            true => Outcome::Whole(Found::new(KIND, length)),
            false => Outcome::No,
        }
    }
}

fn plausible(head: &[u8]) -> bool {
    // A primary file of version 1.0 to 1.6, in the only format there is.
    matches!(head.get(20..24), Some([1, 0, 0, 0]))
        && matches!(head.get(24..28), Some([0..=6, 0, 0, 0]))
        && matches!(head.get(28..36), Some([0, 0, 0, 0, 1, 0, 0, 0]))
}

/// Bytes of the hive bins, where the checksum of the base block holds.
fn base_block(tape: &mut Tape) -> Result<u64, Break> {
    let head: [u8; 512] = tape.array(0)?;
    let words = head.as_chunks::<4>().0;
    let sum = words.iter().take(127).fold(0, |sum, word| sum ^ u32::from_le_bytes(*word));
    let sum = match sum {
        0 => 1,
        u32::MAX => 0xffff_fffe,
        sum => sum,
    };
    let bins = tape.le32(40)?;
    match tape.le32(508)? == sum && bins > 0 && bins.is_multiple_of(4096) {
        true => Ok(bins.into()),
        false => Err(Break::wrong(508, "checksum of the base block")),
    }
}

/// The end of the hive bin at `at`.
fn bin(tape: &mut Tape, at: u64) -> Result<u64, Break> {
    tape.expect(at, b"hbin", "hive bin")?;
    let (offset, size) = (tape.le32(at.saturating_add(4))?, tape.le32(at.saturating_add(8))?);
    let end = at.saturating_add(size.into());
    if u64::from(offset) != at.saturating_sub(BASE) || size == 0 || !size.is_multiple_of(4096) || end > tape.len() {
        return Err(Break::wrong(at, "hive bin"));
    }
    let mut cell = at.saturating_add(BIN_HEADER);
    while cell < end {
        let size = u64::from(tape.le32(cell)?.cast_signed().unsigned_abs());
        let next = cell.saturating_add(size);
        if size < 8 || !size.is_multiple_of(8) || next > end {
            return Err(Break::wrong(cell, "cell"));
        }
        cell = next;
    }
    Ok(end)
}
