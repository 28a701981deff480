//! Segment files of an EWF image: file header, section descriptors, naming (EWF specification, "Segment file").

use crate::{
    bytes::{Fields, Source},
    error::{Error, Issue, Result},
    evidence::series::{letters, letters_value},
};

/// What an EWF-E01 or EWF-S01 file begins with.
pub(super) const SIGNATURE: &[u8; 8] = b"EVF\x09\x0d\x0a\xff\x00";

/// Bytes of a segment file's header.
const FILE_HEADER: u64 = 13;

/// Bytes of a section descriptor.
pub(super) const DESCRIPTOR: u64 = 76;

/// One segment file.
pub(super) struct SegmentFile {
    /// From its header; the first is 1.
    pub(super) number: u32,
    pub(super) source: Source,
}

impl SegmentFile {
    /// Reads the file header.
    pub(super) fn open(source: Source) -> Result<Self> {
        let bytes = source.read_vec(0, FILE_HEADER.min(source.len()))?;
        let fields = Fields::new(&bytes, "EWF segment file header", 0);
        let signature = fields.bytes(0, 8)?;
        if signature != SIGNATURE {
            return Err(fields.corrupt(0, "the signature EVF", format!("{signature:02x?}")));
        }
        let number = u32::from(fields.u16(9)?);
        if number == 0 {
            return Err(fields.corrupt(9, "a segment number from 1 on", 0));
        }
        Ok(Self { number, source })
    }

    /// The sections in file order, and how the chain ends. Each descriptor must lie past the one before, so the walk
    /// ends whatever the file says.
    pub(super) fn sections(&self, issues: &mut Vec<Issue>) -> (Vec<Section>, ChainEnd) {
        let mut sections = Vec::new();
        let mut at = FILE_HEADER;
        let end = loop {
            let section = match Section::read(self, at, issues) {
                Ok(section) => section,
                Err(error) => {
                    issues.push(self.issue(&error));
                    break ChainEnd::Broken;
                }
            };
            let next = section.next;
            match section.kind.as_str() {
                "next" => break ChainEnd::Next,
                "done" => break ChainEnd::Done,
                _ => sections.push(section),
            }
            if next < at.saturating_add(DESCRIPTOR) {
                let expected = format!("a next section past byte {at}");
                issues.push(self.issue(&Error::corrupt("EWF section descriptor", at, expected, next)));
                break ChainEnd::Broken;
            }
            at = next;
        };
        (sections, end)
    }

    /// The issue for an error in this file: offsets of container structures are in the segment file.
    pub(super) fn issue(&self, error: &Error) -> Issue {
        let mut issue = Issue::from(error);
        issue.message = format!("segment {}: {}", self.number, issue.message);
        issue
    }
}

/// How the chain of sections in a segment file ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ChainEnd {
    /// Another segment file follows.
    Next,
    /// The image is complete.
    Done,
    /// The chain is damaged or cut off.
    Broken,
}

/// A section: its descriptor, and where its content lies in the segment file.
pub(super) struct Section {
    /// "header", "table", …
    pub(super) kind: String,
    /// Byte offset of the descriptor in the segment file.
    pub(super) at: u64,
    /// Byte offset in the segment file at which the content ends.
    pub(super) end: u64,
    next: u64,
}

impl Section {
    fn read(file: &SegmentFile, at: u64, issues: &mut Vec<Issue>) -> Result<Self> {
        let available = file.source.len().saturating_sub(at).min(DESCRIPTOR);
        let bytes = file.source.read_vec(at, available)?;
        let fields = Fields::new(&bytes, "EWF section descriptor", at);
        let checksum = fields.u32(72)?;
        let computed = simd_adler32::adler32(&fields.bytes(0, 72)?);
        let name = fields.bytes(0, 16)?;
        let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
        if name.is_empty() || !name.iter().all(u8::is_ascii_alphanumeric) {
            return Err(fields.corrupt(0, "the name of a section", format!("{name:02x?}")));
        }
        if checksum != computed {
            let error = fields.corrupt(72, format!("checksum {computed:08x}"), format!("{checksum:08x}"));
            issues.push(file.issue(&error));
        }
        let kind = String::from_utf8_lossy(name).into_owned();
        let (next, size) = (fields.u64(16)?, fields.u64(24)?);
        // EnCase writes a size of 0 for "next" and "done"; elsewhere it tells where the next section must begin.
        let end = if size >= DESCRIPTOR { at.saturating_add(size) } else { next };
        if end != next && next > at {
            issues.push(file.issue(&fields.corrupt(24, format!("a size up to byte {next}"), size)));
        }
        let end = if next > at { end.min(next) } else { end };
        Ok(Self { kind, at, end: end.min(file.source.len()), next })
    }

    #[cfg(test)]
    pub(super) fn at_for_test(at: u64, end: u64) -> Self {
        Self { kind: "sectors".to_owned(), at, end, next: end }
    }

    /// Byte offset in the segment file at which the content begins.
    pub(super) fn content_at(&self) -> u64 {
        self.at.saturating_add(DESCRIPTOR)
    }

    /// The content, of at most `limit` bytes.
    pub(super) fn content(&self, file: &SegmentFile, structure: &'static str, limit: u64) -> Result<Vec<u8>> {
        let length = self.end.saturating_sub(self.content_at());
        if length > limit {
            return Err(Error::Limit { structure, offset: self.at, found: length, limit, unit: "bytes" });
        }
        file.source.read_vec(self.content_at().min(file.source.len()), length)
    }
}

/// The naming series that a segment's extension belongs to: `.E01` to `.E99`, then `.EAA` to `.ZZZ`; SMART begins with
/// `s`, both may be in lower case.
#[derive(Clone, Copy)]
pub(super) struct Naming {
    first_letter: u8,
}

impl Naming {
    /// The series in which segment `number` has this extension.
    pub(super) fn of(extension: &str, number: u32) -> Option<Self> {
        let first_letter = match number.checked_sub(100) {
            None => *extension.as_bytes().first()?,
            Some(past) => extension.as_bytes().first()?.checked_sub(u8::try_from(past / 676).ok()?)?,
        };
        let naming = Self { first_letter };
        (naming.extension(number)? == extension).then_some(naming)
    }

    /// The extension of segment `number`, from 1 on; `None` past the last one.
    pub(super) fn extension(self, number: u32) -> Option<String> {
        if !self.first_letter.is_ascii_alphabetic() || number == 0 {
            return None;
        }
        let Some(past) = number.checked_sub(100) else {
            return Some(format!("{}{number:02}", char::from(self.first_letter)));
        };
        let a = if self.first_letter.is_ascii_lowercase() { b'a' } else { b'A' };
        let first = letters_value(char::from(self.first_letter).encode_utf8(&mut [0; 4]), a)?;
        letters(first.checked_mul(676)?.checked_add(past)?, 3, a)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_from_e01_over_e99_and_eaa_to_zzz() {
        let naming = Naming::of("E01", 1).unwrap();
        let names = [(1, "E01"), (99, "E99"), (100, "EAA"), (125, "EAZ"), (126, "EBA"), (775, "EZZ"), (776, "FAA")];
        for (number, name) in names {
            assert_eq!(naming.extension(number).as_deref(), Some(name));
            assert_eq!(Naming::of(name, number).unwrap().extension(1).as_deref(), Some("E01"));
        }
        assert_eq!(naming.extension(14_971).as_deref(), Some("ZZZ"));
        assert_eq!(naming.extension(14_972), None);
        assert_eq!(Naming::of("s02", 2).unwrap().extension(100).as_deref(), Some("saa"));
        assert!(Naming::of("E02", 3).is_none() && Naming::of("bin", 1).is_none() && Naming::of("", 1).is_none());
    }
}
