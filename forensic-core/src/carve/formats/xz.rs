//! xz (The .xz File Format 1.2.1): headers and index by their CRCs, blocks by the chunks of LZMA2, sizes against the index.

use crate::carve::{Break, Broken, Format, Found, Holds, Outcome, Signature, Tape};

/// xz files, of one stream or several.
pub(super) struct Xz;

const KIND: &str = "xz";
const MAGIC: &[u8; 6] = b"\xfd7zXZ\0";
const SIGNATURES: &[Signature] = &[Signature::new(MAGIC)];
const LZMA2: u64 = 0x21;
/// Padding of more bytes than this is taken for what lies between two files.
const MOST_PADDING: u64 = 36;

impl Format for Xz {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let (mut end, mut streams, mut next) = (0, 0u32, 0);
        while tape.has(next, MAGIC) {
            let mut stream = Stream { tape, at: next, chunks: 0, records: Vec::new() };
            match stream.walk() {
                Ok(behind) => end = behind,
                Err(broken) if stream.chunks > 2 => {
                    let good = stream.at.min(broken.at);
                    let (kind, broken_at) = (KIND, broken.at);
                    return Outcome::Broken(Broken { kind, good, broken_at, length: None, confidence: 80 });
                }
                Err(_) => break,
            }
            streams = streams.saturating_add(1);
            next = padding(tape, end);
        }
        match streams {
            0 => Outcome::No,
            _ => Outcome::Whole(Found::new(KIND, end).confidence(95).holds(Holds::Others)),
        }
    }
}

/// The end of the padding between two streams: zeros, in fours.
fn padding(tape: &mut Tape, end: u64) -> u64 {
    (end..end.saturating_add(MOST_PADDING)).step_by(4).find(|at| !tape.has(*at, &[0; 4])).unwrap_or(end)
}

struct Stream<'a> {
    tape: &'a mut Tape,
    /// The end of the last part that holds.
    at: u64,
    chunks: u32,
    /// Unpadded and uncompressed size of each block.
    records: Vec<(u64, u64)>,
}

impl Stream<'_> {
    fn walk(&mut self) -> Result<u64, Break> {
        let start = self.at;
        let flags: [u8; 2] = self.tape.array(start.saturating_add(6))?;
        self.crc(start.saturating_add(6), 2)?;
        let check = check_size(flags).ok_or(Break::wrong(start, "stream flags"))?;
        self.at = start.saturating_add(12);
        while self.tape.byte(self.at)? != 0 {
            self.block(check)?;
        }
        let index = self.at;
        let end = self.index()?;
        let size = end.saturating_sub(index);
        self.tape.expect(end.saturating_add(10), b"YZ", "stream footer")?;
        let stored = u64::from(self.tape.le32(end.saturating_add(4))?).saturating_add(1).saturating_mul(4);
        let sum = crc32fast::hash(self.tape.bytes(end.saturating_add(4), 6)?);
        let same_flags = self.tape.has(end.saturating_add(8), &flags);
        if stored != size || self.tape.le32(end)? != sum || !same_flags {
            return Err(Break::wrong(end, "stream footer"));
        }
        Ok(end.saturating_add(12))
    }

    fn block(&mut self, check: u64) -> Result<(), Break> {
        let start = self.at;
        let wrong = Break::wrong(start, "block header");
        let header = u64::from(self.tape.byte(start)?).saturating_add(1).saturating_mul(4);
        self.crc(start, header.saturating_sub(4))?;
        let flags = self.tape.byte(start.saturating_add(1))?;
        let mut at = start.saturating_add(2);
        let (mut packed, mut size) = (None, None);
        if flags & 0x40 != 0 {
            packed = Some(self.number(&mut at)?);
        }
        if flags & 0x80 != 0 {
            size = Some(self.number(&mut at)?);
        }
        let mut filter = 0;
        for _ in 0..=flags & 3 {
            filter = self.number(&mut at)?;
            let properties = self.number(&mut at)?;
            at = at.saturating_add(properties);
        }
        if flags & 0x3c != 0 || filter != LZMA2 {
            return Err(wrong);
        }
        let data = start.saturating_add(header);
        let (end, unpacked) = self.chunks(data)?;
        let read = end.saturating_sub(data);
        if packed.is_some_and(|packed| packed != read) || size.is_some_and(|size| size != unpacked) {
            return Err(Break::wrong(end, "sizes of the block"));
        }
        let unpadded = end.saturating_sub(start).saturating_add(check);
        let padding = (end.saturating_sub(start)).wrapping_neg() & 3;
        for at in end..end.saturating_add(padding) {
            self.tape.expect(at, &[0], "block padding")?;
        }
        self.records.push((unpadded, unpacked));
        self.at = end.saturating_add(padding).saturating_add(check);
        Ok(())
    }

    /// The end of the LZMA2 chunks that begin at `at`, and the bytes they stand for.
    fn chunks(&mut self, mut at: u64) -> Result<(u64, u64), Break> {
        let mut size = 0u64;
        let mut first = true;
        loop {
            let control = self.tape.byte(at)?;
            let low = |tape: &mut Tape, at: u64| tape.be16(at).map(|low| u64::from(low).saturating_add(1));
            let (head, packed, unpacked) = match control {
                0 => return Ok((at.saturating_add(1), size)),
                1 | 2 => {
                    let length = low(self.tape, at.saturating_add(1))?;
                    (3, length, length)
                }
                0x80.. => {
                    let unpacked = low(self.tape, at.saturating_add(1))?;
                    let unpacked = unpacked.saturating_add(u64::from(control & 0x1f) << 16);
                    (if control >= 0xc0 { 6 } else { 5 }, low(self.tape, at.saturating_add(3))?, unpacked)
                }
                _ => return Err(Break::wrong(at, "LZMA2 chunk")),
            };
            // The first chunk resets the dictionary.
            if first && !matches!(control, 1 | 0xe0..) {
                return Err(Break::wrong(at, "LZMA2 chunk"));
            }
            first = false;
            self.at = at;
            at = at.saturating_add(head).saturating_add(packed);
            size = size.saturating_add(unpacked);
            self.chunks = self.chunks.saturating_add(1);
        }
    }

    /// The end of the index, where it tells of the blocks that were walked.
    fn index(&mut self) -> Result<u64, Break> {
        let start = self.at;
        let wrong = Break::wrong(start, "index");
        let mut at = start.saturating_add(1);
        if self.number(&mut at)? != self.records.len() as u64 {
            return Err(wrong);
        }
        for record in std::mem::take(&mut self.records) {
            if (self.number(&mut at)?, self.number(&mut at)?) != record {
                return Err(wrong);
            }
        }
        let length = at.saturating_sub(start);
        let padded = length.saturating_add(length.wrapping_neg() & 3);
        self.crc(start, padded)?;
        Ok(start.saturating_add(padded).saturating_add(4))
    }

    /// Checks the CRC-32 that stands behind `length` bytes at `at`.
    fn crc(&mut self, at: u64, length: u64) -> Result<(), Break> {
        let bytes = usize::try_from(length).unwrap_or(usize::MAX);
        let sum = crc32fast::hash(self.tape.bytes(at, bytes)?);
        match self.tape.le32(at.saturating_add(length))? == sum {
            true => Ok(()),
            false => Err(Break::wrong(at, "CRC-32")),
        }
    }

    /// A number in xz's variable-length form.
    fn number(&mut self, at: &mut u64) -> Result<u64, Break> {
        let mut value = 0u64;
        for shift in (0..63).step_by(7) {
            let byte = self.tape.byte(*at)?;
            *at = at.saturating_add(1);
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Break::wrong(*at, "number"))
    }
}

fn check_size(flags: [u8; 2]) -> Option<u64> {
    match flags {
        [0, 0] => Some(0),
        [0, 1..=3] => Some(4),
        [0, 4..=6] => Some(8),
        [0, 7..=9] => Some(16),
        [0, 10..=12] => Some(32),
        [0, 13..=15] => Some(64),
        _ => None,
    }
}
