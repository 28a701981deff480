//! The header of a VP8 key frame, up to the first macroblock (RFC 6386, 9).

use super::{
    bools::Bools,
    tables::{BANDS, TOKEN_UPDATES, TOKENS},
};

/// Bytes before the first partition.
const HEAD: usize = 10;

/// A key frame.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    /// Macroblocks in a row, and rows.
    pub(super) columns: usize,
    pub(super) rows: usize,
    /// The first partition behind the header.
    pub(super) modes: Bools,
    /// The partitions of the coefficients.
    pub(super) partitions: Vec<Bools>,
    /// Probabilities of tokens, by type of block, place of the coefficient and context.
    pub(super) tokens: [[[[u8; 11]; 3]; 16]; 4],
    /// Probabilities of the segments, where macroblocks tell theirs.
    pub(super) segments: Option<[u8; 3]>,
    /// The probability that a macroblock has coefficients, where those without say so.
    pub(super) skips: Option<u8>,
}

impl Frame {
    /// Reads the header of the frame in the first bytes of `bytes`, which is `length` bytes long in all.
    pub(super) fn read(bytes: &[u8], length: usize) -> Option<Self> {
        let head = bytes.first_chunk::<HEAD>()?;
        let [start @ .., width, wide, height, high] = *head;
        let [width, height] = [[width, wide], [height, high]].map(|side| u16::from_le_bytes(side) & 0x3fff);
        let first_end = usize::try_from(first_partition(start)?).ok()?.checked_add(HEAD)?;
        if width == 0 || height == 0 || first_end >= length {
            return None;
        }
        let mut modes = Bools::new(HEAD, first_end);
        modes.literal(bytes, 2);
        let segments = segments(&mut modes, bytes);
        modes.literal(bytes, 10);
        if modes.flag(bytes) && modes.flag(bytes) {
            (0..8).for_each(|_| optional(&mut modes, bytes, 7));
        }
        let count = 1usize << modes.literal(bytes, 2);
        // The indices of the quantizers.
        modes.literal(bytes, 7);
        (0..5).for_each(|_| optional(&mut modes, bytes, 5));
        modes.flag(bytes);
        let tokens = tokens(&mut modes, bytes);
        let skips = modes.flag(bytes).then(|| modes.literal(bytes, 8) as u8);
        let partitions = partitions(bytes, first_end, count, length)?;
        let [columns, rows] = [width, height].map(|pixels| usize::from(pixels).div_ceil(16));
        Some(Self { columns, rows, modes, partitions, tokens, segments, skips })
    }

    /// Macroblocks of the picture.
    pub(super) fn macroblocks(&self) -> usize {
        self.columns.saturating_mul(self.rows)
    }
}

/// Bytes of the first partition, by the first bytes of a key frame (9.1); `None` where they are none.
pub(super) fn first_partition(start: [u8; 6]) -> Option<u32> {
    let [low, middle, high, code @ ..] = start;
    let tag = u32::from_le_bytes([low, middle, high, 0]);
    let is_key = tag & 1 == 0 && tag >> 1 & 7 <= 3 && code == [0x9d, 0x01, 0x2a];
    Some(tag >> 5).filter(|length| is_key && *length > 0)
}

/// A flag, and a number of `bits` behind it where it is set.
fn optional(modes: &mut Bools, bytes: &[u8], bits: u32) {
    if modes.flag(bytes) {
        modes.literal(bytes, bits);
    }
}

/// The segments (9.3).
fn segments(modes: &mut Bools, bytes: &[u8]) -> Option<[u8; 3]> {
    if !modes.flag(bytes) {
        return None;
    }
    let [map, data] = [modes.flag(bytes), modes.flag(bytes)];
    if data {
        modes.flag(bytes);
        (0..4).for_each(|_| optional(modes, bytes, 8));
        (0..4).for_each(|_| optional(modes, bytes, 7));
    }
    map.then(|| [(); 3].map(|()| if modes.flag(bytes) { modes.literal(bytes, 8) as u8 } else { 255 }))
}

/// The probabilities of tokens (13.4).
fn tokens(modes: &mut Bools, bytes: &[u8]) -> [[[[u8; 11]; 3]; 16]; 4] {
    let mut tokens = TOKENS;
    let all = tokens.as_flattened_mut().as_flattened_mut().as_flattened_mut();
    let updates = TOKEN_UPDATES.as_flattened().as_flattened().as_flattened();
    for (token, update) in all.iter_mut().zip(updates) {
        if modes.bool(bytes, *update) {
            *token = modes.literal(bytes, 8) as u8;
        }
    }
    tokens.map(|bands| BANDS.map(|band| bands.get(usize::from(band)).copied().unwrap_or_default()))
}

/// The partitions behind the first (9.5): the lengths of all but the last stand before them.
fn partitions(bytes: &[u8], first_end: usize, count: usize, length: usize) -> Option<Vec<Bools>> {
    let lengths = count.checked_sub(1)?.checked_mul(3)?;
    let mut at = first_end.checked_add(lengths)?;
    let mut partitions = Vec::new();
    for number in 0..count.saturating_sub(1) {
        let place = first_end.checked_add(number.checked_mul(3)?)?;
        let size = match bytes.get(place..place.checked_add(3)?) {
            Some([a, b, c]) => usize::try_from(u32::from_le_bytes([*a, *b, *c, 0])).ok()?,
            _ => 0,
        };
        partitions.push(Bools::new(at, at.checked_add(size)?.min(length)));
        at = at.checked_add(size)?.min(length);
    }
    partitions.push(Bools::new(at, length));
    Some(partitions)
}
