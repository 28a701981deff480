//! PSD and PSB, by the lengths of their sections and the rows of the merged picture (Adobe Photoshop File Formats
//! Specification, "Photoshop File Format").

use crate::carve::{Break, Broken, Cause, Format, Found, Holds, Outcome, Signature, Tape};
use miniz_oxide::{
    DataFormat, MZFlush, MZStatus,
    inflate::stream::{InflateState, inflate},
};

/// Photoshop documents.
pub(super) struct Psd;

const KIND: &str = "psd";
const SIGNATURES: &[Signature] =
    &[Signature::new(b"8BPS\0\x01").when(is_plausible), Signature::new(b"8BPS\0\x02").when(is_plausible)];
const HEADER: u64 = 26;
const OUTPUT: usize = 32 << 10;

impl Format for Psd {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let mut walk = Walk { tape, good: 0, sections: 0 };
        match walk.sections() {
            Ok(found) => Outcome::Whole(found),
            Err(_) if walk.sections < 2 => Outcome::No,
            Err(Break { at, cause }) => {
                let good = if cause == Cause::End { walk.tape.len() } else { walk.good.min(walk.tape.len()) };
                Outcome::Broken(Broken { kind: KIND, good, broken_at: at.max(good), length: None, confidence: 80 })
            }
        }
    }
}

fn is_plausible(head: &[u8]) -> bool {
    let Some(&[_, _, _, _, _, version, a, b, c, d, e, f, channels_high, channels]) = head.first_chunk() else {
        return false;
    };
    let side = |at: usize| head.get(at..).and_then(|rest| rest.first_chunk()).copied().map_or(0, u32::from_be_bytes);
    let longest = if version == 1 { 30_000 } else { 300_000 };
    [a, b, c, d, e, f, channels_high] == [0; 7]
        && (1..=56).contains(&channels)
        && (1..=longest).contains(&side(14))
        && (1..=longest).contains(&side(18))
        && matches!(head.get(22..26), Some([0, 1 | 8 | 16 | 32, 0, 0..=9]))
}

struct Walk<'a> {
    tape: &'a mut Tape,
    good: u64,
    /// Sections whose extent holds.
    sections: u32,
}

impl Walk<'_> {
    fn sections(&mut self) -> Result<Found, Break> {
        let is_big = self.tape.be16(4)? == 2;
        let mut at = HEADER;
        for number in 0..3 {
            let (width, length) = match (number, is_big) {
                (2, true) => (8, self.tape.be64(at)?),
                _ => (4, self.tape.be32(at)?.into()),
            };
            let data = at.saturating_add(width);
            let end = data.saturating_add(length);
            if number == 1 {
                self.resources(data, end)?;
            }
            if end > self.tape.len() {
                return Err(Break { at: self.tape.len(), cause: Cause::End });
            }
            self.sections = self.sections.saturating_add(1);
            (self.good, at) = (end, end);
        }
        self.picture(at, is_big)
    }

    /// The resource blocks from `at` to `end`.
    fn resources(&mut self, mut at: u64, end: u64) -> Result<(), Break> {
        while at < end {
            let wrong = Break::wrong(at, "image resource");
            if !matches!(self.tape.bytes(at, 4)?, b"8BIM" | b"MeSa" | b"AgHg" | b"PHUT" | b"DCSR") {
                return Err(wrong);
            }
            let name = u64::from(self.tape.byte(at.saturating_add(6))?).saturating_add(1);
            let size_at = at.saturating_add(6).saturating_add(even(name));
            let size = u64::from(self.tape.be32(size_at)?);
            at = size_at.saturating_add(4).saturating_add(even(size));
            // The last block of some programs has no padding.
            if at > end.saturating_add(1) {
                return Err(wrong);
            }
            self.good = at.min(end);
        }
        Ok(())
    }

    fn picture(&mut self, at: u64, is_big: bool) -> Result<Found, Break> {
        let [channels, depth] = [self.tape.be16(12)?, self.tape.be16(22)?].map(u64::from);
        let [height, width] = [self.tape.be32(14)?, self.tape.be32(18)?].map(u64::from);
        let row = width.saturating_mul(depth).div_ceil(8);
        let rows = height.saturating_mul(channels);
        let data = at.saturating_add(2);
        match self.tape.be16(at)? {
            0 => {
                let end = data.saturating_add(row.saturating_mul(rows));
                if end > self.tape.len() {
                    return Err(Break { at: self.tape.len(), cause: Cause::End });
                }
                Ok(Found::new(KIND, end).holds(Holds::Opaque))
            }
            1 => self.packed(data, rows, row, is_big).map(|end| Found::new(KIND, end).confidence(100)),
            2 | 3 => self.deflated(data).map(|end| Found::new(KIND, end).confidence(100)),
            _ => Err(Break::wrong(at, "compression of the merged picture")),
        }
    }

    /// Rows in PackBits, the length of each told before all of them.
    fn packed(&mut self, counts: u64, rows: u64, row: u64, is_big: bool) -> Result<u64, Break> {
        let width = if is_big { 4 } else { 2 };
        let mut at = counts.saturating_add(rows.saturating_mul(width));
        for number in 0..rows {
            let place = counts.saturating_add(number.saturating_mul(width));
            let length = if is_big { self.tape.be32(place)? } else { self.tape.be16(place)?.into() };
            let bytes = self.tape.bytes(at, usize::try_from(length).unwrap_or(usize::MAX))?;
            if unpacked(bytes) != Some(row) {
                return Err(Break::wrong(at, "row of the merged picture"));
            }
            at = at.saturating_add(length.into());
            self.good = at;
        }
        Ok(at)
    }

    fn deflated(&mut self, mut at: u64) -> Result<u64, Break> {
        let mut state = InflateState::new_boxed(DataFormat::Zlib);
        let mut output = vec![0; OUTPUT];
        loop {
            let input = self.tape.window(at)?;
            let step = inflate(&mut state, input, &mut output, MZFlush::None);
            let stuck = step.bytes_consumed == 0 && step.bytes_written == 0;
            at = at.saturating_add(step.bytes_consumed as u64);
            match step.status {
                Ok(MZStatus::StreamEnd) => return Ok(at),
                Ok(_) if !stuck => self.good = at,
                _ => return Err(Break::wrong(at, "deflated picture")),
            }
        }
    }
}

fn even(length: u64) -> u64 {
    length.checked_next_multiple_of(2).unwrap_or(length)
}

/// How many bytes PackBits codes stand for; `None` where they do not end with `bytes`.
fn unpacked(mut bytes: &[u8]) -> Option<u64> {
    let mut output = 0u64;
    while let Some((code, rest)) = bytes.split_first() {
        let (taken, count) = match *code {
            literal @ 0..=127 => (usize::from(literal).saturating_add(1), u64::from(literal).saturating_add(1)),
            128 => (0, 0),
            run => (1, 257u64.saturating_sub(run.into())),
        };
        bytes = rest.get(taken..)?;
        output = output.saturating_add(count);
    }
    Some(output)
}
