//! The walk from block to block, and through the codes of each image.

use super::super::lzw::{Codes, Dialect, State};
use crate::carve::{Break, Tape};

/// Bytes of output that an image may have beyond its pixels: some encoders round up.
const SURPLUS: u64 = 4096;
/// Code bytes an image must have before it counts as one that begins here.
const LEAST_DATA: u64 = 16;
/// Bytes that could be read in the time in which one of codes is.
const WORTH: u64 = 8;

pub(super) struct Walk<'a> {
    tape: &'a mut Tape,
    /// Bytes that hold so far.
    pub(super) good: u64,
    /// The first byte at which the codes of an image are wrong.
    pub(super) wrong: Option<u64>,
    /// Enough of an image was there that the file is one that begins here.
    pub(super) begun: bool,
    images: u32,
    /// Each image had just as many pixels as it should, and an end code.
    pub(super) exact: bool,
    /// Where the sub-block under way begins.
    pub(super) block: u64,
    /// Bytes of the sub-block before, its length included.
    pub(super) stride: u64,
}

impl<'a> Walk<'a> {
    pub(super) fn new(tape: &'a mut Tape) -> Self {
        Self { tape, good: 0, wrong: None, begun: false, images: 0, exact: true, block: 0, stride: 256 }
    }

    /// The end of the file.
    pub(super) fn blocks(&mut self) -> Result<u64, Break> {
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
            (0xf9, 4) | (0xff, 11) | (0x01, 12) | (0xfe, _) => self.sub_blocks(at.saturating_add(2), None),
            _ => Err(Break::wrong(at, "extension label")),
        }
    }

    fn image(&mut self, at: u64) -> Result<u64, Break> {
        let [width, height] = [self.tape.le16(at.saturating_add(5))?, self.tape.le16(at.saturating_add(7))?];
        let packed = self.tape.byte(at.saturating_add(9))?;
        let data = at.saturating_add(10).saturating_add(color_table(packed));
        let root_bits = self.tape.byte(data)?;
        if !(1..=8).contains(&root_bits) || width == 0 || height == 0 {
            return Err(Break::wrong(at, "image descriptor"));
        }
        let pixels = u64::from(width).saturating_mul(u64::from(height));
        let mut image = Image { codes: Codes::new(Dialect::Gif, root_bits.into()), pixels };
        let end = self.sub_blocks(data.saturating_add(1), Some(&mut image))?;
        self.images = self.images.saturating_add(1);
        self.begun |= image.is_complete();
        self.exact &= image.codes.output == image.pixels && image.codes.state == State::Ended;
        Ok(end)
    }

    /// The end of the sub-blocks that begin at `at`, their terminator included; with the codes of `image` in them.
    fn sub_blocks(&mut self, mut at: u64, mut image: Option<&mut Image>) -> Result<u64, Break> {
        let start = at;
        loop {
            if self.wrong.is_none() {
                self.block = at;
            }
            let length = self.tape.byte(at)?;
            let data = at.saturating_add(1);
            at = data.saturating_add(length.into());
            if length == 0 {
                let unfinished = image.is_some_and(|image| !image.is_complete());
                if unfinished && self.wrong.is_none() {
                    self.wrong = Some(at.saturating_sub(1));
                }
                return Ok(at);
            }
            let bytes = self.tape.bytes(data, length.into())?;
            if let Some(image) = image.as_deref_mut() {
                let read = image.codes.feed(bytes, image.pixels.saturating_add(SURPLUS));
                let is_wrong = image.is_wrong();
                if is_wrong && self.wrong.is_none() {
                    self.wrong = Some(data.saturating_add(read as u64).saturating_sub(1));
                }
                self.begun |= !is_wrong && at.saturating_sub(start) >= LEAST_DATA;
                self.tape.work(u64::from(length).saturating_mul(WORTH));
            }
            if self.wrong.is_none() {
                (self.good, self.stride) = (at, u64::from(length).saturating_add(1));
            }
        }
    }
}

struct Image {
    codes: Codes,
    pixels: u64,
}

impl Image {
    fn is_wrong(&self) -> bool {
        self.codes.state == State::Wrong || self.codes.output >= self.pixels.saturating_add(SURPLUS)
    }

    fn is_complete(&self) -> bool {
        self.codes.output >= self.pixels && !self.is_wrong()
    }
}

/// Bytes of the color table a packed field tells of.
fn color_table(packed: u8) -> u64 {
    if packed & 0x80 == 0 { 0 } else { 3u64 << (u64::from(packed & 7).saturating_add(1)) }
}
