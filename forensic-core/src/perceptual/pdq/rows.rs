//! Weighted sums of rows of bytes, wide where the processor is: four fifths of the time of a hash.
//!
//! The sums are made in the same order by the same operations on every processor, so that the results are equal bit by bit.
#![allow(unsafe_code)]

/// Sums kept in the nearest cache while all rows are added to them.
const TILE: usize = 2048;

/// `sums[i]` becomes the sum over the rows of `weight · row[i]`; every row is as long as `sums`.
pub(super) fn add<'a>(sums: &mut [f32], rows: impl Iterator<Item = (f32, &'a [u8])> + Clone) {
    for (number, tile) in sums.chunks_mut(TILE).enumerate() {
        let at = number * TILE;
        tile.fill(0.0);
        for (weight, row) in rows.clone() {
            add_row(tile, weight, &row[at..at + tile.len()]);
        }
    }
}

fn add_row(sums: &mut [f32], weight: f32, row: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { avx2(sums, weight, row) };
    }
    portable(sums, weight, row);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(sums: &mut [f32], weight: f32, row: &[u8]) {
    portable(sums, weight, row);
}

#[inline(always)]
fn portable(sums: &mut [f32], weight: f32, row: &[u8]) {
    for (sum, byte) in sums.iter_mut().zip(row) {
        *sum += weight * f32::from(*byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_and_narrow_sums_are_equal() {
        let rows: Vec<Vec<u8>> =
            (0..5u32).map(|row| (0..5003u32).map(|x| (x * 31 + row * 17) as u8).collect()).collect();
        let weighted = || rows.iter().enumerate().map(|(number, row)| (0.1 + number as f32 / 7.0, &row[..]));
        let mut wide = vec![9.0; 5003];
        add(&mut wide, weighted());
        let mut narrow = vec![0.0; 5003];
        weighted().for_each(|(weight, row)| portable(&mut narrow, weight, row));
        assert_eq!(wide, narrow);
    }
}
