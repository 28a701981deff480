//! Codes of a block with the bits that follow them (ITU-T T.81, F.2.2.1 and F.2.2.2).

use super::{
    bits::Bits,
    bursts::{Burst, Bursts, OVER, Passed},
    huffman::Table,
};

/// The difference that the next code and its bits tell, of `most` bits at the most.
///
/// # Errors
/// The bit behind what is wrong.
#[inline(always)]
pub(crate) fn difference(bits: &mut Bits<'_>, table: &Table, most: u32) -> Result<i32, usize> {
    let window = bits.look();
    let Some((length, symbol)) = table.find(window) else { return Err(bits.position().wrapping_add(16)) };
    let size = u32::from(symbol);
    let code = length.wrapping_sub(size & 15);
    if size > most {
        return Err(bits.position().wrapping_add(code as usize));
    }
    bits.skip(length);
    Ok(number(window << (code & 63), size))
}

/// The number that the `size` bits at the top of `bits` stand for, 15 at the most (F.2.2.1, figure F.12).
#[inline(always)]
pub(crate) fn number(bits: u64, size: u32) -> i32 {
    let negative = !((bits as i64) >> 63) as i32;
    let value = (bits >> 1 >> (63u32.wrapping_sub(size) & 63)) as i32;
    value.wrapping_add(negative & 1i32.wrapping_sub(1 << (size & 31)))
}

/// Passes over the AC coefficients of a block.
///
/// # Errors
/// The bit behind what is wrong.
#[inline(always)]
pub(crate) fn pass_over(bits: &mut Bits<'_>, table: &Table, bursts: &Bursts<Passed>) -> Result<(), usize> {
    let mut k = 1u32;
    loop {
        // Two bursts, the second of no length where the block is over by the first: few blocks have more, and which have
        // one and which two cannot be guessed.
        let window = bits.look();
        let burst = bursts.find(window);
        let second = bursts.find(window << (burst.length() & 63));
        let behind = k.wrapping_add(burst.coefficients());
        let goes_on = if behind < 64 { u32::MAX } else { 0 };
        let behind = behind.wrapping_add(second.coefficients() & goes_on);
        if behind < 64 {
            bits.skip(burst.length());
            bits.skip(second.length());
            k = behind;
            continue;
        }
        if behind == 64 || behind.wrapping_sub(OVER) < 64 {
            bits.skip(burst.length());
            bits.skip(second.length() & goes_on);
            return Ok(());
        }
        // One code alone.
        let Some((length, symbol)) = table.find(window) else { return Err(bits.position().wrapping_add(16)) };
        bits.skip(length);
        match symbol {
            0 => return Ok(()),
            0xf0 => k = k.wrapping_add(16),
            _ if symbol & 15 == 0 => return Err(bits.position()),
            _ => k = k.wrapping_add(u32::from(symbol >> 4)).wrapping_add(1),
        }
        match k {
            64 => return Ok(()),
            65.. => return Err(bits.position()),
            _ => {}
        }
    }
}
