//! The ISO base media file format and what it grew from and into: MP4, QuickTime movies, 3GP, M4A, HEIF and AVIF pictures, CR3
//! raws and JPEG XL in boxes (ISO/IEC 14496-12, 23008-12, 18181-2; QuickTime File Format).

pub(crate) mod boxes;
mod coding;
mod fragments;
mod items;
mod layout;
mod mend;
mod movie;
mod orphan;
mod proof;
mod sound;
pub(crate) mod tables;

use crate::carve::{Broken, Format, Found, Holds, Mended, Mending, Outcome, Signature, Tape};
use layout::Layout;
use proof::Proof;

/// MP4, QuickTime and their relatives.
pub(super) struct IsoMedia;

const TYPES: &[&str] = &["mp4", "mov", "3gp", "m4a", "heic", "avif", "cr3", "jxl"];
const SIGNATURES: &[Signature] = &[
    Signature::at(4, b"ftyp").when(begins_with_brands),
    Signature::at(4, b"moov").when(begins_movie),
    Signature::at(4, b"mdat").when(begins_data),
    Signature::at(4, b"wide").when(begins_small),
    Signature::at(4, b"free").when(begins_small),
    Signature::at(4, b"skip").when(begins_small),
    Signature::at(4, b"pnot").when(begins_small),
    Signature::at(4, b"JXL \r\n\x87\n").when(begins_small),
];

/// Files as the standard has them begin so; one that begins otherwise is of the time before it.
fn begins_with_brands(head: &[u8]) -> bool {
    let Some(([0, 0, size @ ..], brand)) = head.split_first_chunk::<4>().map(|(size, rest)| (size, rest.get(4..8)))
    else {
        return false;
    };
    let size = u16::from_be_bytes(*size);
    let printable = |byte: &u8| (0x20..0x7f).contains(byte);
    (16..=1024).contains(&size) && size.is_multiple_of(4) && brand.is_some_and(|brand| brand.iter().all(printable))
}

fn begins_movie(head: &[u8]) -> bool {
    // The movie header, or the one of a reference movie, comes first in practice.
    head.first() == Some(&0) && matches!(head.get(12..16), Some(b"mvhd" | b"rmra" | b"cmov"))
}

fn begins_data(head: &[u8]) -> bool {
    head.first_chunk::<4>().is_some_and(|size| *size == [0, 0, 0, 1] || u32::from_be_bytes(*size) >= 8)
}

fn begins_small(head: &[u8]) -> bool {
    let Some(size) = head.first_chunk::<4>().map(|size| u32::from_be_bytes(*size)) else { return false };
    let next = usize::try_from(size).ok().and_then(|size| head.get(size.checked_add(4)?..size.checked_add(8)?));
    let known = next.and_then(|next| next.try_into().ok()).is_none_or(layout::is_known);
    (8..1 << 24).contains(&size) && known
}

impl Format for IsoMedia {
    fn types(&self) -> &'static [&'static str] {
        TYPES
    }

    fn signatures(&self) -> &'static [Signature] {
        SIGNATURES
    }

    fn check(&self, tape: &mut Tape) -> Outcome {
        let layout = Layout::walk(tape);
        let kind = layout.kind();
        let has_data = layout.data().next().is_some();
        let told = layout.movie.is_some() || !layout.items.is_empty();
        if kind == "jxl" {
            return jpeg_xl(&layout);
        }
        if !told {
            return orphan::outcome(&layout, tape);
        }
        let Ok(proof) = Proof::of(&layout, tape) else { return Outcome::No };
        if layout.brands.is_empty() && (layout.outside_or_bad_at_once(&proof) || proof.end == 0) {
            return Outcome::No;
        }
        verdict(&layout, &proof, kind, has_data, tape)
    }

    fn mend(&self, mending: &mut Mending<'_>) -> Option<Mended> {
        mend::mend(mending, self)
    }
}

fn verdict(layout: &Layout, proof: &Proof, kind: &'static str, has_data: bool, tape: &mut Tape) -> Outcome {
    let last_is_data = layout.boxes.last().is_some_and(|last| matches!(&last.kind, b"mdat" | b"imda"));
    let whole = layout.cut.is_none() && proof.outside.is_none() && layout.wrong.is_none() && proof.end <= layout.end;
    if whole {
        // What stands behind the samples shows that the file reaches so far, as the last sample does.
        let reaches = has_data && (!last_is_data || proof.last_holds());
        let found = Found::new(kind, layout.end).confidence(if proof.checked > 0 { 95 } else { 90 });
        let is_picture = !layout.items.is_empty();
        return match proof.bad {
            None if is_picture => orphan::picture(layout, tape, found),
            None if reaches => Outcome::Whole(found),
            None => Outcome::Whole(found.holds(Holds::Opaque)),
            Some(bad) if reaches => Outcome::Whole(found.damaged_at(bad.offset)),
            Some(bad) => Outcome::Broken(Broken {
                kind,
                good: bad.offset,
                broken_at: bad.offset.saturating_add(bad.size),
                length: Some(layout.end),
                confidence: 95,
            }),
        };
    }
    let length = layout.cut.map(|cut| cut.end).filter(|_| layout.is_told_first());
    orphan::broken(layout, proof, kind, length, tape)
}

impl Layout {
    /// True where the metadata stands before what it tells of.
    fn is_told_first(&self) -> bool {
        let data = self.first(b"mdat").map_or(self.end, |data| data.start);
        [b"moov", b"meta"].into_iter().any(|kind| self.first(kind).is_some_and(|told| told.start < data))
    }

    /// True where samples are not where they are said to be: what begins here is a part of another file.
    fn outside_or_bad_at_once(&self, proof: &Proof) -> bool {
        proof.outside.is_some() || proof.bad.is_some()
    }
}

/// JPEG XL in boxes: the codestream in one box or in parts, of which the last says so (ISO/IEC 18181-2, 9).
fn jpeg_xl(layout: &Layout) -> Outcome {
    let codestream = layout.boxes.iter().any(|header| matches!(&header.kind, b"jxlc" | b"jxlp") && !header.open);
    if codestream && layout.cut.is_none() {
        return Outcome::Whole(Found::new("jxl", layout.end).holds(Holds::Opaque));
    }
    Outcome::No
}
