//! Which container evidence is in, told by its content: one probe a format, tried in order.

use super::{Container, Segment, ewf, split};
use crate::{
    bytes::Source,
    error::{Error, Issue, Result},
    limits::Limits,
};

/// Opens a container from its segment files; `find_more` where only one was given and others may lie beside it.
type Open = fn(Vec<Segment>, bool, &Limits) -> Result<Container>;

/// What is looked at: up to 512 bytes from the start of the first segment file, and up to its end.
struct Ends {
    start: Vec<u8>,
    end: Vec<u8>,
}

/// Tells by [`Ends`] whether a file is of a format.
type Probe = fn(&Ends) -> bool;

/// The containers that are read.
const READ: &[(Probe, Open)] = &[(|ends| ewf::probe(&ends.start), ewf::open)];

/// The containers that are only recognised. What they begin or end with comes from their public specifications.
const RECOGNISED: &[(&str, Probe)] = &[
    ("EnCase 7 image (Ex01)", |e| e.start.starts_with(b"EVF2\r\n\x81\0")),
    ("EnCase logical evidence (L01)", |e| e.start.starts_with(b"LVF\t\r\n\xff\0")),
    ("EnCase 7 logical evidence (Lx01)", |e| e.start.starts_with(b"LEF2\r\n\x81\0")),
    ("encrypted image (AD encryption)", |e| e.start.starts_with(b"ADCRYPT\0")),
    ("logical image (AD1)", |e| e.start.starts_with(b"ADSEGMENTEDFILE\0")),
    ("QCOW image", |e| has_version(e, b"QFI\xfb\0\0\0", &[1, 2, 3])),
    ("VMDK sparse extent", |e| has_version(e, b"KDMV", &[1, 2, 3])),
    ("VMDK copy-on-write extent", |e| has_version(e, b"COWD", &[1])),
    ("VMDK descriptor", |e| e.start.starts_with(b"# Disk DescriptorFile")),
    ("VHDX image", |e| e.start.starts_with(b"vhdxfile")),
    ("VHD image", is_vhd),
    ("VDI image", |e| e.start.get(64..68) == Some(b"\x7f\x10\xda\xbe")),
    ("Parallels image", |e| e.start.starts_with(b"WithoutFreeSpace") || e.start.starts_with(b"WithouFreSpacExt")),
    ("Apple disk image (DMG)", |e| e.end.starts_with(b"koly\0\0\0\x04\0\0\x02\0")),
    ("AFF image", |e| e.start.starts_with(b"AFF10\r\n\0")),
    ("AFF4 image", is_aff4),
];

/// Opens `segments` by what the first of them holds. Bytes of no known container are a raw image; so is a file whose ends
/// cannot be read, with an issue that says so.
pub(super) fn open(segments: Vec<Segment>, find_more: bool, limits: &Limits) -> Result<Container> {
    let Some((_, first)) = segments.first() else { return Err(Error::invalid("no segment was given")) };
    let (ends, unreadable) = Ends::read(first);
    if let Some((_, open)) = READ.iter().find(|(probe, _)| probe(&ends)) {
        return open(segments, find_more, limits);
    }
    if let Some((name, _)) = RECOGNISED.iter().find(|(_, probe)| probe(&ends)) {
        return Err(Error::unsupported(*name));
    }
    let mut container = split::open(segments, find_more, limits)?;
    container.issues.extend(unreadable);
    Ok(container)
}

impl Ends {
    /// Reads both ends; one that cannot be read is empty, and an issue.
    fn read(source: &Source) -> (Self, Option<Issue>) {
        let length = source.len().min(512);
        let start = source.read_vec(0, length);
        let end = source.read_vec(source.len().saturating_sub(length), length);
        let issue = start.as_ref().err().or(end.as_ref().err()).map(|error| {
            let message = format!("taken for a raw image, as its signature cannot be read: {error}");
            Issue::new(error.offset(), "container", message)
        });
        (Self { start: start.unwrap_or_default(), end: end.unwrap_or_default() }, issue)
    }
}

/// True where the file begins with `signature` and one of `versions` behind it.
fn has_version(ends: &Ends, signature: &[u8], versions: &[u8]) -> bool {
    let rest = ends.start.strip_prefix(signature);
    rest.and_then(<[u8]>::first).is_some_and(|version| versions.contains(version))
}

/// A VHD ends with a footer of 512 bytes (511 in old versions); a dynamic one begins with a copy of it. Its version and
/// disk type are looked at too, so that a raw medium with the word in its last sector stays raw; its checksum is not, as
/// QEMU has written wrong ones.
fn is_vhd(ends: &Ends) -> bool {
    let is_footer = |bytes: &[u8]| {
        bytes.starts_with(b"conectix")
            && bytes.get(12..16) == Some(b"\0\x01\0\0")
            && matches!(bytes.get(60..64), Some([0, 0, 0, 2..=4]))
    };
    is_footer(&ends.start) || is_footer(&ends.end) || is_footer(ends.end.get(1..).unwrap_or_default())
}

/// AFF4 is a ZIP archive whose comment is the URN of its volume.
fn is_aff4(ends: &Ends) -> bool {
    let directory_end = ends.end.windows(4).rposition(|window| window == b"PK\x05\x06");
    let comment = directory_end.and_then(|at| ends.end.get(at.saturating_add(22)..)).unwrap_or_default();
    ends.start.starts_with(b"PK\x03\x04") && comment.starts_with(b"aff4:")
}
