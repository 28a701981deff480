//! Dates: seven numbers in a directory record (ECMA-119, 9.1.5), seventeen characters elsewhere (8.4.26.1). Both say how far
//! their clock was from Greenwich, in quarters of an hour.

use crate::{
    bytes::Fields,
    filesystem::{calendar, model::Time},
};

/// The date in seven bytes; `None` where none is set, or none that exists.
pub(super) fn short(bytes: &[u8]) -> Option<Time> {
    let &[year, month, day, hour, minute, second, zone] = bytes.first_chunk::<7>()?;
    let seconds = calendar::seconds(i32::from(year).saturating_add(1900), month, day, (hour, minute, second))?;
    Some(in_zone(seconds, 0, zone))
}

/// The date in seventeen characters; `None` where none is set, or none that exists.
pub(super) fn long(bytes: &[u8]) -> Option<Time> {
    let fields = Fields::new(bytes, "date", 0);
    let number = |at: usize, length: usize| -> Option<u16> {
        std::str::from_utf8(fields.bytes(at, length).ok()?).ok()?.parse().ok()
    };
    let small = |at: usize| u8::try_from(number(at, 2)?).ok();
    let seconds =
        calendar::seconds(i32::from(number(0, 4)?), small(4)?, small(6)?, (small(8)?, small(10)?, small(12)?))?;
    Some(in_zone(seconds, u32::from(number(14, 2)?).saturating_mul(10_000_000), fields.u8(16).ok()?))
}

/// UTC, or local time where the zone is none of those that are allowed.
fn in_zone(seconds: i64, nanoseconds: u32, zone: u8) -> Time {
    let quarters = i64::from(zone.cast_signed());
    let utc = (-48..=52).contains(&quarters);
    let seconds = if utc { seconds.saturating_sub(quarters.saturating_mul(900)) } else { seconds };
    Time { seconds, nanoseconds, utc }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(time: Option<Time>) -> Option<String> {
        time?.to_rfc3339()
    }

    #[test]
    fn dates_are_given_in_utc() {
        // Quarter 8 is two hours east of Greenwich.
        assert_eq!(text(short(&[121, 7, 22, 18, 7, 32, 8])).as_deref(), Some("2021-07-22T16:07:32Z"));
        assert_eq!(text(short(&[121, 7, 22, 18, 7, 32, 100])).as_deref(), Some("2021-07-22T18:07:32"));
        assert_eq!(text(short(&[0; 7])), None);
        assert_eq!(text(long(b"2022091712305799\xec")).as_deref(), Some("2022-09-17T17:30:57.99Z"));
        assert_eq!(text(long(b"0000000000000000\0")), None);
    }
}
