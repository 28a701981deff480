//! WebP, by the walk of its RIFF chunks and the frame headers in them (RFC 9649; VP8: RFC 6386, section 9.1).

use super::{coded, layout::Layout, rows::Verdict};
use crate::carve::{Break, Broken, Cause, Format, Found, Holds, Mended, Mending, Outcome, Signature, Tape};

/// WebP pictures and animations.
pub(super) struct WebP;

const KIND: &str = "webp";
const SIGNATURES: &[Signature] = &[Signature::new(b"RIFF").when(is_plausible)];
const FIRST_CHUNK: u64 = 12;
const FRAME: u64 = 8;
/// Bytes of a frame of an animation before the chunks in it.
const ANIMATION_FRAME: u64 = 16;

impl Format for WebP {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let Ok(size) = tape.le32(4) else { return Outcome::No };
        let length = u64::from(size).saturating_add(8);
        let length = length.checked_next_multiple_of(2).unwrap_or(length);
        let mut walk = Walk { tape, good: 0, pictures: 0, coded: Vec::new() };
        let end = walk.chunks(FIRST_CHUNK, length);
        if walk.pictures == 0 {
            return Outcome::No;
        }
        let coded = std::mem::take(&mut walk.coded);
        let verdict = walk.verdict(&coded, length);
        let broken = |good: u64, at: u64| {
            Outcome::Broken(Broken { kind: KIND, good, broken_at: at.max(good), length: Some(length), confidence: 80 })
        };
        let found = Found::new(KIND, length).holds(Holds::Opaque);
        match (end, verdict) {
            (_, Verdict::Gap { cut, .. } | Verdict::Cut { cut }) => broken(cut, cut),
            (Ok(()), Verdict::Hurt { at }) => Outcome::Whole(found.damaged_at(at)),
            (Ok(()), Verdict::Even) => Outcome::Whole(found),
            (Err(Break { at, cause: Cause::End }), _) => broken(walk.tape.len().min(length), at),
            (Err(Break { at, .. }), Verdict::Hurt { at: hurt }) => broken(hurt, at),
            (Err(Break { at, .. }), Verdict::Even) => broken(walk.good, at),
        }
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        let length = mending.broken().length?;
        let mut tape = Layout::new(mending.start()).tape(mending);
        let mut walk = Walk { tape: &mut tape, good: 0, pictures: 0, coded: Vec::new() };
        let _ = walk.chunks(FIRST_CHUNK, length);
        let coded = std::mem::take(&mut walk.coded);
        match walk.verdict(&coded, length) {
            Verdict::Gap { cut, gap } => coded::mended(mending, cut, gap, length, self),
            _ => None,
        }
    }
}

fn is_plausible(head: &[u8]) -> bool {
    head.get(8..15) == Some(b"WEBPVP8") && matches!(head.get(15), Some(b' ' | b'L' | b'X'))
}

struct Walk<'a> {
    tape: &'a mut Tape,
    good: u64,
    /// Pictures whose headers hold.
    pictures: u32,
    /// Where compressed data begins and ends.
    coded: Vec<(u64, u64)>,
}

impl Walk<'_> {
    /// What the compressed data says of the file.
    fn verdict(&mut self, coded: &[(u64, u64)], length: u64) -> Verdict {
        let verdicts = coded.iter().map(|(from, to)| coded::verdict(self.tape, *from, (*to).min(length), length));
        verdicts.into_iter().find(|verdict| *verdict != Verdict::Even).unwrap_or(Verdict::Even)
    }

    /// Walks the chunks from `at` to `end`.
    fn chunks(&mut self, mut at: u64, end: u64) -> Result<(), Break> {
        while at < end {
            let name: [u8; 4] = self.tape.array(at)?;
            let size = u64::from(self.tape.le32(at.saturating_add(4))?);
            let data = at.saturating_add(FRAME);
            let next = data.saturating_add(size.checked_next_multiple_of(2).unwrap_or(size));
            if matches!(&name, b"VP8 " | b"VP8L" | b"ALPH") {
                self.coded.push((data, data.saturating_add(size)));
            }
            if next > end || !is_name(name) {
                return Err(Break::wrong(at, "WebP chunk"));
            }
            let inner = match &name {
                b"VP8X" if size >= 10 && at == FIRST_CHUNK => next,
                b"VP8X" => return Err(Break::wrong(at, "VP8X chunk")),
                b"VP8 " | b"VP8L" => {
                    self.picture(data, size, &name)?;
                    next
                }
                b"ANMF" if size > ANIMATION_FRAME => data.saturating_add(ANIMATION_FRAME),
                _ => next,
            };
            self.good = inner.min(self.tape.len());
            at = inner;
        }
        if self.tape.len() < end { Err(Break { at: self.tape.len(), cause: Cause::End }) } else { Ok(()) }
    }

    fn picture(&mut self, data: u64, size: u64, name: &[u8; 4]) -> Result<(), Break> {
        let wrong = Break::wrong(data, "frame header of a WebP picture");
        if name == b"VP8L" {
            let [signature, _, _, _, version] = self.tape.array(data)?;
            if signature != 0x2f || version >> 5 != 0 {
                return Err(wrong);
            }
        } else {
            let [low, middle, high, one, two, three] = self.tape.array(data)?;
            let tag = u32::from_le_bytes([low, middle, high, 0]);
            let first_partition = u64::from(tag >> 5);
            let is_key = tag & 1 == 0 && tag >> 1 & 7 <= 3 && [one, two, three] == [0x9d, 0x01, 0x2a];
            if !is_key || first_partition == 0 || first_partition.saturating_add(10) > size {
                return Err(wrong);
            }
        }
        self.pictures = self.pictures.saturating_add(1);
        Ok(())
    }
}

fn is_name(name: [u8; 4]) -> bool {
    name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b' ')
}
