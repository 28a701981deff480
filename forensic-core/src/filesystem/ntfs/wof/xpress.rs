//! XPRESS with Huffman codes, as chunks of up to 64 KiB: [MS-XCA] 2.1 and 2.2.

use super::{
    super::copy::copy_back,
    huffman::{Bits, Code},
};

/// A table of the lengths of 512 codewords, four bits each, begins a chunk.
const TABLE: usize = 256;
const LITERALS: u16 = 256;
/// The shortest copy.
const SHORTEST: usize = 3;

/// Unpacks one chunk into `length` bytes.
///
/// # Errors
/// What is wrong with the chunk.
pub(super) fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>, &'static str> {
    let (table, body) = packed.split_at_checked(TABLE).ok_or("less than a table of codeword lengths")?;
    let mut lengths = [0; 2 * TABLE];
    for (pair, byte) in lengths.chunks_exact_mut(2).zip(table) {
        pair.copy_from_slice(&[byte & 15, byte >> 4]);
    }
    let code = Code::new(&lengths)?.ok_or("no codewords")?;
    let mut bits = Bits::new(body);
    let mut out = vec![0; length];
    let mut filled = 0;
    while filled < length {
        let symbol = code.symbol(&mut bits);
        let Some(copy) = symbol.checked_sub(LITERALS) else {
            if let Some(place) = out.get_mut(filled) {
                *place = symbol as u8;
            }
            filled = filled.saturating_add(1);
            continue;
        };
        let count = match usize::from(copy & 15) {
            15 => long_count(&mut bits)?,
            count => count,
        };
        let high = u32::from(copy >> 4);
        let distance = (1usize << high).saturating_add(bits.take(high) as usize);
        filled = copy_back(&mut out, filled, distance, count.saturating_add(SHORTEST))?;
    }
    bits.check()?;
    Ok(out)
}

/// A count of 15 or more, in one, three or seven bytes.
fn long_count(bits: &mut Bits<'_>) -> Result<usize, &'static str> {
    let mut number = |bytes: u32| -> Result<usize, &'static str> {
        let mut sum = 0;
        for place in 0..bytes {
            sum |= usize::from(bits.byte()?) << place.saturating_mul(8);
        }
        Ok(sum)
    };
    match number(1)? {
        255 => {
            let count = match number(2)? {
                0 => number(4)?,
                count => count,
            };
            if count < 15 { Err("a long count that is none") } else { Ok(count) }
        }
        count => Ok(count.saturating_add(15)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_of_a_long_count_reads_its_bytes_from_between_the_words() {
        // Codewords: 'a' is 0, 'b' is 10, 'c' is 110, and 111 a copy of a long count from 2 or 3 bytes before.
        let mut packed = vec![0u8; TABLE];
        (packed[0x30], packed[0x31], packed[143]) = (0x10, 0x32, 0x30);
        // a, b, c, the copy and one bit of its distance: 0 10 110 111 1. Its count, 294 + 3, stands behind two words.
        packed.extend([0b1100_0000, 0b0101_1011, 0, 0, 255, 38, 1]);
        let unpacked = unpack(&packed, 300).unwrap();
        assert!(unpacked == b"abc".repeat(100));
        assert!(unpack(&packed, 299).is_err());
        assert!(unpack(&packed[..260], 300).is_err());
    }
}
