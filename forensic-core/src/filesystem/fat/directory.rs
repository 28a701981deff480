//! The 32-byte slot of a directory (fatgen103, "FAT Directory Structure"; ECMA-107, section 11).

use super::code_page;
use crate::filesystem::{Time, Timestamp, TimestampKind, calendar, clusters::Heap};

/// Bytes a slot.
pub(super) const SLOT: usize = 32;
/// A slot as stored.
pub(super) type RawSlot = [u8; SLOT];

/// First byte of a slot that is free and was in use.
pub(super) const DELETED: u8 = 0xe5;
/// First byte of the slot after the last one in use.
pub(super) const END: u8 = 0x00;

pub(super) const READ_ONLY: u8 = 0x01;
pub(super) const HIDDEN: u8 = 0x02;
pub(super) const SYSTEM: u8 = 0x04;
pub(super) const VOLUME_LABEL: u8 = 0x08;
pub(super) const DIRECTORY: u8 = 0x10;
pub(super) const ARCHIVE: u8 = 0x20;
/// Read-only, hidden, system and label at once: a piece of a long name.
const LONG_NAME: u8 = 0x0f;

/// True for a slot that holds a piece of a long name.
pub(super) fn is_long_name(slot: &RawSlot) -> bool {
    field::<1>(slot, 11)[0] & 0x3f == LONG_NAME
}

/// A short directory entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShortEntry {
    /// Name and extension as stored, padded with spaces.
    pub(super) name: [u8; 11],
    pub(super) attributes: u8,
    /// Windows NT's lower-case flags: 0x08 the name, 0x10 the extension.
    case: u8,
    created_hundredths: u8,
    created_time: u16,
    created_date: u16,
    accessed_date: u16,
    modified_time: u16,
    modified_date: u16,
    pub(super) first_cluster: u32,
    pub(super) size: u32,
}

impl ShortEntry {
    /// Reads a slot. The upper half of the cluster number counts on FAT32 only (`wide`).
    pub(super) fn parse(slot: &RawSlot, wide: bool) -> Self {
        let u16_at = |offset| u16::from_le_bytes(field(slot, offset));
        let high = if wide { u32::from(u16_at(20)) } else { 0 };
        Self {
            name: field(slot, 0),
            attributes: field::<1>(slot, 11)[0],
            case: field::<1>(slot, 12)[0],
            created_hundredths: field::<1>(slot, 13)[0],
            created_time: u16_at(14),
            created_date: u16_at(16),
            accessed_date: u16_at(18),
            modified_time: u16_at(22),
            modified_date: u16_at(24),
            first_cluster: (high << 16 | u32::from(u16_at(26))) & 0x0fff_ffff,
            size: u32::from_le_bytes(field(slot, 28)),
        }
    }

    /// The same with another first cluster.
    pub(super) fn with_first_cluster(&self, first_cluster: u32) -> Self {
        Self { first_cluster, ..*self }
    }

    pub(super) fn is_directory(&self) -> bool {
        self.attributes & DIRECTORY != 0
    }

    /// True for the volume's label, which is no file.
    pub(super) fn is_label(&self) -> bool {
        self.attributes & (VOLUME_LABEL | DIRECTORY) == VOLUME_LABEL
    }

    pub(super) fn is_deleted(&self) -> bool {
        self.name[0] == DELETED
    }

    /// True for `.`, the directory itself.
    pub(super) fn is_self(&self) -> bool {
        self.name == *b".          "
    }

    /// True for `..`, the parent.
    pub(super) fn is_parent(&self) -> bool {
        self.name == *b"..         "
    }

    /// The name as text. `first` stands for the first byte, which deletion has overwritten.
    pub(super) fn text(&self, first: Option<u8>) -> String {
        let mut bytes = self.name;
        bytes[0] = match (bytes[0], first) {
            (DELETED, first) => first.unwrap_or(b'_'),
            // A name that begins with the byte of the deletion mark is stored with 0x05 (KANJI).
            (0x05, _) => DELETED,
            (byte, _) => byte,
        };
        let (stem, extension) = bytes.split_at(8);
        let text = |bytes: &[u8], lower: bool| {
            let text = code_page::decode(bytes);
            let text = text.trim_end_matches(' ');
            if lower { text.to_lowercase() } else { text.to_owned() }
        };
        let (lower_stem, lower_extension) = self.lower_case();
        let stem = text(stem, lower_stem);
        let extension = text(extension, lower_extension);
        if extension.is_empty() { stem } else { format!("{stem}.{extension}") }
    }

    /// The label as text: eleven characters without a dot.
    pub(super) fn label(&self) -> String {
        let mut bytes = self.name;
        if bytes[0] == DELETED {
            bytes[0] = b'_';
        }
        code_page::decode(&bytes).trim_end().to_owned()
    }

    /// True where the name as text depends on the code page, which the volume does not tell.
    pub(super) fn needs_code_page(&self) -> bool {
        let rest = self.name.get(1..).unwrap_or_default();
        !rest.is_ascii() || self.name[0] == 0x05 || !self.name[0].is_ascii() && self.name[0] != DELETED
    }

    /// Windows NT's lower-case flags: of the name, of the extension.
    pub(super) fn lower_case(&self) -> (bool, bool) {
        (self.case & 0x08 != 0, self.case & 0x10 != 0)
    }

    /// When the entry was made; `None` where no valid time is stored.
    pub(super) fn made(&self) -> Option<Time> {
        self.time(TimestampKind::Created).or_else(|| self.time(TimestampKind::Modified))
    }

    /// When its content was last written.
    pub(super) fn written(&self) -> Option<Time> {
        self.time(TimestampKind::Modified)
    }

    fn time(&self, kind: TimestampKind) -> Option<Time> {
        let hundredths = u32::from(self.created_hundredths);
        match kind {
            TimestampKind::Created => date_time(self.created_date, self.created_time, hundredths),
            TimestampKind::Modified => date_time(self.modified_date, self.modified_time, 0),
            TimestampKind::Accessed => date_time(self.accessed_date, 0, 0),
            TimestampKind::Changed => None,
        }
    }

    /// The times that are stored and valid. FAT stores local time.
    pub(super) fn timestamps(&self) -> Vec<Timestamp> {
        let kinds = [
            (TimestampKind::Created, 10_000_000),
            (TimestampKind::Modified, 2_000_000_000),
            (TimestampKind::Accessed, 86_400_000_000_000),
        ];
        let stamp = |(kind, resolution)| {
            let value = self.time(kind)?;
            Some(Timestamp { kind, source: "directory_entry", value, resolution })
        };
        kinds.into_iter().filter_map(stamp).collect()
    }

    /// True where both are of one file: same place, size and times.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        self.first_cluster == other.first_cluster
            && self.size == other.size
            && self.is_directory() == other.is_directory()
            && (self.created_date, self.created_time, self.created_hundredths)
                == (other.created_date, other.created_time, other.created_hundredths)
            && (self.modified_date, self.modified_time) == (other.modified_date, other.modified_time)
    }

    /// How many rules of the specification the slot breaks: 0 for every entry a driver wrote, more the less it is one.
    pub(super) fn broken_rules(&self, heap: &Heap) -> u32 {
        let first_ok = !matches!(self.name[0], b' ' | 0..=4);
        let rest = self.name.get(1..).unwrap_or_default();
        let dots = self.is_self() || self.is_parent();
        let forbidden =
            |byte: &u8| matches!(byte, 0..=0x1f | 0x7f | b'a'..=b'z') || b"\"*+,./:;<=>?[\\]|".contains(byte);
        let first_forbidden = self.name[0] != 0x05 && forbidden(&self.name[0]);
        let name = dots || self.is_label() || first_ok && !first_forbidden && !rest.iter().any(forbidden);
        let attributes =
            self.attributes & 0xc0 == 0 && self.attributes & (VOLUME_LABEL | DIRECTORY) != VOLUME_LABEL | DIRECTORY;
        let case = self.case & !0x18 == 0;
        let dates = valid_or_unset(self.created_date, self.created_time)
            && valid_or_unset(self.modified_date, self.modified_time)
            && valid_or_unset(self.accessed_date, 0)
            && self.created_hundredths < 200;
        let place = if self.is_label() {
            self.first_cluster == 0
        } else if self.first_cluster == 0 {
            self.size == 0 && (!self.is_directory() || self.is_parent())
        } else {
            heap.has(self.first_cluster) && u64::from(self.size) <= heap.bytes_of(heap.count)
        };
        let size = !self.is_directory() || self.size == 0;
        [name, attributes, case, dates, place, size].iter().map(|kept| u32::from(!kept)).sum()
    }

    /// True where a date is stored at all.
    pub(super) fn is_dated(&self) -> bool {
        self.modified_date != 0
    }
}

/// `N` bytes of a slot; the offsets are constants of this file that lie within it.
pub(super) fn field<const N: usize>(slot: &RawSlot, offset: usize) -> [u8; N] {
    let mut out = [0; N];
    if let Some(bytes) = slot.get(offset..offset.saturating_add(N)) {
        out.copy_from_slice(bytes);
    }
    out
}

fn valid_or_unset(date: u16, time: u16) -> bool {
    date == 0 || date_time(date, time, 0).is_some()
}

/// A date (year from 1980, month, day) and a time (in steps of 2 s), as a point in local time.
fn date_time(date: u16, clock: u16, hundredths: u32) -> Option<Time> {
    let part = |value: u16, shift: u32, mask: u16| u8::try_from(value >> shift & mask).ok();
    let year = i32::from(date >> 9).saturating_add(1980);
    let clock = (part(clock, 11, 0x1f)?, part(clock, 5, 0x3f)?, part(clock, 0, 0x1f)?.saturating_mul(2));
    let seconds = calendar::seconds(year, part(date, 5, 0x0f)?, part(date, 0, 0x1f)?, clock)?;
    if hundredths >= 200 {
        return None;
    }
    Some(Time {
        seconds: seconds.saturating_add(i64::from(hundredths / 100)),
        nanoseconds: (hundredths % 100).saturating_mul(10_000_000),
        utc: false,
    })
}
