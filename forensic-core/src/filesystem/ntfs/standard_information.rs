//! $STANDARD_INFORMATION: times and DOS flags of a file.
//!
//! Layout: [linux-ntfs documentation, $STANDARD_INFORMATION](https://flatcap.github.io/linux-ntfs/ntfs/attributes/standard_information.html).

use crate::{
    bytes::Fields,
    error::Result,
    filesystem::{
        Attributes,
        model::{Time, Timestamp, TimestampKind, Value},
    },
};

const STEP_NS: u64 = 100;

/// Four times in steps of 100 ns since 1601-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Times {
    pub(super) created: u64,
    pub(super) modified: u64,
    pub(super) changed: u64,
    pub(super) accessed: u64,
}

impl Times {
    pub(super) fn parse(fields: &Fields<'_>, offset: usize) -> Result<Self> {
        let time = |index: usize| fields.u64(offset.saturating_add(index));
        Ok(Self { created: time(0)?, modified: time(8)?, changed: time(16)?, accessed: time(24)? })
    }

    /// The latest of the four.
    pub(super) fn latest(&self) -> u64 {
        self.created.max(self.modified).max(self.changed).max(self.accessed)
    }

    /// Adds each time with its kind; 0 means that it was never set.
    pub(super) fn add_to(&self, timestamps: &mut Vec<Timestamp>, source: &'static str) {
        for (kind, steps) in [
            (TimestampKind::Created, self.created),
            (TimestampKind::Modified, self.modified),
            (TimestampKind::Accessed, self.accessed),
            (TimestampKind::Changed, self.changed),
        ] {
            if steps != 0 {
                timestamps.push(Timestamp { kind, source, value: Time::from_filetime(steps), resolution: STEP_NS });
            }
        }
    }
}

/// What a file's $STANDARD_INFORMATION says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StandardInformation {
    pub(super) times: Times,
    /// DOS flags.
    pub(super) flags: u32,
    /// Key into $Secure; only since NTFS 3.0.
    pub(super) security_id: Option<u32>,
    /// Position of the last change in the change journal; only since NTFS 3.0.
    pub(super) usn: Option<u64>,
}

impl StandardInformation {
    /// `bytes` stand at byte `at` of the medium.
    pub(super) fn parse(bytes: &[u8], at: u64) -> Result<Self> {
        let fields = Fields::new(bytes, "$STANDARD_INFORMATION", at);
        Ok(Self {
            times: Times::parse(&fields, 0)?,
            flags: fields.u32(32)?,
            security_id: fields.optional(52).map(u32::from_le_bytes),
            usn: fields.optional(64).map(u64::from_le_bytes),
        })
    }
}

/// The flag of files that belong to the system.
pub(super) const SYSTEM: u32 = 0x0004;
/// The flag of files whose content was moved elsewhere.
pub(super) const OFFLINE: u32 = 0x1000;
/// The flag of files whose content is fetched from elsewhere when it is read.
pub(super) const RECALL_ON_DATA_ACCESS: u32 = 0x0040_0000;

/// The DOS flags by the names of [MS-FSCC] 2.6.
const FLAGS: [(u32, &str); 15] = [
    (0x0001, "read_only"),
    (0x0002, "hidden"),
    (SYSTEM, "system"),
    (0x0020, "archive"),
    (0x0040, "device"),
    (0x0080, "normal"),
    (0x0100, "temporary"),
    (0x0200, "sparse"),
    (0x0400, "reparse_point"),
    (0x0800, "compressed"),
    (OFFLINE, "offline"),
    (0x2000, "not_content_indexed"),
    (0x4000, "encrypted"),
    (0x8000, "integrity_stream"),
    (RECALL_ON_DATA_ACCESS, "recall_on_data_access"),
];

/// Adds the flags that are set.
pub(super) fn add_flags(attributes: &mut Attributes, flags: u32) {
    attributes
        .extend(FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| ((*name).into(), Value::Bool(true))));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_keep_their_hundred_nanoseconds() {
        let at = Time::from_filetime(132_000_000_001_234_567);
        assert_eq!(at.to_rfc3339().unwrap(), "2019-04-17T18:40:00.1234567Z");
        assert_eq!(Time::from_filetime(1).seconds, -11_644_473_600);
        assert!(Time::from_filetime(u64::MAX).to_rfc3339().is_none_or(|text| text.ends_with('Z')));
    }
}
