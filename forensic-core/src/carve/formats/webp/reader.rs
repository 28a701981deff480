//! A picture as its codes are read, a macroblock or a pixel at a time.

use super::{
    chunks::Coding,
    evidence::Thing,
    frame::Frame,
    lossless::{self, Fault, Pixels, Plan},
    modes::Modes,
    tokens::{self, Tokens, Watch},
};
use std::sync::Arc;

/// Bits that encoders write behind the last that counts: libwebp leaves 16 to 31, others flush 32 and more (RFC 6386, 7.3).
const FLUSHED: std::ops::RangeInclusive<i64> = 0..=56;
/// Bits behind the last pixel of a lossless picture: the rest of a byte.
const REST: std::ops::RangeInclusive<i64> = 0..=7;
/// Bits beyond the end of a partition that are read before it is given up.
const OVERRUN: i64 = -64;

/// Kinds of things compared, over all codings.
pub(super) const KINDS: usize = if tokens::KINDS + 1 > lossless::KINDS { tokens::KINDS + 1 } else { lossless::KINDS };

/// A picture under way.
#[derive(Clone)]
pub(super) enum Reader {
    Lossy(Box<Lossy>),
    Lossless(Arc<Plan>, Pixels),
}

/// A VP8 frame under way: first the modes of all macroblocks, then their coefficients.
#[derive(Clone)]
pub(super) struct Lossy {
    frame: Arc<Frame>,
    modes: Modes,
    flags: Vec<u8>,
    tokens: Tokens,
    done: usize,
}

/// How a picture stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// There is more.
    More,
    /// It is complete, and its data ends as it should.
    Whole,
    /// It is not as it must be.
    Wrong,
}

impl Reader {
    /// Begins with the picture in `bytes`, which should be `length` long.
    pub(super) fn new(bytes: &[u8], length: usize, coding: Coding) -> Result<Self, Fault> {
        let (start, size) = match coding {
            Coding::Lossy => {
                let frame = Frame::read(bytes, length).ok_or(Fault::Wrong)?;
                let (modes, tokens) = (Modes::new(&frame), Tokens::new(&frame));
                let lossy = Lossy { frame: Arc::new(frame), modes, flags: Vec::new(), tokens, done: 0 };
                return Ok(Self::Lossy(Box::new(lossy)));
            }
            Coding::Raw => return Err(Fault::Large),
            Coding::Alpha(width, height) => (1, (width, height)),
            Coding::Lossless => {
                let head = bytes.get(1..5).and_then(|head| head.first_chunk::<4>()).ok_or(Fault::Wrong)?;
                let sizes = u32::from_le_bytes(*head) as usize;
                (5, ((sizes & 0x3fff).saturating_add(1), (sizes >> 14 & 0x3fff).saturating_add(1)))
            }
        };
        let plan = Plan::read(bytes, start, length, size)?;
        let pixels = Pixels::new(&plan);
        Ok(Self::Lossless(Arc::new(plan), pixels))
    }

    /// Reads the next macroblock or symbol.
    #[inline]
    pub(super) fn step(&mut self, bytes: &[u8], watch: &mut impl Watch) -> Step {
        match self {
            Self::Lossy(lossy) => lossy.step(bytes, watch),
            Self::Lossless(plan, pixels) => {
                if pixels.is_complete(plan) {
                    return if REST.contains(&pixels.bits().left()) { Step::Whole } else { Step::Wrong };
                }
                match pixels.next(plan, bytes, watch) {
                    Ok(()) if pixels.bits().left() >= 0 => Step::More,
                    _ => Step::Wrong,
                }
            }
        }
    }

    /// The byte that is being taken.
    pub(super) fn position(&self) -> usize {
        match self {
            Self::Lossy(lossy) if lossy.in_modes() => lossy.modes.bools().position(),
            Self::Lossy(lossy) => lossy.tokens.bools().map_or(0, |bools| bools.position()),
            Self::Lossless(_, pixels) => pixels.bits().position(),
        }
    }

    /// The end of the bytes that were looked at.
    pub(super) fn loaded(&self) -> usize {
        match self {
            Self::Lossy(lossy) if lossy.in_modes() => lossy.modes.bools().loaded(),
            Self::Lossy(lossy) => {
                lossy.tokens.bools().map_or(0, |bools| bools.loaded()).max(lossy.modes.bools().loaded())
            }
            Self::Lossless(_, pixels) => pixels.bits().loaded(),
        }
    }

    /// True where the data is read in the order in which it stands.
    pub(super) fn is_in_order(&self) -> bool {
        match self {
            Self::Lossy(lossy) => lossy.frame.partitions.len() == 1,
            Self::Lossless(..) => true,
        }
    }

    /// Steps that the picture takes at most.
    pub(super) fn steps(&self) -> usize {
        match self {
            Self::Lossy(lossy) => lossy.frame.macroblocks().saturating_mul(2),
            Self::Lossless(plan, _) => plan.pixels(),
        }
    }
}

impl Lossy {
    fn in_modes(&self) -> bool {
        self.flags.len() < self.frame.macroblocks()
    }

    fn step(&mut self, bytes: &[u8], watch: &mut impl Watch) -> Step {
        if self.in_modes() {
            let (flags, thing) = self.modes.next(bytes);
            watch.block(Thing { kind: tokens::KINDS, ..thing });
            self.flags.push(flags);
            let left = self.modes.bools().left();
            let ends = self.in_modes() || FLUSHED.contains(&left);
            return if ends && left >= OVERRUN { Step::More } else { Step::Wrong };
        }
        let Some(flags) = self.flags.get(self.done) else {
            let fits = self.tokens.partitions().iter().all(|bools| FLUSHED.contains(&bools.left()));
            return if fits { Step::Whole } else { Step::Wrong };
        };
        self.tokens.next(&self.frame, bytes, *flags, watch);
        self.done = self.done.saturating_add(1);
        let overrun = self.tokens.bools().is_none_or(|bools| bools.left() < OVERRUN);
        if overrun { Step::Wrong } else { Step::More }
    }
}
