//! Names and times (OSTA UDF 2.60, 2.1.1 to 2.1.4; ECMA-167, 1/7.3).

use crate::{
    bytes::Fields,
    filesystem::{calendar, model::Time},
};

/// Text in OSTA compressed Unicode: the first byte says how many bits a character has, 254 and 255 standing for 8 and 16 in
/// what is deleted. Other first bytes are no text.
pub(super) fn compressed(bytes: &[u8]) -> Option<String> {
    let (kind, rest) = bytes.split_first()?;
    match kind {
        8 | 254 => Some(rest.iter().map(|byte| char::from(*byte)).collect()),
        16 | 255 => {
            let (pairs, _) = rest.as_chunks::<2>();
            let units: Vec<u16> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            Some(String::from_utf16_lossy(&units))
        }
        _ => None,
    }
}

/// Text in a field of fixed length, whose last byte says how much of it is used.
pub(super) fn fixed(field: &[u8]) -> String {
    let Some((length, text)) = field.split_last() else { return String::new() };
    text.get(..usize::from(*length)).and_then(compressed).unwrap_or_default()
}

/// A timestamp of twelve bytes; `None` where none is set, or none that exists.
pub(super) fn time(bytes: &[u8]) -> Option<Time> {
    let fields = Fields::new(bytes, "timestamp", 0);
    let small = |offset: usize| fields.u8(offset).ok();
    let zone = fields.u16(0).ok()?;
    let year = i32::from(fields.u16(2).ok()?.cast_signed());
    let seconds = calendar::seconds(year, small(4)?, small(5)?, (small(6)?, small(7)?, small(8)?))?;
    let parts = [(9, 10_000_000u32), (10, 100_000), (11, 1000)];
    let nanoseconds = parts.iter().fold(0u32, |sum, (offset, unit)| {
        sum.saturating_add(u32::from(small(*offset).unwrap_or(0).min(99)).saturating_mul(*unit))
    });
    // Twelve bits of minutes from Greenwich, signed, of which -2047 says that nobody knows.
    let minutes = i64::from((zone << 4).cast_signed() >> 4);
    let (utc, offset) = match zone >> 12 {
        0 => (true, 0),
        1 if (-1440..=1440).contains(&minutes) => (true, minutes),
        _ => (false, 0),
    };
    Some(Time { seconds: seconds.saturating_sub(offset.saturating_mul(60)), nanoseconds, utc })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_widths_are_text() {
        assert_eq!(compressed(b"\x08Gr\xfc\xdfe").as_deref(), Some("Grüße"));
        assert_eq!(compressed(b"\x10\x03\xb1\x03\xb2").as_deref(), Some("αβ"));
        assert_eq!(compressed(b"\x07x"), None);
        assert_eq!(fixed(b"\x08name\0\0\0\0\x05"), "name");
    }

    #[test]
    fn times_are_given_in_utc_where_their_zone_is_known() {
        let mut bytes = [0x78, 0x10, 0xe4, 0x07, 9, 13, 14, 26, 40, 12, 34, 56];
        assert_eq!(time(&bytes).unwrap().to_rfc3339().as_deref(), Some("2020-09-13T12:26:40.123456Z"));
        (bytes[0], bytes[1]) = (0x01, 0x18);
        assert_eq!(time(&bytes).unwrap().to_rfc3339().as_deref(), Some("2020-09-13T14:26:40.123456"));
    }
}
