//! Values of tags: bytes, text, numbers and fractions (TIFF 6.0, section 2), and how they are written.

use super::tags;

/// Values of one tag that are written; behind more, their number is.
const MOST_WRITTEN: usize = 64;

/// The value of a tag.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::picture) enum Value {
    /// Bytes that mean what the tag says.
    Bytes(Vec<u8>),
    Text(String),
    Numbers(Vec<i64>),
    /// Numerators and denominators.
    Fractions(Vec<(i64, i64)>),
    Floats(Vec<f64>),
}

/// Bytes of a value of a type.
pub(super) fn width(kind: u16) -> Option<u64> {
    Some(match kind {
        1 | 2 | 6 | 7 | 129 => 1,
        3 | 8 => 2,
        4 | 9 | 11 | 13 => 4,
        5 | 10 | 12 | 16 | 17 | 18 => 8,
        _ => return None,
    })
}

impl Value {
    pub(super) fn new(kind: u16, bytes: &[u8], big_endian: bool) -> Self {
        let wide = |bytes: &[u8]| {
            let put = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
            if big_endian { bytes.iter().fold(0, put) } else { bytes.iter().rev().fold(0, put) }
        };
        let numbers = |width: usize, signed: bool| {
            let shift = u32::try_from(width.saturating_mul(8)).map_or(0, |bits| 64u32.saturating_sub(bits));
            let number = |bytes: &[u8]| {
                let number = wide(bytes).cast_signed();
                if signed { number.wrapping_shl(shift).wrapping_shr(shift) } else { number }
            };
            bytes.chunks_exact(width).map(number).collect::<Vec<i64>>()
        };
        let pairs = |signed| {
            let numbers = numbers(4, signed);
            numbers.as_chunks::<2>().0.iter().map(|[over, under]| (*over, *under)).collect()
        };
        match kind {
            2 | 129 => Self::Text(text_of(bytes)),
            3 => Self::Numbers(numbers(2, false)),
            8 => Self::Numbers(numbers(2, true)),
            4 | 13 => Self::Numbers(numbers(4, false)),
            9 => Self::Numbers(numbers(4, true)),
            16 | 18 => Self::Numbers(numbers(8, false)),
            17 => Self::Numbers(numbers(8, true)),
            5 => Self::Fractions(pairs(false)),
            10 => Self::Fractions(pairs(true)),
            11 => {
                let float = |bytes: &[u8]| u32::try_from(wide(bytes)).map_or(0.0, |bits| f32::from_bits(bits).into());
                Self::Floats(bytes.chunks_exact(4).map(float).collect())
            }
            12 => Self::Floats(bytes.chunks_exact(8).map(|bytes| f64::from_bits(wide(bytes))).collect()),
            6 => Self::Numbers(bytes.iter().map(|byte| i64::from(byte.cast_signed())).collect()),
            _ => Self::Bytes(bytes.to_vec()),
        }
    }

    /// The text, of a value that is one.
    pub(in crate::picture) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The numbers of the value; of a fraction, its quotient. A fraction over nought is none.
    pub(super) fn numbers(&self) -> Vec<Option<f64>> {
        let quotient = |(over, under): &(i64, i64)| (*under != 0).then(|| *over as f64 / *under as f64);
        match self {
            Self::Numbers(numbers) => numbers.iter().map(|number| Some(*number as f64)).collect(),
            Self::Fractions(fractions) => fractions.iter().map(quotient).collect(),
            Self::Floats(floats) => floats.iter().map(|float| Some(*float).filter(|float| float.is_finite())).collect(),
            Self::Bytes(bytes) => bytes.iter().map(|byte| Some(f64::from(*byte))).collect(),
            Self::Text(_) => Vec::new(),
        }
    }

    /// The value in writing, as of tag `tag`: text as it is, fractions as "1/125", several values with a space between, other
    /// bytes in hex.
    pub(super) fn text(&self, tag: u16) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Numbers(numbers) => joined(numbers, i64::to_string),
            Self::Fractions(fractions) => joined(fractions, |fraction| fraction_text(*fraction)),
            Self::Floats(floats) => joined(floats, f64::to_string),
            Self::Bytes(bytes) => tags::bytes_text(tag, bytes),
        }
    }
}

/// A fraction in lowest terms; a whole number where it is one.
fn fraction_text((over, under): (i64, i64)) -> String {
    let (mut a, mut b) = (over.unsigned_abs(), under.unsigned_abs());
    while let Some(rest) = a.checked_rem(b) {
        (a, b) = (b, rest);
    }
    let divisor = i64::try_from(a).unwrap_or(1).max(1);
    let (over, under) = (over.checked_div(divisor).unwrap_or(over), under.checked_div(divisor).unwrap_or(under));
    if under == 1 { over.to_string() } else { format!("{over}/{under}") }
}

fn joined<T>(values: &[T], write: impl Fn(&T) -> String) -> String {
    let mut text = values.iter().take(MOST_WRITTEN).map(write).collect::<Vec<_>>().join(" ");
    if let Some(more) = values.len().checked_sub(MOST_WRITTEN).filter(|more| *more > 0) {
        text.push_str(&format!(" … {more} more"));
    }
    text
}

/// Text up to the last byte that is not zero or a space; what is no UTF-8 is taken for Latin 1.
pub(in crate::picture) fn text_of(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|byte| !matches!(byte, 0 | b' ')).map_or(0, |last| last.saturating_add(1));
    let bytes = bytes.get(..end).unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

/// Bytes in hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text: String = bytes.iter().take(MOST_WRITTEN).map(|byte| format!("{byte:02x}")).collect();
    if let Some(more) = bytes.len().checked_sub(MOST_WRITTEN).filter(|more| *more > 0) {
        text.push_str(&format!(" … {more} more"));
    }
    text
}
