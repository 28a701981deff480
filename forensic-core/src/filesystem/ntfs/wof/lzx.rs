//! LZX as WIM files and the Windows overlay filter use it: chunks of 32 KiB, each for itself.
//!
//! [MS-PATCH] 2.3–2.6 describes the blocks; here a block's size is one bit for 32 KiB or zero and 16 bits, and the operands of x86
//! calls are always translated, as if the file had 12,000,000 bytes.

use super::{
    super::copy::copy_back,
    huffman::{Bits, Code, TOO_SHORT},
};

/// The window: the most bytes a chunk unpacks to, and the usual size of a block.
pub(super) const WINDOW: usize = 32768;
const LITERALS: u16 = 256;
/// Position slots of a window of 32 KiB.
const SLOTS: usize = 30;
const MAIN: usize = 256 + 8 * SLOTS;
const LENGTHS: usize = 249;
const SHORTEST: usize = 2;
/// The size that the file is taken to have in translated operands.
const TRANSLATED: i32 = 12_000_000;

/// Unpacks one chunk into `length` bytes.
///
/// # Errors
/// What is wrong with the chunk.
pub(super) fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>, &'static str> {
    let mut out = vec![0; length];
    let mut chunk = Chunk { bits: Bits::new(packed), main: [0; MAIN], lengths: [0; LENGTHS], recent: [1; 3] };
    let mut filled = 0;
    while filled < length {
        filled = chunk.block(&mut out, filled)?;
        chunk.bits.check()?;
    }
    translate_calls(&mut out);
    Ok(out)
}

/// What one block hands to the next.
struct Chunk<'a> {
    bits: Bits<'a>,
    /// Codeword lengths of the main tree and the length tree.
    main: [u8; MAIN],
    lengths: [u8; LENGTHS],
    /// The last three distances.
    recent: [u32; 3],
}

impl Chunk<'_> {
    /// Unpacks a block; gives the end of what is filled.
    fn block(&mut self, out: &mut [u8], filled: usize) -> Result<usize, &'static str> {
        let kind = self.bits.take(3);
        let size = match self.bits.take(1) {
            1 => WINDOW,
            _ => self.bits.take(16) as usize,
        };
        let end = filled.saturating_add(size).min(out.len());
        if size == 0 {
            return Err("an empty block");
        }
        let aligned = match kind {
            1 => None,
            2 => Some(self.aligned_code()?),
            3 => return self.stored(out, filled, end),
            _ => return Err("a block of no known kind"),
        };
        let (literals, copies) = self.main.split_at_mut(usize::from(LITERALS));
        read_lengths(&mut self.bits, literals)?;
        read_lengths(&mut self.bits, copies)?;
        read_lengths(&mut self.bits, &mut self.lengths)?;
        let main = Code::new(&self.main)?.ok_or("no codewords")?;
        let lengths = Code::new(&self.lengths)?;
        self.symbols(out, filled, end, &main, lengths.as_ref(), aligned.as_ref())
    }

    fn symbols(
        &mut self,
        out: &mut [u8],
        mut filled: usize,
        end: usize,
        main: &Code,
        lengths: Option<&Code>,
        aligned: Option<&Code>,
    ) -> Result<usize, &'static str> {
        while filled < end {
            let symbol = main.symbol(&mut self.bits);
            let Some(copy) = symbol.checked_sub(LITERALS) else {
                if let Some(place) = out.get_mut(filled) {
                    *place = symbol as u8;
                }
                filled = filled.saturating_add(1);
                continue;
            };
            let count = match copy & 7 {
                7 => {
                    lengths.ok_or("a long copy without a code for its length")?.symbol(&mut self.bits).saturating_add(7)
                }
                count => count,
            };
            let distance = self.distance(u32::from(copy >> 3), aligned) as usize;
            filled = copy_back(
                out.get_mut(..end).unwrap_or_default(),
                filled,
                distance,
                usize::from(count).saturating_add(SHORTEST),
            )?;
        }
        Ok(filled)
    }

    /// The distance that a position slot means, in blocks of the aligned kind with a code for its lowest three bits.
    fn distance(&mut self, slot: u32, aligned: Option<&Code>) -> u32 {
        if slot < 3 {
            // One of the last three: it changes places with the last.
            self.recent.swap(0, slot as usize);
            return self.recent.first().copied().unwrap_or(1);
        }
        // Slots 2k and 2k + 1 begin at 2·2ᵏ and 3·2ᵏ halves, with k - 1 bits each; the three recent ones count for two.
        let extra = (slot / 2).saturating_sub(1);
        let base = (2 | slot & 1) << extra;
        let footer = match aligned.filter(|_| extra >= 3) {
            Some(code) => self.bits.take(extra.saturating_sub(3)) << 3 | u32::from(code.symbol(&mut self.bits)),
            None => self.bits.take(extra),
        };
        let distance = base.saturating_add(footer).saturating_sub(2);
        let [last, before, _] = self.recent;
        self.recent = [distance, last, before];
        distance
    }

    fn aligned_code(&mut self) -> Result<Code, &'static str> {
        let lengths: [u8; 8] = std::array::from_fn(|_| self.bits.take(3) as u8);
        Code::new(&lengths)?.ok_or("no codewords")
    }

    /// A block as it is: the last three distances, then its bytes.
    fn stored(&mut self, out: &mut [u8], filled: usize, end: usize) -> Result<usize, &'static str> {
        let parts = self.bits.bytes(&[12, end.saturating_sub(filled)])?;
        let [recent, content] = parts.as_slice() else { return Err(TOO_SHORT) };
        for (slot, bytes) in self.recent.iter_mut().zip(recent.chunks_exact(4)) {
            *slot = bytes.try_into().map_or(0, u32::from_le_bytes);
        }
        out.get_mut(filled..end).ok_or(TOO_SHORT)?.copy_from_slice(content);
        Ok(end)
    }
}

/// Reads the lengths of codewords: differences to those of the block before, themselves in a Huffman code.
fn read_lengths(bits: &mut Bits<'_>, lengths: &mut [u8]) -> Result<(), &'static str> {
    let widths: [u8; 20] = std::array::from_fn(|_| bits.take(4) as u8);
    let code = Code::new(&widths)?.ok_or("no codewords")?;
    let less = |before: u8, by: u16| {
        u8::try_from((17u16.saturating_add(u16::from(before)).saturating_sub(by)) % 17).unwrap_or(0)
    };
    let mut at = 0usize;
    while at < lengths.len() {
        let symbol = code.symbol(bits);
        let before = lengths.get(at).copied().unwrap_or(0);
        let (count, length) = match symbol {
            17 => (bits.take(4).saturating_add(4), 0),
            18 => (bits.take(5).saturating_add(20), 0),
            19 => {
                let count = bits.take(1).saturating_add(4);
                match code.symbol(bits) {
                    by @ 0..=16 => (count, less(before, by)),
                    _ => return Err("a run of codeword lengths without a length"),
                }
            }
            by => (1, less(before, by)),
        };
        // A run may promise more than there are symbols left.
        let end = at.saturating_add(count as usize).min(lengths.len());
        lengths.get_mut(at..end).unwrap_or_default().fill(length);
        at = end;
    }
    Ok(())
}

/// Makes the operands of x86 calls (0xe8) relative again: [MS-PATCH] 2.2.2, E8 Call Translation.
fn translate_calls(out: &mut [u8]) {
    // The last ten bytes are never translated.
    let end = out.len().saturating_sub(10);
    let mut at = 0usize;
    while at < end {
        let Some(found) = out.get(at..end).and_then(|rest| rest.iter().position(|byte| *byte == 0xe8)) else { return };
        let place = at.saturating_add(found);
        at = place.saturating_add(5);
        let Some(operand) = out.get_mut(place.saturating_add(1)..at) else { return };
        let here = i32::try_from(place).unwrap_or(i32::MAX);
        let value = operand.as_ref().try_into().map_or(0, i32::from_le_bytes);
        if value >= here.saturating_neg() && value < TRANSLATED {
            let by = if value >= 0 { here.saturating_neg() } else { TRANSLATED };
            operand.copy_from_slice(&value.wrapping_add(by).to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packs fields of bits, the highest first, into 16-bit little-endian words.
    fn words(fields: &[(u32, u32)]) -> Vec<u8> {
        let bits = fields.iter().flat_map(|(value, count)| (0..*count).rev().map(move |bit| value >> bit & 1 == 1));
        let bits: Vec<bool> = bits.collect();
        let word =
            |bits: &[bool]| bits.iter().zip((0..16).rev()).fold(0u16, |sum, (bit, at)| sum | u16::from(*bit) << at);
        bits.chunks(16).flat_map(|bits| word(bits).to_le_bytes()).collect()
    }

    #[test]
    fn stored_block_of_an_odd_size_is_followed_by_another() {
        let mut packed = words(&[(3, 3), (0, 1), (5, 16)]);
        packed.extend([1, 0, 0, 0].repeat(3));
        packed.extend(b"hello\0");
        packed.extend(words(&[(3, 3), (0, 1), (6, 16)]));
        packed.extend([1, 0, 0, 0].repeat(3));
        packed.extend(b" world");
        assert_eq!(unpack(&packed, 11).unwrap(), b"hello world");
        assert!(unpack(&packed, 12).is_err());
        assert!(unpack(&packed[..30], 11).is_err());
    }

    #[test]
    fn operands_of_calls_are_relative_again() {
        let mut code = vec![0; 32];
        code[10..15].copy_from_slice(&[0xe8, 110, 0, 0, 0]);
        code[15..20].copy_from_slice(&[0xe8, 0xfb, 0xff, 0xff, 0xff]);
        code[22..27].copy_from_slice(&[0xe8, 1, 0, 0, 0]);
        translate_calls(&mut code);
        assert_eq!(code[11..15], 100i32.to_le_bytes());
        assert_eq!(code[16..20], (12_000_000i32 - 5).to_le_bytes());
        assert_eq!(code[23..27], [1, 0, 0, 0], "the last ten bytes stay as they are");
    }

    #[test]
    fn empty_and_unknown_blocks_are_refused() {
        assert_eq!(unpack(&words(&[(1, 3), (0, 1), (0, 16)]), 8), Err("an empty block"));
        assert_eq!(unpack(&[], 8), Err("an empty block"));
        assert_eq!(unpack(&words(&[(7, 3), (1, 1)]), 8), Err("a block of no known kind"));
    }
}
