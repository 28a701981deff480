//! Which container evidence is in, told by its content: one probe a format, tried in order.

use super::{Container, Segment, ewf, split};
use crate::{
    bytes::Source,
    error::{Error, Issue, Result},
    limits::Limits,
};

/// Opens a container from its segment files; `find_more` where only one was given and others may lie beside it.
type Open = fn(Vec<Segment>, bool, &Limits) -> Result<Container>;

/// The containers that are read.
const READ: &[(fn(&Source) -> bool, Open)] = &[(ewf::probe, ewf::open)];

/// The containers that are only recognised. What they begin or end with comes from their public specifications.
const RECOGNISED: &[(&str, fn(&Source) -> bool)] = &[
    ("EnCase 7 image (Ex01)", |s| begins(s, b"EVF2\r\n\x81\0")),
    ("EnCase logical evidence (L01)", |s| begins(s, b"LVF\t\r\n\xff\0")),
    ("EnCase 7 logical evidence (Lx01)", |s| begins(s, b"LEF2\r\n\x81\0")),
    ("encrypted image (AD encryption)", |s| begins(s, b"ADCRYPT\0")),
    ("logical image (AD1)", |s| begins(s, b"ADSEGMENTEDFILE\0")),
    ("QCOW image", |s| (1..=3).any(|version| begins(s, &[b'Q', b'F', b'I', 0xfb, 0, 0, 0, version]))),
    ("VMDK sparse extent", |s| (1..=3).any(|version| begins(s, &[b'K', b'D', b'M', b'V', version, 0, 0, 0]))),
    ("VMDK copy-on-write extent", |s| begins(s, b"COWD\x01\0\0\0")),
    ("VMDK descriptor", |s| begins(s, b"# Disk DescriptorFile")),
    ("VHDX image", |s| begins(s, b"vhdxfile")),
    ("VHD image", is_vhd),
    ("VDI image", |s| holds(s, 64, b"\x7f\x10\xda\xbe")),
    ("Parallels image", |s| begins(s, b"WithoutFreeSpace") || begins(s, b"WithouFreSpacExt")),
    ("Apple disk image (DMG)", |s| ends(s, 512, b"koly\0\0\0\x04\0\0\x02\0")),
    ("AFF image", |s| begins(s, b"AFF10\r\n\0")),
    ("AFF4 image", is_aff4),
];

/// Opens `segments` by what the first of them holds. Bytes of no known container are a raw image.
pub(super) fn open(segments: Vec<Segment>, find_more: bool, limits: &Limits) -> Result<Container> {
    let Some((_, first)) = segments.first() else { return Err(Error::invalid("no segment was given")) };
    if let Some((_, open)) = READ.iter().find(|(probe, _)| probe(first)) {
        return open(segments, find_more, limits);
    }
    if let Some((name, _)) = RECOGNISED.iter().find(|(_, probe)| probe(first)) {
        return Err(Error::unsupported(*name));
    }
    let unreadable = unreadable_signature(first);
    let mut container = split::open(segments, find_more, limits)?;
    container.issues.extend(unreadable);
    Ok(container)
}

/// An issue where the places that tell a container cannot be read: then "raw" is a guess.
fn unreadable_signature(source: &Source) -> Option<Issue> {
    let length = source.len().min(512);
    let start = source.read_vec(0, length);
    let end = source.read_vec(source.len().saturating_sub(length), length);
    let error = start.and(end).err()?;
    Some(Issue::new(
        error.offset(),
        "container",
        format!("taken for a raw image, as its signature is unreadable: {error}"),
    ))
}

fn holds(source: &Source, offset: u64, signature: &[u8]) -> bool {
    source.read_vec(offset, signature.len() as u64).is_ok_and(|found| found == signature)
}

fn begins(source: &Source, signature: &[u8]) -> bool {
    holds(source, 0, signature)
}

/// True where `signature` stands `distance` bytes before the end.
fn ends(source: &Source, distance: u64, signature: &[u8]) -> bool {
    source.len().checked_sub(distance).is_some_and(|offset| holds(source, offset, signature))
}

/// A VHD ends with a footer of 512 bytes (511 in old versions); a dynamic one begins with a copy of it. Its version and
/// disk type are looked at too, so that a raw medium with the word in its last sector stays raw; its checksum is not, as
/// QEMU has written wrong ones.
fn is_vhd(source: &Source) -> bool {
    let footer_at = |offset: u64| {
        let disk_types: [&[u8]; 3] = [b"\0\0\0\x02", b"\0\0\0\x03", b"\0\0\0\x04"];
        holds(source, offset, b"conectix")
            && holds(source, offset.saturating_add(12), b"\0\x01\0\0")
            && disk_types.iter().any(|disk_type| holds(source, offset.saturating_add(60), disk_type))
    };
    let trailer = |length: u64| source.len().checked_sub(length).is_some_and(footer_at);
    footer_at(0) || trailer(512) || trailer(511)
}

/// AFF4 is a ZIP archive whose comment is the URN of its volume.
fn is_aff4(source: &Source) -> bool {
    const LONGEST_TAIL: u64 = 22 + 256;
    if !begins(source, b"PK\x03\x04") {
        return false;
    }
    let length = source.len().min(LONGEST_TAIL);
    let tail = source.read_vec(source.len().saturating_sub(length), length).unwrap_or_default();
    tail.windows(4)
        .rposition(|window| window == b"PK\x05\x06")
        .is_some_and(|at| tail.get(at.saturating_add(22)..).is_some_and(|comment| comment.starts_with(b"aff4:")))
}
