//! RAR 1.5 to 4 and RAR 5 ("RAR 5.0 archive format", rarlab.com; technote.txt of RAR 4): blocks, each header with its CRC, to
//! the block that ends the archive.

use crate::carve::{Break, Broken, Format, Found, Holds, Outcome, Signature, Tape};

/// RAR archives and volumes.
pub(super) struct Rar;

const KIND: &str = "rar";
const SIGNATURES: &[Signature] = &[Signature::new(b"Rar!\x1a\x07\x00"), Signature::new(b"Rar!\x1a\x07\x01\x00")];
/// The longest header RAR 5 may have.
const LONGEST_HEADER: u64 = 2 << 20;

impl Format for Rar {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let five = tape.byte(6).is_ok_and(|version| version == 1);
        let mut walk = Walk { at: if five { 8 } else { 7 }, files: 0, good: 0, encrypted: false };
        let end = loop {
            let step = if five { walk.block5(tape) } else { walk.block4(tape) };
            match step {
                Ok(false) => {}
                Ok(true) => break Ok(walk.at),
                Err(broken) => break Err(broken),
            }
        };
        match end {
            Ok(length) => Outcome::Whole(Found::new(KIND, length).holds(Holds::Others)),
            Err(_) if walk.files == 0 || walk.encrypted => Outcome::No,
            // Before version 3 there was no block to end the archive.
            Err(_) if !five && walk.at <= tape.len() && walk.ends_plainly(tape) => {
                Outcome::Whole(Found::new(KIND, walk.at).confidence(60).holds(Holds::Others))
            }
            Err(broken) => Outcome::Broken(Broken {
                kind: KIND,
                good: walk.good,
                broken_at: broken.at.max(walk.good),
                length: None,
                confidence: 80,
            }),
        }
    }
}

struct Walk {
    /// Where the next block begins.
    at: u64,
    files: u64,
    /// The end of the last header that holds.
    good: u64,
    encrypted: bool,
}

impl Walk {
    /// Goes over a block of RAR 4; true where it was the last.
    fn block4(&mut self, tape: &mut Tape) -> Result<bool, Break> {
        let start = self.at;
        let wrong = Break::wrong(start, "block header");
        let (sum, kind) = (tape.le16(start)?, tape.byte(start.saturating_add(2))?);
        let (flags, size) = (tape.le16(start.saturating_add(3))?, tape.le16(start.saturating_add(5))?);
        if !(0x73..=0x7b).contains(&kind) || size < 7 {
            return Err(wrong);
        }
        let header = tape.bytes(start.saturating_add(2), usize::from(size).saturating_sub(2))?;
        // The CRC of a main header with an old comment covers its fixed part only.
        let whole = crc32fast::hash(header) & 0xffff == u32::from(sum);
        let fixed = header.get(..11).is_some_and(|fixed| crc32fast::hash(fixed) & 0xffff == u32::from(sum));
        if !(whole || (kind == 0x73 && flags & 2 != 0 && fixed)) {
            return Err(wrong);
        }
        self.good = start.saturating_add(size.into());
        let mut packed = 0;
        if flags & 0x8000 != 0 || kind == 0x74 {
            packed = tape.le32(start.saturating_add(7))?.into();
        }
        if matches!(kind, 0x74 | 0x7a) && flags & 0x100 != 0 {
            let high = u64::from(tape.le32(start.saturating_add(32))?);
            packed = high.checked_shl(32).unwrap_or(0).saturating_add(packed);
        }
        match kind {
            0x73 => self.encrypted = flags & 0x80 != 0,
            0x74 => self.files = self.files.saturating_add(1),
            _ => {}
        }
        if self.encrypted {
            return Err(wrong);
        }
        self.go_on(tape, self.good.saturating_add(packed))?;
        Ok(kind == 0x7b)
    }

    /// Goes over a block of RAR 5; true where it was the last.
    fn block5(&mut self, tape: &mut Tape) -> Result<bool, Break> {
        let start = self.at;
        let wrong = Break::wrong(start, "block header");
        let sum = tape.le32(start)?;
        let mut at = start.saturating_add(4);
        let size = number(tape, &mut at)?;
        let end = at.saturating_add(size);
        if size == 0 || size > LONGEST_HEADER {
            return Err(wrong);
        }
        let from = start.saturating_add(4);
        if super::checksum::crc32(tape, from, end)? != sum {
            return Err(wrong);
        }
        let (kind, flags) = (number(tape, &mut at)?, number(tape, &mut at)?);
        if flags & 1 != 0 {
            number(tape, &mut at)?;
        }
        let packed = if flags & 2 != 0 { number(tape, &mut at)? } else { 0 };
        self.good = end;
        match kind {
            2 => self.files = self.files.saturating_add(1),
            4 => self.encrypted = true,
            _ => {}
        }
        if self.encrypted {
            return Err(wrong);
        }
        self.go_on(tape, end.saturating_add(packed))?;
        Ok(kind == 5)
    }

    fn go_on(&mut self, tape: &mut Tape, end: u64) -> Result<(), Break> {
        if end > tape.len() {
            return Err(Break { at: tape.len(), cause: crate::carve::Cause::End });
        }
        self.at = end;
        Ok(())
    }

    /// True where zeros or nothing stand behind the last block.
    fn ends_plainly(&self, tape: &mut Tape) -> bool {
        self.at == tape.len() || tape.has(self.at, &[0; 16])
    }
}

/// A number in RAR's variable-length form.
fn number(tape: &mut Tape, at: &mut u64) -> Result<u64, Break> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let byte = tape.byte(*at)?;
        *at = at.saturating_add(1);
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Err(Break::wrong(*at, "number"))
}
