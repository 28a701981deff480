//! The raw formats of cameras told apart from plain TIFF.

use super::walk::Walk;

const OLYMPUS: [[u8; 4]; 3] = [*b"IIRO", *b"IIRS", *b"MMOR"];
/// A raw picture is compressed in a way of the maker's own, or not at all beside a preview.
const SONY_RAW: u64 = 32767;

/// The type of a file whose directories were walked.
pub(super) fn of(walk: &mut Walk<'_>) -> &'static str {
    if walk.is_dng {
        return "dng";
    }
    if OLYMPUS.contains(&walk.magic) {
        return "orf";
    }
    if &walk.magic == b"IIU\0" {
        return "rw2";
    }
    if walk.tape.has(8, b"CR\x02") {
        return "cr2";
    }
    let compressions: Vec<u64> = walk.pictures.iter().map(|picture| picture.compression).collect();
    let several = compressions.len() > 1;
    let make = walk.make.to_ascii_uppercase();
    match make.as_slice() {
        [b'N', b'I', b'K', b'O', b'N', ..] if compressions.contains(&34713) || several => "nef",
        [b'S', b'O', b'N', b'Y', ..] if compressions.contains(&SONY_RAW) || several => "arw",
        [b'P', b'E', b'N', b'T', b'A', b'X', ..] if compressions.contains(&65535) || several => "pef",
        [b'S', b'A', b'M', b'S', b'U', b'N', b'G', ..]
            if compressions.iter().any(|compression| (32769..=32773).contains(compression)) || several =>
        {
            "srw"
        }
        _ => "tiff",
    }
}
