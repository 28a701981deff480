//! The modes of the macroblocks of a VP8 key frame: its first partition (RFC 6386, 10 and 11).

use super::{bools::Bools, evidence::Thing, frame::Frame, tables::SUBBLOCK_MODES};

/// Bits of what is kept of a macroblock.
pub(super) const SUBBLOCKS: u8 = 1;
pub(super) const SKIPPED: u8 = 2;
/// The modes of subblocks whose macroblock has one mode for all: DC, vertical, horizontal, TrueMotion.
const WHOLE: [u8; 4] = [0, 2, 3, 1];

/// A walk through the modes.
#[derive(Clone)]
pub(super) struct Modes {
    bools: Bools,
    columns: usize,
    segments: Option<[u8; 3]>,
    skips: Option<u8>,
    column: usize,
    left: [u8; 4],
    above: Vec<[u8; 4]>,
    /// Classes of the macroblock to the left and of those above.
    left_class: u8,
    above_class: Vec<u8>,
}

impl Modes {
    pub(super) fn new(frame: &Frame) -> Self {
        Self {
            bools: frame.modes,
            columns: frame.columns,
            segments: frame.segments,
            skips: frame.skips,
            column: 0,
            left: [0; 4],
            above: vec![[0; 4]; frame.columns],
            left_class: 0,
            above_class: vec![0; frame.columns],
        }
    }

    pub(super) fn bools(&self) -> &Bools {
        &self.bools
    }

    /// The next macroblock, and what can be compared of it.
    pub(super) fn next(&mut self, bytes: &[u8]) -> (u8, Thing) {
        if self.column == self.columns {
            (self.column, self.left, self.left_class) = (0, [0; 4], 0);
        }
        // A copy, for it to stay in registers.
        let mut decoder = self.bools;
        let bools = &mut decoder;
        let mut segment = 0;
        if let Some([top, low, high]) = self.segments {
            segment = if bools.bool(bytes, top) {
                2 | u8::from(bools.bool(bytes, high))
            } else {
                u8::from(bools.bool(bytes, low))
            };
        }
        let skipped = self.skips.is_some_and(|skips| bools.bool(bytes, skips));
        let mode = luma(bools, bytes);
        let column = self.column;
        match (mode, self.above.get_mut(column)) {
            (Some(mode), Some(above)) => {
                let mode = WHOLE.get(usize::from(mode)).copied().unwrap_or(0);
                (self.left, *above) = ([mode; 4], [mode; 4]);
            }
            (None, Some(above)) => {
                for left in &mut self.left {
                    let mut mode = *left;
                    for above in above.iter_mut() {
                        let chances = SUBBLOCK_MODES.get(usize::from(*above)).and_then(|of| of.get(usize::from(mode)));
                        mode = chances.map_or(0, |chances| subblock(bools, bytes, chances));
                        *above = mode;
                    }
                    *left = mode;
                }
            }
            _ => {}
        }
        // The mode of the chroma.
        let _ = bools.bool(bytes, 142) && bools.bool(bytes, 114) && bools.bool(bytes, 183);
        self.bools = decoder;
        let flags = if mode.is_none() { SUBBLOCKS } else { 0 } | if skipped { SKIPPED } else { 0 };
        let class = flags << 2 | segment;
        let above = self.above_class.get_mut(column).map_or(0, |above| std::mem::replace(above, class));
        let left = std::mem::replace(&mut self.left_class, class);
        self.column = column.saturating_add(1);
        (flags, Thing { kind: 0, left: left.into(), above: above.into(), class: class.into() })
    }
}

/// The mode of a macroblock's luma (11.2); `None` where each subblock has its own.
#[inline(always)]
fn luma(bools: &mut Bools, bytes: &[u8]) -> Option<u8> {
    bools.bool(bytes, 145).then(|| {
        if bools.bool(bytes, 156) { 2 | u8::from(bools.bool(bytes, 128)) } else { u8::from(bools.bool(bytes, 163)) }
    })
}

/// The mode of a subblock (11.2), in the order of the tables.
#[inline(always)]
fn subblock(bools: &mut Bools, bytes: &[u8], chances: &[u8; 9]) -> u8 {
    let [a, b, c, d, e, f, g, h, i] = *chances;
    if !bools.bool(bytes, a) {
        return 0;
    }
    if !bools.bool(bytes, b) {
        return 1;
    }
    if !bools.bool(bytes, c) {
        return 2;
    }
    if !bools.bool(bytes, d) {
        if !bools.bool(bytes, e) {
            return 3;
        }
        return if bools.bool(bytes, f) { 6 } else { 5 };
    }
    if !bools.bool(bytes, g) {
        return 4;
    }
    if !bools.bool(bytes, h) {
        return 7;
    }
    8 | u8::from(bools.bool(bytes, i))
}
