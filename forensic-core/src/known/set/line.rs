//! A line of a table: up to 64 entries, found by a byte of each, eight at a time.

/// Most entries of a line: a mask of them is a word.
pub(super) const LINE: u64 = 64;
const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
const EACH_BYTE: u64 = 0x0101_0101_0101_0101;

/// Some neighbouring entries of a bucket.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) count: usize,
}

impl Line<'_> {
    /// A bit for each entry whose tag this is.
    #[inline]
    pub(super) fn with_tag(self, tag: u8) -> u64 {
        let wanted = u64::from(tag).wrapping_mul(EACH_BYTE);
        let mut found = 0u64;
        // Behind the tags come the rests, longer than what a word reads too far.
        for word in 0..self.count.div_ceil(8) {
            let differs = word_at(self.bytes, word.wrapping_mul(8)) ^ wanted;
            // The highest bit of each byte that is zero, of no other; then all of them as the bits of one byte.
            let zero = !((differs & LOW_BITS).wrapping_add(LOW_BITS) | differs | LOW_BITS);
            let bits = (zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            found |= bits.wrapping_shl((word as u32).wrapping_mul(8));
        }
        found & mask_of_bits(self.count as u32)
    }
}

/// Ones in the lowest `count` bits.
#[inline]
pub(super) fn mask_of_bits(count: u32) -> u64 {
    u64::MAX.checked_shr(64u32.saturating_sub(count)).unwrap_or(0)
}

/// Ones in the lowest `width` bytes.
pub(super) fn mask_of(width: usize) -> u64 {
    mask_of_bits((width as u32).saturating_mul(8).min(64))
}

#[inline]
pub(super) fn word_at(bytes: &[u8], offset: usize) -> u64 {
    bytes.get(offset..).and_then(<[u8]>::first_chunk).map_or(0, |word| u64::from_le_bytes(*word))
}

/// A number of up to eight bytes.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tag_of_a_line_is_found_and_no_other() {
        for count in 1..=64usize {
            let mut bytes: Vec<u8> = (0..count).map(|entry| [0x80, 0x00, 0x7f, 0xff, 0x01, 0x81][entry % 6]).collect();
            let tags = bytes.clone();
            bytes.resize(count * 12, 0x80);
            let line = Line { bytes: &bytes, count };
            for tag in 0..=255u8 {
                let expected = tags.iter().enumerate().filter(|(_, own)| **own == tag);
                assert_eq!(line.with_tag(tag), expected.fold(0, |mask, (entry, _)| mask | 1 << entry), "{count} {tag}");
            }
        }
    }
}
