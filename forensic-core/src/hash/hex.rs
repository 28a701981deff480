//! Hexadecimal text.

/// `bytes` in lower-case hex.
pub(crate) fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble & 15)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect()
}

/// The bytes of hex text in either case; `None` where it is not that.
pub(crate) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let value = |c: &u8| char::from(*c).to_digit(16).map(|digit| digit as u8);
    text.chunks_exact(2).map(|pair| Some(value(pair.first()?)? << 4 | value(pair.last()?)?)).collect()
}

/// The bytes of a digest of `N` bytes in hex text of either case; `None` where it is not that. Without allocation, for
/// lists of hundreds of millions.
pub(crate) fn decode_array<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    let pairs: &[[u8; 2]; N] = pairs.try_into().ok()?;
    // Without a branch, so that many are decoded at once.
    let value = |c: u8| {
        let (digit, letter) = (c.wrapping_sub(b'0'), (c | 0x20).wrapping_sub(b'a'));
        let letter = if letter < 6 { letter + 10 } else { 0xff };
        if digit < 10 { digit } else { letter }
    };
    let mut digest = [0; N];
    let mut seen = 0;
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        let (high, low) = (value(*high), value(*low));
        seen |= high | low;
        *byte = high << 4 | low & 15;
    }
    (seen < 16).then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_array_is_decoded_as_a_vector_is() {
        for text in ["00ff10Ab", "zz000000", "0000000", "000000000", "0000000g", "", "é00000"] {
            assert_eq!(
                decode_array::<4>(text.as_bytes()).map(|digest| digest.to_vec()),
                match text.len() {
                    8 => decode(text.as_bytes()),
                    _ => None,
                }
            );
        }
    }
}
