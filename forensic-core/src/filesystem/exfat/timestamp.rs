//! Times of a file entry (exFAT specification, sections 7.4.5 to 7.4.10): a local date and time in steps of 2 s, refined by
//! 10 ms increments, with the offset from UTC where the writer knew it.

use super::slot::{RawSlot, field};
use crate::filesystem::{Attributes, Time, Timestamp, TimestampKind, Value, calendar};

/// One time as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    date_and_time: u32,
    /// In steps of 10 ms, 0 to 199.
    increment: u8,
    utc_offset: u8,
}

/// The three times of a file entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Times {
    created: Stamp,
    modified: Stamp,
    accessed: Stamp,
}

const SOURCE: &str = "directory_entry";
/// Nanoseconds of a 10 ms increment, and of the step of a time without one.
const INCREMENT: u64 = 10_000_000;
const STEP: u64 = 2_000_000_000;
/// Seconds of a step of a UTC offset: a quarter of an hour.
const QUARTER: i64 = 900;

impl Times {
    /// The times of a file directory entry.
    pub(super) fn parse(slot: &RawSlot) -> Self {
        let stamp = |at, increment, offset| Stamp {
            date_and_time: u32::from_le_bytes(field(slot, at)),
            increment,
            utc_offset: field::<1>(slot, offset)[0],
        };
        Self {
            created: stamp(8, field::<1>(slot, 20)[0], 22),
            modified: stamp(12, field::<1>(slot, 21)[0], 23),
            accessed: stamp(16, 0, 24),
        }
    }

    /// When the file was made; `None` where no valid time is stored.
    pub(super) fn created(&self) -> Option<Time> {
        self.created.time()
    }

    /// The last time at which the file is known to have been there.
    pub(super) fn latest(&self) -> Option<Time> {
        self.stamps().filter_map(|(_, stamp, _)| stamp.time()).max()
    }

    /// True where each time is valid or not stored.
    pub(super) fn are_valid(&self) -> bool {
        self.stamps().all(|(_, stamp, _)| stamp.date_and_time == 0 || stamp.time().is_some())
    }

    /// The times that are stored and valid.
    pub(super) fn timestamps(&self) -> Vec<Timestamp> {
        let stamp = |(kind, stamp, resolution): (_, Stamp, _)| {
            Some(Timestamp { kind, source: SOURCE, value: stamp.time()?, resolution })
        };
        self.stamps().filter_map(stamp).collect()
    }

    /// Adds the offsets from UTC, in minutes, where they are stored.
    pub(super) fn add_offsets(&self, attributes: &mut Attributes) {
        for (kind, stamp, _) in self.stamps() {
            if let Some(seconds) = stamp.offset() {
                let key = format!("{}_utc_offset_minutes", kind.as_str());
                attributes.insert(key.into(), Value::Int(seconds / 60));
            }
        }
    }

    fn stamps(&self) -> impl Iterator<Item = (TimestampKind, Stamp, u64)> {
        [
            (TimestampKind::Created, self.created, INCREMENT),
            (TimestampKind::Modified, self.modified, INCREMENT),
            (TimestampKind::Accessed, self.accessed, STEP),
        ]
        .into_iter()
    }
}

impl Stamp {
    /// Seconds to take from the local time for UTC: a signed number of quarters in the lower seven bits, valid where the
    /// upper one is set.
    fn offset(self) -> Option<i64> {
        let quarters = i64::from(self.utc_offset & 0x7f);
        let signed = if quarters >= 64 { quarters.saturating_sub(128) } else { quarters };
        (self.utc_offset & 0x80 != 0).then(|| signed.saturating_mul(QUARTER))
    }

    fn time(self) -> Option<Time> {
        let part = |shift: u32, mask: u32| u8::try_from(self.date_and_time >> shift & mask).ok();
        let year = i32::try_from(self.date_and_time >> 25).ok()?.saturating_add(1980);
        let clock = (part(11, 0x1f)?, part(5, 0x3f)?, part(0, 0x1f)?.saturating_mul(2));
        let seconds = calendar::seconds(year, part(21, 0x0f)?, part(16, 0x1f)?, clock)?;
        if self.increment > 199 {
            return None;
        }
        let local = seconds.saturating_add(i64::from(self.increment / 100));
        let offset = self.offset();
        Some(Time {
            seconds: local.saturating_sub(offset.unwrap_or(0)),
            nanoseconds: u32::from(self.increment % 100).saturating_mul(10_000_000),
            utc: offset.is_some(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2020-05-17T12:30:10.
    const NOON: u32 = 40 << 25 | 5 << 21 | 17 << 16 | 12 << 11 | 30 << 5 | 5;

    fn text(increment: u8, utc_offset: u8) -> Option<String> {
        Stamp { date_and_time: NOON, increment, utc_offset }.time()?.to_rfc3339()
    }

    #[test]
    fn offsets_from_utc_count_only_where_they_are_valid() {
        assert_eq!(text(0, 0).unwrap(), "2020-05-17T12:30:10");
        assert_eq!(text(0, 0x08).unwrap(), "2020-05-17T12:30:10");
        assert_eq!(text(0, 0x88).unwrap(), "2020-05-17T10:30:10Z");
        assert_eq!(text(0, 0xec).unwrap(), "2020-05-17T17:30:10Z");
    }

    #[test]
    fn increments_refine_the_two_seconds() {
        assert_eq!(text(199, 0x80).unwrap(), "2020-05-17T12:30:11.99Z");
        assert_eq!(text(200, 0x80), None);
        assert_eq!(Stamp { date_and_time: 0, increment: 0, utc_offset: 0 }.time(), None);
    }
}
