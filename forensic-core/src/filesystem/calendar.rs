//! Dates by their parts, as FAT, exFAT and optical media store them.

use time::{Date, Month};

/// Seconds since 1970-01-01T00:00:00 of a date by its parts; `None` where there is no such date.
pub(crate) fn seconds(year: i32, month: u8, day: u8, (hour, minute, second): (u8, u8, u8)) -> Option<i64> {
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    Some(date.with_hms(hour, minute, second).ok()?.assume_utc().unix_timestamp())
}
