//! The transform for any processor.

use super::{FIRST_SHIFT, SECOND_SHIFT, weights};

/// See [`Transform::samples`](super::Transform::samples).
pub(super) fn samples(block: &[i16; 64], across: usize, down: usize) -> [u64; 8] {
    let (rows, _) = block.as_chunks::<8>();
    let mut columns = [[0; 8]; 8];
    columns.iter_mut().zip(rows).for_each(|(row, values)| *row = *values);
    let between = transpose(one_dimension(&columns, down, FIRST_SHIFT));
    let rows = transpose(one_dimension(&between, across, SECOND_SHIFT));
    rows.map(|row| u64::from_le_bytes(row.map(|value| value.clamp(-128, 127) as i8 as u8)))
}

/// `count` rows of samples from eight rows of coefficients, each column for itself; what goes beyond 16 bits is clipped.
#[inline(always)]
fn one_dimension(rows: &[[i16; 8]; 8], count: usize, shift: i32) -> [[i16; 8]; 8] {
    let mut samples = [[0; 8]; 8];
    let half = 1 << (shift - 1);
    let [x0, x1, x2, x3, x4, x5, x6, x7] = rows;
    for (index, weights) in weights(count).iter().enumerate() {
        let [w0, w4, w2, w6, w1, w7, w3, w5] = weights.map(i32::from);
        let (mut first, mut mirrored) = ([0; 8], [0; 8]);
        for lane in 0..8 {
            let of = |row: &[i16; 8], weight: i32| i32::from(row[lane]).wrapping_mul(weight);
            let even = of(x0, w0).wrapping_add(of(x4, w4)).wrapping_add(of(x2, w2)).wrapping_add(of(x6, w6));
            let odd = of(x1, w1).wrapping_add(of(x7, w7)).wrapping_add(of(x3, w3)).wrapping_add(of(x5, w5));
            let even = even.wrapping_add(half);
            first[lane] = clipped(even.wrapping_add(odd) >> shift);
            mirrored[lane] = clipped(even.wrapping_sub(odd) >> shift);
        }
        samples[index] = first;
        samples[count - 1 - index] = mirrored;
    }
    samples
}

#[inline(always)]
fn clipped(value: i32) -> i16 {
    value.clamp(i32::from(i16::MIN), i32::from(i16::MAX)) as i16
}

#[inline(always)]
fn transpose(rows: [[i16; 8]; 8]) -> [[i16; 8]; 8] {
    let mut columns = [[0; 8]; 8];
    for (y, row) in rows.iter().enumerate() {
        for (x, value) in row.iter().enumerate() {
            columns[x][y] = *value;
        }
    }
    columns
}
