//! bzip2: blocks found by their magic at any bit, their checksums joined to that of the stream (the format as written down in
//! "bzip2 format specification", J. Tsai 2016). The blocks themselves are not decoded.

use crate::carve::{Break, Broken, Format, Found, Holds, Outcome, Signature, Tape};

/// bzip2 files, of one stream or several.
pub(super) struct Bzip2;

const KIND: &str = "bzip2";
const SIGNATURES: &[Signature] = &[Signature::new(b"BZh").when(plausible)];
/// π and its root, in 48 bits each: they begin a block and the end of a stream.
const BLOCK: u64 = 0x3141_5926_5359;
const END: u64 = 0x1772_4538_5090;
const MAGIC: u64 = (1 << 48) - 1;

impl Format for Bzip2 {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let (mut at, mut streams) = (0, 0u32);
        while tape.bytes(at, 14).is_ok_and(plausible) {
            match stream(tape, at) {
                Ok(end) => at = end,
                Err(torn) if torn.blocks > 1 => {
                    let (good, broken_at) = (torn.good, torn.broken.at.max(torn.good));
                    return Outcome::Broken(Broken { kind: KIND, good, broken_at, length: None, confidence: 80 });
                }
                Err(_) => break,
            }
            streams = streams.saturating_add(1);
        }
        match streams {
            0 => Outcome::No,
            _ => Outcome::Whole(Found::new(KIND, at).holds(Holds::Others)),
        }
    }
}

fn plausible(head: &[u8]) -> bool {
    let magic = head.get(4..10).map(|magic| magic.iter().fold(0u64, |value, byte| value << 8 | u64::from(*byte)));
    head.starts_with(b"BZh") && matches!(head.get(3), Some(b'1'..=b'9')) && matches!(magic, Some(BLOCK | END))
}

struct Torn {
    broken: Break,
    blocks: u32,
    /// Where the last block begins.
    good: u64,
}

/// The end of the stream at `start`.
fn stream(tape: &mut Tape, start: u64) -> Result<u64, Torn> {
    let (mut blocks, mut good) = (0u32, start);
    let torn = |broken, blocks, good| Torn { broken, blocks, good };
    let level = tape.byte(start.saturating_add(3)).map_or(1, |level| u64::from(level & 15));
    // A block of incompressible bytes is a little longer than what it stands for.
    let longest = level.saturating_mul(100_000).saturating_mul(5) / 4;
    let mut at = start.saturating_add(4);
    let mut since = at;
    let (mut bits, mut sum) = (0u64, 0u32);
    loop {
        let byte = tape.byte(at).map_err(|broken| torn(broken, blocks, good))?;
        for bit in (0..8u32).rev() {
            bits = bits << 1 | u64::from(byte >> bit & 1);
            match bits & MAGIC {
                BLOCK => {
                    good = at.saturating_sub(5);
                    sum = sum.rotate_left(1) ^ checksum(tape, at, bit).map_err(|broken| torn(broken, blocks, good))?;
                    blocks = blocks.saturating_add(1);
                    since = at;
                }
                END if at >= start.saturating_add(9) => {
                    let said = checksum(tape, at, bit).map_err(|broken| torn(broken, blocks, good))?;
                    let end = at.saturating_add(5);
                    return match said == sum {
                        true => Ok(end),
                        false => Err(torn(Break::wrong(at, "checksum of the stream"), blocks, good)),
                    };
                }
                _ => {}
            }
        }
        at = at.saturating_add(1);
        if at.saturating_sub(since) > longest.saturating_add(4096) {
            return Err(torn(Break::wrong(at, "block"), blocks, good));
        }
    }
}

/// The 32 bits behind bit `bit` of byte `at`.
fn checksum(tape: &mut Tape, at: u64, bit: u32) -> Result<u32, Break> {
    let [a, b, c, d, e] = tape.array(at)?;
    let word = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
    Ok(u32::try_from(word >> bit & 0xffff_ffff).unwrap_or(0))
}
