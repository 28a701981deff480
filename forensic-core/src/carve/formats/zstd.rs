//! Zstandard (RFC 8878, 3.1): frames and skippable frames by the walk of their blocks; the content is decoded, and its
//! checksum compared where there is one.

use crate::carve::{Break, Broken, Format, Found, Holds, Outcome, Signature, Tape};
use std::{hash::Hasher, io::Read};

/// Zstandard files, of one frame or several.
pub(super) struct Zstd;

const KIND: &str = "zstd";
const MAGIC: &[u8; 4] = b"\x28\xb5\x2f\xfd";
const SIGNATURES: &[Signature] = &[Signature::new(MAGIC).when(plausible)];
const LONGEST_BLOCK: u64 = 128 << 10;
/// The largest window that is decoded; frames with larger ones are walked only.
const LARGEST_WINDOW: u64 = 8 << 20;

impl Format for Zstd {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let (mut end, mut frames, mut decoded) = (0, 0u32, true);
        loop {
            match part(tape, end) {
                Ok(None) => break,
                Ok(Some((next, sure))) => {
                    end = next;
                    decoded &= sure;
                }
                Err(torn) if torn.blocks > 2 => {
                    let (good, broken_at) = (torn.good, torn.broken.at.max(torn.good));
                    return Outcome::Broken(Broken { kind: KIND, good, broken_at, length: None, confidence: 70 });
                }
                Err(_) => break,
            }
            frames = frames.saturating_add(1);
        }
        match frames {
            0 => Outcome::No,
            _ => Outcome::Whole(Found::new(KIND, end).confidence(if decoded { 95 } else { 70 }).holds(Holds::Others)),
        }
    }
}

fn plausible(head: &[u8]) -> bool {
    head.starts_with(MAGIC) && head.get(4).is_some_and(|descriptor| descriptor & 0x18 == 0)
}

struct Torn {
    broken: Break,
    blocks: u32,
    good: u64,
}

/// The end of the frame at `at`, and whether it was decoded; `None` where none begins.
fn part(tape: &mut Tape, at: u64) -> Result<Option<(u64, bool)>, Torn> {
    let torn = |broken| Torn { broken, blocks: 0, good: at };
    if at > 0 && tape.has(at.saturating_add(1), b"\x2a\x4d\x18") && tape.byte(at).is_ok_and(|byte| byte >> 4 == 5) {
        let length = tape.le32(at.saturating_add(4)).map_err(torn)?;
        let end = at.saturating_add(8).saturating_add(length.into());
        return Ok((end <= tape.len()).then_some((end, true)));
    }
    if !tape.bytes(at, 5).is_ok_and(plausible) {
        return Ok(None);
    }
    let frame = Frame::read(tape, at).map_err(torn)?;
    let (end, blocks) = frame.blocks(tape)?;
    if frame.window > LARGEST_WINDOW {
        return Ok(Some((end, false)));
    }
    match frame.decode(tape, at, end) {
        true => Ok(Some((end, true))),
        false => Err(Torn { broken: Break::wrong(end, "content"), blocks, good: frame.data }),
    }
}

struct Frame {
    /// Where the first block begins.
    data: u64,
    window: u64,
    size: Option<u64>,
    has_checksum: bool,
}

impl Frame {
    fn read(tape: &mut Tape, at: u64) -> Result<Self, Break> {
        let descriptor = tape.byte(at.saturating_add(4))?;
        let single = descriptor & 0x20 != 0;
        let mut next = at.saturating_add(5);
        let mut window = 0;
        if !single {
            let byte = tape.byte(next)?;
            let base = 1u64.checked_shl(u32::from(byte >> 3).saturating_add(10)).unwrap_or(u64::MAX);
            window = base.saturating_add((base / 8).saturating_mul(u64::from(byte & 7)));
            next = next.saturating_add(1);
        }
        let dictionary = [0u64, 1, 2, 4].get(usize::from(descriptor & 3)).copied().unwrap_or(0);
        next = next.saturating_add(dictionary);
        let (size, length) = match (descriptor >> 6, single) {
            (0, false) => (None, 0),
            (0, true) => (Some(tape.byte(next)?.into()), 1),
            (1, _) => (Some(u64::from(tape.le16(next)?).saturating_add(256)), 2),
            (2, _) => (Some(tape.le32(next)?.into()), 4),
            _ => (Some(tape.le64(next)?), 8),
        };
        if single {
            window = size.unwrap_or(0);
        }
        // What a dictionary stands for cannot be decoded without it.
        if dictionary > 0 {
            window = u64::MAX;
        }
        Ok(Self { data: next.saturating_add(length), window, size, has_checksum: descriptor & 4 != 0 })
    }

    /// The end of the frame, by its blocks, and their number.
    fn blocks(&self, tape: &mut Tape) -> Result<(u64, u32), Torn> {
        let (mut at, mut blocks) = (self.data, 0u32);
        loop {
            let good = at;
            let torn = move |broken| Torn { broken, blocks, good };
            let [a, b, c] = tape.array(at).map_err(torn)?;
            let head = u32::from_le_bytes([a, b, c, 0]);
            let (last, kind, size) = (head & 1 == 1, head >> 1 & 3, u64::from(head >> 3));
            let stored = if kind == 1 { 1 } else { size };
            let end = at.saturating_add(3).saturating_add(stored);
            if kind == 3 || size > LONGEST_BLOCK || end > tape.len() {
                return Err(torn(Break::wrong(at, "block header")));
            }
            blocks = blocks.saturating_add(1);
            at = end;
            if last {
                let end = at.saturating_add(if self.has_checksum { 4 } else { 0 });
                return if end <= tape.len() { Ok((end, blocks)) } else { Err(torn(Break::wrong(at, "checksum"))) };
            }
        }
    }

    /// True where the content decodes, to the size and the checksum told.
    fn decode(&self, tape: &mut Tape, at: u64, end: u64) -> bool {
        let sum = self.has_checksum.then(|| tape.le32(end.saturating_sub(4)).ok()).flatten();
        let Ok(mut decoder) = ruzstd::decoding::StreamingDecoder::new(Reader { tape, at, end }) else { return false };
        let mut hasher = twox_hash::XxHash64::with_seed(0);
        let (mut piece, mut size) = (vec![0; 64 << 10], 0u64);
        loop {
            match decoder.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => {
                    hasher.write(piece.get(..read).unwrap_or_default());
                    size = size.saturating_add(read as u64);
                }
                Err(_) => return false,
            }
        }
        let low = u32::try_from(hasher.finish() & 0xffff_ffff).ok();
        self.size.is_none_or(|told| told == size) && (sum.is_none() || sum == low)
    }
}

/// A stretch of the tape as a stream.
struct Reader<'a> {
    tape: &'a mut Tape,
    at: u64,
    end: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let room = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let want = buffer.len().min(room);
        if want == 0 {
            return Ok(0);
        }
        let window = self.tape.window(self.at).map_err(|_| std::io::ErrorKind::UnexpectedEof)?;
        let take = want.min(window.len());
        let (Some(to), Some(from)) = (buffer.get_mut(..take), window.get(..take)) else { return Ok(0) };
        to.copy_from_slice(from);
        self.at = self.at.saturating_add(take as u64);
        Ok(take)
    }
}
