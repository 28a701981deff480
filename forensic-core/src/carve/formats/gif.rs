//! GIF, by the walk of its blocks (CompuServe, GIF87a and GIF89a specifications; sections named as there).

use crate::carve::{Break, Broken, Format, Found, Outcome, Signature, Tape};

/// GIF pictures and animations.
pub(super) struct Gif;

const KIND: &str = "gif";
const SIGNATURES: &[Signature] = &[Signature::new(b"GIF87a"), Signature::new(b"GIF89a")];

impl Format for Gif {
    fn types(&self) -> &'static [&'static str] {
        &[KIND]
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let mut walk = Walk { tape, good: 0, images: 0 };
        match walk.blocks() {
            Ok(length) => Outcome::Whole(Found::new(KIND, length)),
            Err(broken) if walk.images > 0 => Outcome::Broken(Broken {
                kind: KIND,
                good: walk.good,
                broken_at: broken.at,
                length: None,
                confidence: 70,
            }),
            Err(_) => Outcome::No,
        }
    }
}

struct Walk<'a> {
    tape: &'a mut Tape,
    /// Bytes that hold so far.
    good: u64,
    images: u32,
}

impl Walk<'_> {
    fn blocks(&mut self) -> Result<u64, Break> {
        let packed = self.tape.byte(10)?;
        let [width, height] = [self.tape.le16(6)?, self.tape.le16(8)?];
        if width == 0 || height == 0 {
            return Err(Break::wrong(6, "logical screen descriptor"));
        }
        let mut at = 13u64.saturating_add(color_table(packed));
        loop {
            self.good = at;
            at = match self.tape.byte(at)? {
                0x21 => self.extension(at)?,
                0x2c => self.image(at)?,
                0x3b if self.images > 0 => return Ok(at.saturating_add(1)),
                _ => return Err(Break::wrong(at, "block introducer")),
            };
        }
    }

    fn extension(&mut self, at: u64) -> Result<u64, Break> {
        match (self.tape.byte(at.saturating_add(1))?, self.tape.byte(at.saturating_add(2))?) {
            (0xf9, 4) | (0xff, 11) | (0x01, 12) | (0xfe, _) => self.sub_blocks(at.saturating_add(2)),
            _ => Err(Break::wrong(at, "extension label")),
        }
    }

    fn image(&mut self, at: u64) -> Result<u64, Break> {
        let packed = self.tape.byte(at.saturating_add(9))?;
        let data = at.saturating_add(10).saturating_add(color_table(packed));
        if !(2..=8).contains(&self.tape.byte(data)?) {
            return Err(Break::wrong(data, "LZW minimum code size"));
        }
        self.images = self.images.saturating_add(1);
        self.sub_blocks(data.saturating_add(1))
    }

    /// The end of the sub-blocks that begin at `at`, their terminator included.
    fn sub_blocks(&mut self, mut at: u64) -> Result<u64, Break> {
        loop {
            let length = u64::from(self.tape.byte(at)?);
            at = at.saturating_add(1).saturating_add(length);
            if length == 0 {
                return Ok(at);
            }
            self.good = at.min(self.tape.len());
        }
    }
}

/// Bytes of the color table a packed field tells of.
fn color_table(packed: u8) -> u64 {
    if packed & 0x80 == 0 { 0 } else { 3u64 << (u64::from(packed & 7).saturating_add(1)) }
}
