//! The coefficients of a VP8 key frame: its partitions behind the first (RFC 6386, 13), read and not kept.

use super::{
    bools::Bools,
    evidence::{BIT, Thing},
    frame::Frame,
    modes::{SKIPPED, SUBBLOCKS},
};

/// Kinds of blocks that are compared: four types, by how many neighbours have coefficients.
pub(super) const KINDS: usize = 12;
/// What something that coders never write says against a place.
const NEVER: i64 = -8 * BIT;
/// Types of blocks.
const LUMA_BEHIND_Y2: usize = 0;
const Y2: usize = 1;
const CHROMA: usize = 2;
const LUMA: usize = 3;

/// The blocks of a macroblock but Y2, by their neighbours to the left and above: luma, then each chroma.
const PLACES: [(u8, u8); 24] = [
    (0, 0),
    (0, 1),
    (0, 2),
    (0, 3),
    (1, 0),
    (1, 1),
    (1, 2),
    (1, 3),
    (2, 0),
    (2, 1),
    (2, 2),
    (2, 3),
    (3, 0),
    (3, 1),
    (3, 2),
    (3, 3),
    (4, 4),
    (4, 5),
    (5, 4),
    (5, 5),
    (6, 6),
    (6, 7),
    (7, 6),
    (7, 7),
];

/// What is told of blocks as they are read.
pub(super) trait Watch {
    /// A block or pixel between its neighbours.
    fn block(&mut self, thing: Thing);
    /// Something that coders never write.
    fn never(&mut self, says: i64);
    /// False where blocks need not be told of.
    fn is_on(&self) -> bool {
        true
    }
}

/// Looks at nothing.
impl Watch for () {
    #[inline(always)]
    fn block(&mut self, _: Thing) {}
    fn never(&mut self, _: i64) {}
    #[inline(always)]
    fn is_on(&self) -> bool {
        false
    }
}

/// A walk through the coefficients.
#[derive(Clone)]
pub(super) struct Tokens {
    partitions: Vec<Bools>,
    column: usize,
    row: usize,
    /// Ends of the blocks beside and above the next macroblock: four of luma, two of each chroma, Y2.
    left: [u8; 9],
    above: Vec<[u8; 9]>,
}

impl Tokens {
    pub(super) fn new(frame: &Frame) -> Self {
        Self {
            partitions: frame.partitions.clone(),
            column: 0,
            row: 0,
            left: [0; 9],
            above: vec![[0; 9]; frame.columns],
        }
    }

    pub(super) fn partitions(&self) -> &[Bools] {
        &self.partitions
    }

    /// The partition of the row under way.
    pub(super) fn bools(&self) -> Option<&Bools> {
        self.partitions.get(self.row.checked_rem(self.partitions.len())?)
    }

    /// The next macroblock, of which the modes say `flags`.
    #[inline]
    pub(super) fn next(&mut self, frame: &Frame, bytes: &[u8], flags: u8, watch: &mut impl Watch) {
        if self.column == frame.columns {
            (self.column, self.left, self.row) = (0, [0; 9], self.row.wrapping_add(1));
        }
        let index = self.row.checked_rem(self.partitions.len()).unwrap_or(0);
        let (Some(place), Some(above)) = (self.partitions.get_mut(index), self.above.get_mut(self.column)) else {
            return;
        };
        self.column = self.column.wrapping_add(1);
        let has_y2 = flags & SUBBLOCKS == 0;
        if flags & SKIPPED != 0 {
            let [.., left_y2] = self.left;
            let [.., above_y2] = *above;
            (self.left, *above) = ([0; 9], [0; 9]);
            if !has_y2 {
                (self.left[8], above[8]) = (left_y2, above_y2);
            }
            return;
        }
        // Copies, for them to stay in registers.
        let (mut bools, mut left, mut over) = (*place, self.left, *above);
        let mut blocks = Blocks { frame, bytes, any: false, watch };
        if has_y2 {
            blocks.block(&mut bools, Y2, &mut left[8], &mut over[8]);
        }
        let luma = if has_y2 { LUMA_BEHIND_Y2 } else { LUMA };
        // In code of their own, for a processor to guess each by what is likely in it.
        let (lumas, chromas) = PLACES.split_at(16);
        blocks.all(&mut bools, luma, lumas, &mut left, &mut over);
        blocks.all(&mut bools, CHROMA, chromas, &mut left, &mut over);
        // A macroblock without coefficients says so, where macroblocks do.
        if !blocks.any && frame.skips.is_some() {
            blocks.watch.never(NEVER);
        }
        (*place, self.left, *above) = (bools, left, over);
    }
}

struct Blocks<'a, W> {
    frame: &'a Frame,
    bytes: &'a [u8],
    any: bool,
    watch: &'a mut W,
}

impl<W: Watch> Blocks<'_, W> {
    /// The blocks at `places`.
    #[inline(always)]
    fn all(&mut self, bools: &mut Bools, plane: usize, places: &[(u8, u8)], left: &mut [u8; 9], above: &mut [u8; 9]) {
        for (y, x) in places {
            if let (Some(left), Some(above)) = (left.get_mut(usize::from(*y)), above.get_mut(usize::from(*x))) {
                self.block(bools, plane, left, above);
            }
        }
    }

    /// One block between its neighbours, whose ends it takes the place of.
    #[inline(always)]
    fn block(&mut self, bools: &mut Bools, plane: usize, left: &mut u8, above: &mut u8) {
        let context = usize::from(*left > 0).wrapping_add(usize::from(*above > 0));
        let first = usize::from(plane == LUMA_BEHIND_Y2);
        let Some(chances) = self.frame.tokens.get(plane) else { return };
        let (end, in_zeros) = coefficients(bools, self.bytes, chances, context, first);
        if in_zeros {
            self.watch.never(NEVER);
        }
        let end = if usize::from(end) > first { end } else { 0 };
        self.any |= end > 0;
        let kind = plane.wrapping_mul(3).wrapping_add(context);
        self.watch.block(Thing { kind, left: class(*left), above: class(*above), class: class(end) });
        (*left, *above) = (end, end);
    }
}

/// Where the coefficients of a block end, and whether they end in zeros, as no coder writes them.
#[inline(always)]
fn coefficients(
    bools: &mut Bools,
    bytes: &[u8],
    chances: &[[[u8; 11]; 3]; 16],
    context: usize,
    first: usize,
) -> (u8, bool) {
    let chances = |index: usize, context: usize| -> &[u8; 11] {
        chances.get(index & 15).and_then(|contexts| contexts.get(context)).unwrap_or(&[128; 11])
    };
    let mut index = first;
    let mut chance = chances(index, context);
    loop {
        if !bools.bool(bytes, chance[0]) {
            return (index as u8, false);
        }
        while !bools.bool(bytes, chance[1]) {
            index = index.wrapping_add(1);
            if index > 15 {
                return (16, true);
            }
            chance = chances(index, 0);
        }
        let context = if bools.bool(bytes, chance[2]) {
            large(bools, bytes, chance);
            2
        } else {
            1
        };
        // The sign.
        bools.sign(bytes);
        index = index.wrapping_add(1);
        if index > 15 {
            return (16, false);
        }
        chance = chances(index, context);
    }
}

/// The rest of a coefficient larger than one.
#[inline(always)]
fn large(bools: &mut Bools, bytes: &[u8], chance: &[u8; 11]) {
    if !bools.bool(bytes, chance[3]) {
        if bools.bool(bytes, chance[4]) {
            bools.skip(bytes, chance[5]);
        }
        return;
    }
    let extra: &[u8] = if !bools.bool(bytes, chance[6]) {
        if bools.bool(bytes, chance[7]) { &[165, 145] } else { &[159] }
    } else if bools.bool(bytes, chance[8]) {
        if bools.bool(bytes, chance[10]) {
            &[254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129]
        } else {
            &[180, 157, 141, 134, 130]
        }
    } else if bools.bool(bytes, chance[9]) {
        &[176, 155, 140, 135]
    } else {
        &[173, 148, 140]
    };
    for chance in extra {
        bools.skip(bytes, *chance);
    }
}

/// Blocks by where they end.
fn class(end: u8) -> usize {
    match end {
        0..=4 => usize::from(end),
        5..=6 => 5,
        7..=9 => 6,
        10..=12 => 7,
        13..=15 => 8,
        _ => 9,
    }
}
