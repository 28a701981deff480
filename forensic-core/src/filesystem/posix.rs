//! What the filesystems of Unix have in common: file modes, extended attributes, names that are bytes.

use super::{
    attributes::Attributes,
    model::{Entry, Kind, Time, Timestamp, TimestampKind, Value},
};

/// The bits of a mode that tell the type of the file (POSIX.1-2017, `<sys/stat.h>`; the values are those of Unix V7).
const TYPE: u32 = 0o170_000;

/// What a file of this mode is; `None` where its type bits are of no type.
pub(crate) fn kind(mode: u32) -> Option<Kind> {
    Some(match mode & TYPE {
        0o100_000 => Kind::File,
        0o040_000 => Kind::Directory,
        0o120_000 => Kind::Symlink,
        0o010_000 | 0o020_000 | 0o060_000 | 0o140_000 => Kind::Other,
        _ => return None,
    })
}

/// What a directory entry says its file is, by the numbers that ext, XFS and Btrfs share (those of `readdir`'s `DT_` types in
/// their order); `None` for one that is no type.
pub(crate) fn kind_of_entry(file_type: u8) -> Option<Kind> {
    Some(match file_type {
        1 => Kind::File,
        2 => Kind::Directory,
        3..=6 => Kind::Other,
        7 => Kind::Symlink,
        _ => return None,
    })
}

/// Owner and mode of a file.
pub(crate) struct Owner {
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) links: u64,
}

impl Owner {
    /// Fills in the kind and the attributes `mode`, `uid`, `gid` and `links`.
    pub(crate) fn describe(&self, entry: &mut Entry) {
        entry.kind = kind(self.mode).unwrap_or(Kind::Other);
        entry.attributes.insert_in_order([
            ("gid".into(), Value::Int(i64::from(self.gid))),
            ("links".into(), Value::Int(i64::try_from(self.links).unwrap_or(i64::MAX))),
            ("mode".into(), Value::Int(i64::from(self.mode))),
            ("uid".into(), Value::Int(i64::from(self.uid))),
        ]);
    }
}

/// Adds an extended attribute: as text where its value is printable UTF-8, else as bytes.
pub(crate) fn add_xattr(attributes: &mut Attributes, name: &str, value: &[u8]) {
    let text = std::str::from_utf8(value).ok().filter(|text| !text.chars().any(char::is_control));
    let value = text.map_or_else(|| Value::Bytes(value.to_vec()), |text| Value::Text(text.to_owned()));
    attributes.insert(format!("xattr:{name}").into(), value);
}

/// A name that is bytes, as text: what is no UTF-8 becomes U+FFFD.
pub(crate) fn name(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A time in UTC, in steps of `resolution` nanoseconds.
pub(crate) fn timestamp(
    kind: TimestampKind,
    source: &'static str,
    (seconds, nanoseconds): (i64, u32),
    resolution: u64,
) -> Timestamp {
    Timestamp { kind, source, value: Time { seconds, nanoseconds, utc: true }, resolution }
}
