//! The samples of a component at the size that is wanted of it, and its coefficients until all scans are there.

use super::{
    idct::Transform,
    syntax::markers::{Component, Frame},
};

/// Where the coefficients of a block stand, read in zigzag order (ITU-T T.81, figure A.6).
#[rustfmt::skip]
pub(super) const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// Samples of a component. 0 is mid-grey, and the eighth bit the sign, so that memory nobody wrote to is neutral.
#[derive(Debug)]
pub(super) struct Plane {
    transform: Transform,
    /// Samples of a block.
    pub(super) across: usize,
    pub(super) down: usize,
    /// Samples of a row, with those that fill the last MCU.
    pub(super) stride: usize,
    /// Samples that belong to the picture.
    pub(super) width: usize,
    pub(super) height: usize,
    pub(super) samples: Vec<u8>,
    blocks_wide: usize,
    /// Quantized coefficients of a progressive picture, in natural order; only those of DC where they are all that is wanted.
    coefficients: Vec<[i16; 64]>,
    dcs: Vec<i16>,
    /// As 16-bit products take it, in zigzag order.
    quantizer: Option<[i16; 64]>,
    /// The share of its area that was decoded.
    pub(super) share: f64,
}

impl Plane {
    /// Room for the samples of `component` at 1/`scale` of the frame; nothing is written to it yet.
    pub(super) fn new(frame: &Frame, component: &Component, scale: u32, is_progressive: bool) -> Self {
        let most = |of: fn(&Component) -> u32| frame.components.iter().map(of).max().unwrap_or(1);
        let [h_most, v_most] = [most(|of| of.horizontal), most(|of| of.vertical)];
        let across = 8 / reduction(scale, component.horizontal, h_most);
        let down = 8 / reduction(scale, component.vertical, v_most);
        let size = |full: u32, own: u32, most: u32, each: u32| (full * own).div_ceil(most).div_ceil(8 / each) as usize;
        let blocks_wide = component.stride as usize;
        let blocks_high = (frame.mcus_high * component.vertical) as usize;
        let all = blocks_wide * blocks_high;
        let (across_all, down_all) = (blocks_wide * across as usize, blocks_high * down as usize);
        let is_flat = across == 1 && down == 1;
        Self {
            transform: Transform::new(across as usize, down as usize),
            across: across as usize,
            down: down as usize,
            stride: across_all,
            width: size(frame.width, component.horizontal, h_most, across),
            height: size(frame.height, component.vertical, v_most, down),
            samples: vec![0; across_all * down_all],
            blocks_wide,
            coefficients: if is_progressive && !is_flat { vec![[0; 64]; all] } else { Vec::new() },
            dcs: if is_progressive && is_flat { vec![0; all] } else { Vec::new() },
            quantizer: None,
            share: 0.0,
        }
    }

    /// Bytes that such room takes.
    pub(super) fn bytes(frame: &Frame, component: &Component, scale: u32, is_progressive: bool) -> u64 {
        let most = |of: fn(&Component) -> u32| frame.components.iter().map(of).max().unwrap_or(1);
        let across = 8 / reduction(scale, component.horizontal, most(|of| of.horizontal));
        let down = 8 / reduction(scale, component.vertical, most(|of| of.vertical));
        let coefficients = match (is_progressive, across * down) {
            (false, _) => 0,
            (true, 1) => 2,
            (true, _) => 128,
        };
        let blocks = u64::from(component.stride) * u64::from(frame.mcus_high) * u64::from(component.vertical);
        blocks * (u64::from(across * down) + coefficients)
    }

    /// True where nothing but DC coefficients is wanted.
    pub(super) fn is_flat(&self) -> bool {
        self.across == 1 && self.down == 1
    }

    /// What its coefficients are to be multiplied by: the table in force at its first scan.
    pub(super) fn quantize(&mut self, table: &[u16; 64]) {
        self.quantizer.get_or_insert(table.map(|value| value as i16));
    }

    pub(super) fn quantizer(&self) -> Option<&[i16; 64]> {
        self.quantizer.as_ref()
    }

    /// Notes that one scan of all its area decoded so many MCUs out of all.
    pub(super) fn note(&mut self, mcus: u32, all: u32) {
        self.share = self.share.max(f64::from(mcus) / f64::from(all.max(1)));
    }

    /// Writes the samples of a block of dequantized coefficients.
    #[inline]
    pub(super) fn put(&mut self, column: usize, row: usize, block: &[i16; 64]) {
        let rows = self.transform.samples(block);
        self.write(column, row, rows);
    }

    /// Writes the samples of a block that has nothing but a dequantized DC coefficient.
    #[inline]
    pub(super) fn put_flat(&mut self, column: usize, row: usize, dc: i16) {
        let sample = Transform::flat(dc) as u8;
        if self.is_flat() {
            if let Some(place) = self.samples.get_mut(row * self.stride + column) {
                *place = sample;
            }
        } else {
            self.write(column, row, [u64::from_le_bytes([sample; 8]); 8]);
        }
    }

    #[inline]
    fn write(&mut self, column: usize, row: usize, rows: [u64; 8]) {
        match self.across {
            8 => self.write_rows::<8>(column, row, rows),
            4 => self.write_rows::<4>(column, row, rows),
            2 => self.write_rows::<2>(column, row, rows),
            _ => self.write_rows::<1>(column, row, rows),
        }
    }

    #[inline(always)]
    fn write_rows<const ACROSS: usize>(&mut self, column: usize, row: usize, rows: [u64; 8]) {
        let first = row * self.down * self.stride + column * ACROSS;
        let Some(places) = self.samples.get_mut(first..) else { return };
        for (places, row) in places.chunks_mut(self.stride).zip(rows).take(self.down) {
            if let (Some(places), Some(samples)) =
                (places.first_chunk_mut::<ACROSS>(), row.to_le_bytes().first_chunk::<ACROSS>())
            {
                *places = *samples;
            }
        }
    }

    /// The quantized DC coefficient of a block of a progressive picture.
    #[inline]
    pub(super) fn dc(&mut self, column: usize, row: usize) -> Option<&mut i16> {
        let block = row * self.blocks_wide + column;
        match self.coefficients.get_mut(block) {
            Some(block) => block.first_mut(),
            None => self.dcs.get_mut(block),
        }
    }

    /// Blocks of a row of a progressive picture, `column` and `row` the first of them.
    #[inline]
    pub(super) fn blocks(&mut self, column: usize, row: usize) -> &mut [[i16; 64]] {
        let first = row * self.blocks_wide;
        self.coefficients.get_mut(first + column..first + self.blocks_wide).unwrap_or_default()
    }

    /// Makes the samples of a progressive picture.
    pub(super) fn finish(&mut self) {
        let Some(quantizer) = self.quantizer else { return };
        let mut natural = [0; 64];
        ZIGZAG.iter().zip(quantizer).for_each(|(place, value)| natural[usize::from(*place)] = value);
        let wide = self.blocks_wide.max(1);
        for (index, dc) in std::mem::take(&mut self.dcs).into_iter().enumerate() {
            self.put_flat(index % wide, index / wide, dc.wrapping_mul(quantizer[0]));
        }
        let coefficients = std::mem::take(&mut self.coefficients);
        for (row, blocks) in coefficients.chunks(wide).enumerate() {
            for (column, block) in blocks.iter().enumerate() {
                if block[1..].iter().fold(0, |all, value| all | value) == 0 {
                    self.put_flat(column, row, block[0].wrapping_mul(quantizer[0]));
                } else {
                    let mut dequantized = *block;
                    dequantized.iter_mut().zip(&natural).for_each(|(value, by)| *value = value.wrapping_mul(*by));
                    self.put(column, row, &dequantized);
                }
            }
        }
    }
}

/// What a component that has `own` samples where the frame has `most` is reduced by at the most where the frame is by `scale`: a power
/// of two.
fn reduction(scale: u32, own: u32, most: u32) -> u32 {
    let wanted = (scale * own / most).max(1);
    1 << wanted.ilog2().min(3)
}
